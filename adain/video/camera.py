"""The newest frame of a camera, a file or an address, read in a thread of its own; what fails is tried again."""

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread
from typing import TYPE_CHECKING, Self

import numpy as np

from ..errors import VideoError
from ..pictures import MAX_PIXELS, Pixels

if TYPE_CHECKING:
    import cv2

SILENT = 1.0  # seconds without a frame, after which a source counts as stalled
HUNG = 10.0  # seconds after which a stalled source is opened anew
WAIT = 1.0  # seconds before a failed source is tried again, doubled each time
LONGEST = 8.0
TIMEOUT = 5000  # milliseconds that an address may take to open or to read


class Camera:
    """Frames of a source, of which only the newest is kept.

    Args:
        source: the number of a camera, a file, which is shown at its own rate, or an address.
        loop: begin a file again at its end.

    Raises:
        VideoError: it gives no frame at the first try.
    """

    def __init__(self, source: int | str, loop: bool = False) -> None:
        self._source, self._loop = source, loop
        self._file = isinstance(source, str) and Path(source).is_file()
        self._changed = Condition()  # guards what follows
        self._frame: Pixels | None = None
        self._count, self._taken = 0, 0
        self._since = time.monotonic()  # of the newest frame
        self._failure: str | None = None
        self._ended = self._closed = False
        self._generation = 0
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._count or self._failure or self._ended, 2 * TIMEOUT / 1000)
            if not self._count:
                self._closed = True
                why = self._failure or "no answer"
                raise VideoError(f"{self.name} gives no picture ({why}); check --camera, or --source")

    @property
    def name(self) -> str:
        """For messages."""
        return f"camera {self._source}" if isinstance(self._source, int) else str(self._source)

    @property
    def ended(self) -> bool:
        """Whether it was a file and all of it was taken."""
        with self._changed:
            return self._ended and self._taken == self._count

    @property
    def problem(self) -> str | None:
        """What is wrong with the source just now, in a few words."""
        with self._changed:
            silent = time.monotonic() - self._since
            if self._ended or silent < SILENT:
                return None
            if silent > HUNG and self._failure is None:  # it hangs in a call: leave it there, and open another
                self._since = time.monotonic() - SILENT
                self._start()
            return f"no picture for {silent:.0f} s ({self._failure or 'the source is silent'}); trying again"

    def take(self, timeout: float) -> Pixels | None:
        """The newest frame, uint8 [H,W,3], each once; None where none comes in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count > self._taken, timeout):
                return None
            self._taken = self._count
            return self._frame

    def close(self) -> None:
        """End it; a thread that hangs in a call ends with the process."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _start(self) -> None:
        self._generation += 1
        Thread(target=self._work, args=(self._generation,), name="adain-camera", daemon=True).start()

    def _runs(self, generation: int) -> bool:
        return not self._closed and generation == self._generation

    def _work(self, generation: int) -> None:
        wait = WAIT
        while self._runs(generation):
            capture = _open(self._source)
            if not capture.isOpened():
                self._fail("it cannot be opened", generation)
            elif self._read(capture, generation):
                wait = WAIT
            capture.release()
            if self._file and not self._loop:
                with self._changed:
                    self._ended = True
                    return self._changed.notify_all()
            if not self._file:
                with self._changed:
                    self._changed.wait_for(lambda: not self._runs(generation), wait)
                wait = min(2 * wait, LONGEST)

    def _read(self, capture: "cv2.VideoCapture", generation: int) -> bool:
        """Read until it fails; whether there was a frame."""
        import cv2

        began, count = time.monotonic(), 0
        rate = capture.get(cv2.CAP_PROP_FPS) or 25
        while self._runs(generation):
            read, frame = capture.read()
            if not read or frame is None or frame.size > 3 * MAX_PIXELS:
                break
            count += 1
            if self._file:
                time.sleep(max(0.0, began + count / rate - time.monotonic()))
            self._give(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8), generation)
        if not self._file:
            self._fail("it has ended", generation)
        return count > 0

    def _give(self, frame: Pixels, generation: int) -> None:
        with self._changed:
            if self._runs(generation):
                self._frame, self._count, self._failure = frame, self._count + 1, None
                self._since = time.monotonic()
                self._changed.notify_all()

    def _fail(self, why: str, generation: int) -> None:
        with self._changed:
            if self._runs(generation):
                self._failure = why
                self._changed.notify_all()


def _open(source: int | str) -> "cv2.VideoCapture":
    import cv2

    with suppress(AttributeError):  # it says on stderr what is told here
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if isinstance(source, int):
        return cv2.VideoCapture(source)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT]
    return cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
