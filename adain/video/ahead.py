"""A thread that works ahead of who takes its results, by so many at most."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Full, Queue
from threading import Event
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterable[T], most: int = 2) -> Generator[T, None, None]:
    """The same items in the same order; up to `most` are made before they are taken.

    An error of `items` comes after all items before it. Whoever stops early closes this, and the thread ends with the
    item it is at.
    """
    queue: Queue[object] = Queue(most)
    stopped = Event()

    def put(item: object) -> None:
        while not stopped.is_set():
            try:
                return queue.put(item, timeout=0.1)
            except Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    return
        finally:
            put(_END)

    with ThreadPoolExecutor(1, "adain-ahead") as thread:
        done = thread.submit(work)
        try:
            while (item := queue.get()) is not _END:
                yield item  # type: ignore[misc]  # what `items` gave
            done.result()
        finally:
            stopped.set()
