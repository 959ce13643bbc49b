"""Stream: frames of one size in, stylised frames out in order, several on their way at once.

    put  ->  waiting  ->  a lane: upload, network, download  ->  done  ->  get

Each lane of the engine has a thread. While one frame is in the network, others are read, uploaded, downloaded
and written; on a CPU there is one lane, and reading and writing run beside it. Frames with masks, regions or strokes of
another breadth need more than a lane: the same threads restyle them as pictures.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from numbers import Integral
from queue import SimpleQueue
from threading import Condition
from typing import Self

import numpy as np

from .colours import Colours, colour_sums
from .errors import AdaINError, OptionError, StreamClosed
from .look import Look
from .pictures import Pixels
from .session import PictureLane, Session, check_frame

WINDOW = 300  # frames that `Stream.latency` looks back
SPARSE = 4  # one px of so many, along both sides, tells the colours of a frame


@dataclass(frozen=True)
class Latency:
    """Timing of the last WINDOW frames; NaN until a frame is done.

    Attributes:
        last, median, p95: seconds from `put` until the stylised frame is ready; p95 is the 95th percentile.
        fps: frames that became ready in a second; NaN before the second frame.
    """

    last: float
    median: float
    p95: float
    fps: float


class Stream:
    """Stylises frames of one size; `Stylizer.stream` opens it, and `with` ends it.

    Frames are taken as they are, not copied: do not write into one before its result is there. One thread
    may put while another gets.

    Attributes:
        depth: how many frames can be in the stream: put, and their results not yet got.
        dropped: how many frames `put(frame, drop=True)` has dropped.
        busy: seconds that the lanes have worked, all together.
        content: the frame of which `get` gave the result last; None before the first.
    """

    def __init__(
        self,
        session: Session,
        size: tuple[int, int],
        encode: Callable[[Look], Look],
        restyle: Callable[[Pixels, Look], Pixels],
        look: Look,
        depth: int | None,
    ) -> None:
        if len(size) != 2 or not all(isinstance(side, Integral) for side in size):
            raise OptionError(f"the size of the stream is {size}; give (width, height), two whole numbers")
        count = session.lanes
        self.depth = count + 1 if depth is None else depth
        if self.depth <= count:
            raise OptionError(f"depth is {depth}; give {count + 1} or more, of which {count} are in the network")
        self.dropped, self.busy = 0, 0.0
        self.content: Pixels | None = None
        self._session, self._size = session, size
        self._encode, self._restyle = encode, restyle
        self._lanes: SimpleQueue[PictureLane] = SimpleQueue()
        self._has_lanes = False
        self.look = look
        self._threads = ThreadPoolExecutor(count, "adain-stream")
        self._changed = Condition()  # guards what follows
        self._frames: deque[Future[tuple[Pixels, Pixels]]] = deque()  # put and not yet got: content, result
        self._number = 0  # of the next frame
        self._closed = False
        self._ready: deque[tuple[float, float]] = deque(maxlen=WINDOW)  # when, and how long after `put`

    @property
    def look(self) -> Look:
        """What the frames shall look like that are put from now on; setting it encodes the pictures in it."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        look = self._encode(look)
        if look.regions is None:  # each of which has its own style
            inputs = look.inputs()  # raises where there is no style
            if not (look.needs_whole or self._has_lanes):
                for _ in range(self._session.lanes):
                    self._lanes.put(self._session.lane(self._size[1], self._size[0], inputs))
                self._has_lanes = True
        self._look = look

    @property
    def latency(self) -> Latency:
        """How long frames take, and how many come in a second."""
        with self._changed:
            ready = list(self._ready)
        if not ready:
            return Latency(*[float("nan")] * 4)
        when, took = np.array(ready).T
        median, p95 = np.percentile(took, (50, 95)).tolist()
        fps = (len(ready) - 1) / (when[-1] - when[0]) if len(ready) > 1 else float("nan")
        return Latency(float(took[-1]), median, p95, float(fps))

    @property
    def waiting(self) -> int:
        """How many frames are in the stream: put, and their results not yet got."""
        return len(self._frames)

    def run(self, frames: Iterable[Pixels]) -> Iterator[Pixels]:
        """Stylise frames as they come.

        A frame is taken from `frames` as soon as there is room, so up to `depth` frames before its result is
        given. A look that `frames` itself sets before it gives a frame holds from that frame on.

        Args:
            frames: uint8 [H,W,3] each, sRGB, of the size of the stream.

        Yields:
            uint8 [H,W,3], in the order of `frames`.

        Raises:
            AdaINError: as for `get`. Where `frames` itself fails, its own error. Either way after the results
                of all frames before.
        """
        failure = None
        source = iter(frames)
        try:
            while True:
                try:
                    frame = next(source)
                except StopIteration:
                    break
                except Exception as error:
                    failure = error
                    break
                self.put(frame)
                while self._has_result() or len(self._frames) == self.depth:
                    yield self.get()
            while self._frames:
                yield self.get()
            if failure is not None:
                raise failure
        finally:
            self._forget()

    def put(self, frame: Pixels, drop: bool = False) -> None:
        """Hand over a frame; waits while the stream is full.

        Args:
            frame: uint8 [H,W,3], sRGB, of the size of the stream. `get` tells where it is not.
            drop: do not wait, but drop the oldest frame or result that is not in the network just now: for
                cameras, where late frames are worth nothing.

        Raises:
            StreamClosed: the stream has ended, perhaps while this call was waiting.
        """
        began = time.perf_counter()
        with self._changed:
            while not self._closed and len(self._frames) >= self.depth and not (drop and self._drop_oldest()):
                self._changed.wait()
            self._check_open()
            done = self._threads.submit(self._stylize, self._number, frame, self._look, began)
            self._number += 1
            self._frames.append(done)
            done.add_done_callback(self._tell)

    def get(self, timeout: float | None = None) -> Pixels:
        """The next result; waits for it, and for a frame where none is in the stream.

        Args:
            timeout: wait at most so many seconds; None waits as long as it takes.

        Returns:
            uint8 [H,W,3].

        Raises:
            TimeoutError: nothing was ready in time.
            StreamClosed: the stream has ended, perhaps while this call was waiting.
            PictureError: the frame is of another size or type; the message has its number, from 0. The next
                `get` gives the next frame.
            ModelError: the model failed to run.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed or self._has_result(), timeout):
                raise TimeoutError(f"no frame was ready within {timeout} seconds")
            self._check_open()
            result = self._frames.popleft()
            self._changed.notify_all()
        self.content, painted = result.result()
        return painted

    def close(self) -> None:
        """End the stream: drop what is in it, wait for what is in the network, end the threads."""
        with self._changed:
            self._closed = True
            self._forget()
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _stylize(self, number: int, frame: Pixels, look: Look, began: float) -> tuple[Pixels, Pixels]:
        started = time.perf_counter()
        try:
            check_frame(frame, self._size[1], self._size[0])
            result = self._restyle(frame, look) if look.needs_whole else self._in_lane(frame, look)
        except AdaINError as error:
            raise type(error)(f"frame {number}: {error}") from error
        with self._changed:
            now = time.perf_counter()
            self.busy += now - started
            self._ready.append((now, now - began))
        return frame, result

    def _in_lane(self, frame: Pixels, look: Look) -> Pixels:
        colours = Colours.of(colour_sums(frame[::SPARSE, ::SPARSE])) if look.keeps_colours else None
        inputs = look.inputs(self._session.contract.code, colours)
        lane = self._lanes.get()  # there are as many as threads
        try:
            return look.finish(frame, lane.run(frame, inputs))
        finally:
            self._lanes.put(lane)

    def _tell(self, done: Future[tuple[Pixels, Pixels]]) -> None:
        with self._changed:
            self._changed.notify_all()

    def _has_result(self) -> bool:
        with self._changed:
            return bool(self._frames) and self._frames[0].done()

    def _check_open(self) -> None:
        if self._closed:
            raise StreamClosed("the stream has ended; open another with Stylizer.stream")

    def _drop_oldest(self) -> bool:
        for frame in self._frames:
            if frame.done() or frame.cancel():
                self._frames.remove(frame)
                self.dropped += 1
                return True
        return False

    def _forget(self) -> None:
        with self._changed:
            for frame in self._frames:
                frame.cancel()
            self._frames.clear()
            self._changed.notify_all()
