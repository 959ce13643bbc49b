"""The queue, and the threads that do the work. Used from the event loop alone."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import ceil
from typing import TypeVar

from ..stopping import Stop
from .problems import Problem

T = TypeVar("T")


class Desk:
    """Takes as many requests as it has places, and works on some of them at once, in order.

    Requests are not put together into batches. On one core of an AMD EPYC (Zen 5), through `Stylizer.stylize`, 4
    pictures of 256 px in one run took 1.04 times (large) and 0.97 times (fast) as long as one by one. At 64 px it was
    0.93 and 0.43 times, of 18 and 1.5 ms a picture, which is less than it takes to wait for others of the same size.

    Args:
        workers: threads.
        queue: places for requests that wait.

    Attributes:
        taken: places that are.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self._workers, self._places, self.taken = workers, workers + queue, 0
        self._pool = ThreadPoolExecutor(workers, "adain-worker")
        self._turns = asyncio.Semaphore(workers)
        self._mean = 1.0  # seconds of work, of the last pictures

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; raises a Problem at once where all are taken."""
        if self.taken >= self._places:
            seconds = ceil(self._mean * self._places / self._workers / 2)  # half of the queue is done then
            detail = f"{self.taken} requests are here, and more are not taken; try again in {seconds} s"
            raise Problem("queue-full", detail, headers={"Retry-After": str(seconds)})
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def do(self, work: Callable[[], T], seconds: float) -> T:
        """Do the work in a thread, when its turn comes.

        Args:
            work: where nobody waits for it any more, its run of the network is broken off.
            seconds: until then it has to be done.

        Raises:
            Problem: it was not.
        """
        nobody = Stop()
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()  # waiting here, not in the pool, a cancelled request holds nothing
                job = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work, nobody)
                job.add_done_callback(self._done)  # the turn is over when the thread is free, whoever waits
                return await asyncio.shield(job)
        except TimeoutError as error:
            raise Problem(
                "late",
                f"the picture was not done within {seconds:g} s; send a smaller one, or try again later",
                headers={"Retry-After": str(ceil(self._mean * self.taken / self._workers / 2))},
            ) from error
        finally:
            nobody.set()

    def _timed(self, work: Callable[[], T], nobody: Stop) -> T:
        began = time.perf_counter()
        with nobody.stops():
            result = work()
        self._mean += 0.1 * (time.perf_counter() - began - self._mean)
        return result

    def _done(self, job: "asyncio.Future[T]") -> None:
        self._turns.release()
        if not job.cancelled():
            job.exception()  # else asyncio complains of those that nobody waited for

    def close(self) -> None:
        """Wait for the threads."""
        self._pool.shutdown()
