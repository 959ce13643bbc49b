"""A camera, restyled as it runs: the newest frame is painted, late ones are dropped, and the size is what the machine
can paint at the wished rate.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import OptionError
from ..look import Look
from ..pictures import Picture, Pixels, resize, write_on
from ..stopping import stop_signal
from ..stream import Stream
from ..stylizer import Stylizer
from ..video.camera import Camera
from ..video.screens import Screen
from ..video.steady import Steady

STEP = 32  # px: sizes are multiples of it
LEAST = 96  # px of the longer side
SPARE = 0.85  # of the time between frames is for the network
SETTLED = 5  # frames that are painted before their time is trusted
EVERY = 20  # frames after which it is looked at again
READ = 10  # frames after which figures change, so that they can be read
HINTED = 90  # frames that tell the keys
KEYS = "n, p: next style, one before   +, -: strength   i: figures   q: end"


@dataclass
class Controls:
    """What is shown, and may change while it runs.

    Attributes:
        looks: to choose from; one or more. The feather of a mask is in px of what is shown, and with `Look.fit` it
            goes with any size that is painted.
        rate: frames a second that shall be held.
        size: px of the longer side that is shown, and at most painted.
        smooth: see `Steady`.
        figures: whether rate, latency and so on are written on the picture.
        number: of the look that is shown.
    """

    looks: Sequence[Look]
    rate: float = 30
    size: int = 512
    smooth: float = 0.8
    figures: bool = True
    number: int = 0

    def __post_init__(self) -> None:
        if not self.looks:
            raise OptionError("there is no style; give one or more")
        if not 0 < self.rate <= 240:
            raise OptionError(f"the rate is {self.rate:g} frames a second; give more than 0 and at most 240")
        if self.size < LEAST:
            raise OptionError(f"the size is {self.size}; give {LEAST} px or more")
        self._alpha = self.looks[0].alpha

    @property
    def look(self) -> Look:
        """The look that is shown."""
        return replace(self.looks[self.number], alpha=self._alpha)

    def press(self, key: str) -> bool:
        """Do what a key says; whether to go on."""
        if key in ("n", "Right", "p", "Left"):
            self.number = (self.number + (1 if key in ("n", "Right") else -1)) % len(self.looks)
        elif key in ("plus", "equal", "Up", "KP_Add", "minus", "Down", "KP_Subtract"):
            step = 0.1 if key in ("plus", "equal", "Up", "KP_Add") else -0.1
            self._alpha = round(min(1.0, max(0.0, self._alpha + step)), 2)
        elif key == "i":
            self.figures = not self.figures
        return key not in ("q", "Escape")

    def shown(self, frame: Pixels) -> tuple[int, int]:
        """(width, height) of what is shown of such a frame."""
        height, width = frame.shape[:2]
        scale = self.size / max(width, height)
        return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)

    def painted(self, size: int, seconds: float) -> int:
        """The longer side, in px, that is painted in time where `size` takes so many seconds; the same if nearly so."""
        ideal = size * (SPARE / self.rate / seconds) ** 0.5
        better = int(min(max(ideal // STEP * STEP, LEAST), self.size))
        return better if abs(ideal - size) > 0.12 * size else size


@dataclass(frozen=True)
class Ran:
    """What became of it: frames shown, frames dropped, seconds, seconds from frame to picture (median), last size."""

    shown: int
    dropped: int
    seconds: float
    latency: float
    width: int
    height: int


class Live:
    """Paints what a camera gives, and tells on the picture what is wrong."""

    def __init__(self, stylizer: Stylizer, camera: Camera, controls: Controls) -> None:
        self._stylizer, self._camera, self._controls = stylizer, camera, controls
        self._stream: Stream | None = None
        self._size = (0, 0)  # (width, height) that is painted
        self._side = min(controls.size, 256)  # px of its longer side; the first guess
        self._result: Pixels | None = None
        self._frames = self._dropped = 0
        self._steady = Steady(controls.smooth, quick=True)
        self._counted = 0  # frames since the size was thought over
        self._busy = self._spent = 0.0  # seconds of the stream, and of this thread, then
        self._look: Look | None = None
        self._figures = ""
        self._latency = float("nan")

    def run(self, screen: Screen) -> Ran:
        """Until the screen is closed, a key or a signal ends it, or the file ends."""
        began, told = time.monotonic(), 0.0
        with stop_signal() as stop:
            try:
                while not (stop() or screen.closed or (self._camera.ended and self._idle())):
                    new = self._step()
                    problem = self._camera.problem
                    if self._result is not None and (new or (problem and time.monotonic() - told > 0.5)):
                        told = time.monotonic()
                        screen.show(self._written(problem))
                    if not all(self._controls.press(key) for key in screen.pressed()):
                        break
            finally:
                self._end_stream()
        return Ran(self._frames, self._dropped, time.monotonic() - began, self._latency, *self._size)

    def _step(self) -> bool:
        """Hand over the newest frame, and take what is painted; whether there is something new."""
        frame = self._camera.take(0.005)
        if frame is not None:
            stream = self._stream_for(frame)
            stream.put(resize(Picture(frame), *self._size, "bilinear").pixels, drop=True)
        if self._stream is None:
            return False
        try:
            painted = self._stream.get(timeout=0.005)
        except TimeoutError:
            return False
        if self._stream.content is not None:
            painted = self._steady.take(self._stream.content, painted)
        self._result = resize(Picture(painted), *self._shown, "bilinear").pixels
        self._latency = self._stream.latency.median
        self._frames, self._counted = self._frames + 1, self._counted + 1
        if self._counted == (SETTLED if self._busy == 0 else EVERY):
            self._think_over(self._stream)
        return True

    def _think_over(self, stream: Stream) -> None:
        """Whether another size suits the rate better: the network and this thread work side by side."""
        spent = time.thread_time()
        seconds = max(stream.busy - self._busy, spent - self._spent) / self._counted
        self._side = self._controls.painted(self._side, seconds)
        self._counted, self._busy, self._spent = 0, stream.busy, spent

    def _stream_for(self, frame: Pixels) -> Stream:
        """The stream for frames of this size, with the present look."""
        self._shown = self._controls.shown(frame)
        scale = self._side / max(self._shown)
        width, height = (max(self._stylizer.contract.smallest_side, round(side * scale)) for side in self._shown)
        wished = self._controls.look
        look = replace(wished, feather=wished.feather * width / self._shown[0])
        if self._stream is None or self._size != (width, height):
            self._end_stream()
            self._stream, self._size = self._stylizer.stream((width, height), look), (width, height)
        elif self._look is None or (look.styles, look.alpha) != (self._look.styles, self._look.alpha):
            self._stream.look = look
        self._look = look
        return self._stream

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._dropped += self._stream.dropped
        self._stream = None
        self._counted, self._busy, self._spent = 0, 0.0, time.thread_time()
        self._steady.forget()

    def _idle(self) -> bool:
        return self._stream is None or self._stream.waiting == 0

    def _written(self, problem: str | None) -> Pixels:
        """The last picture, and what is to be said of it."""
        assert self._result is not None
        if problem:
            return write_on(self._result, [problem], dark=True)
        if not self._controls.figures or self._stream is None:
            return self._result
        if self._frames % READ == 1 or not self._figures:
            latency, (width, height) = self._stream.latency, self._size
            rate = 0.0 if np.isnan(latency.fps) else latency.fps
            self._figures = f"{rate:.0f} frames/s  {1000 * latency.last:.0f} ms  {width}x{height}"
        look = self._controls.look
        lines = [f"{look.name}  {look.alpha:.1f}", self._figures, KEYS]
        return write_on(self._result, lines if self._frames < HINTED else lines[:2])
