"""Steady pictures: what moves keeps its strokes, what stands still stands still.

The result of the frame before is moved to where the content has gone, by optical flow (OpenCV's DIS, Kroeger et al.,
arXiv 1603.03590), and blended with that of the frame, where the content is found again: where it looks alike, and
the flow leads there and back again. Blending blurs, so fine
detail is brought back to the strength that it has in the frame's own result.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..pictures import Pixels

Floats = NDArray[np.float32]

ALIKE = 16.0  # steps of 255: a content that differs by this from the one before is found again by 1/e
ASTRAY = 2.0  # px: a place that the flow there and back misses by this is found again by 1/e
CUT = 0.15  # of the picture: where less is found again it is another scene
FLOW_SIDE = 512  # px of the longer side, at which motion is sought
DETAIL = 2.0  # px: finer than this is detail
AROUND = 8.0  # px: over so much its strength is compared
MOST = 1.6  # by so much it is raised at most


class Steady:
    """Takes each content and its result in order, and gives a steady result.

    Args:
        strength: how much of the frame before stays where it is found again; 0 leaves every frame alone.
        state: that of another one, to go on where it was.
        quick: seek motion in a fifth of the time, which leaves some hundredths more of the flicker.

    Attributes:
        cuts: how many scenes have ended.

    Raises:
        OptionError: a strength outside 0 to 0.98.
    """

    def __init__(self, strength: float, state: dict[str, NDArray[Any]] | None = None, *, quick: bool = False) -> None:
        if not 0 <= strength <= 0.98:
            raise OptionError(f"the smoothing is {strength:g}; give 0 (none) to 0.98")
        self._strength, self._quick, self.cuts = strength, quick, 0
        self._content: Pixels | None = None
        self._before: Floats | None = None
        if state and strength:
            self._content, self._before = state["content"], state["before"]

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """All that it remembers."""
        if self._content is None or self._before is None:
            return {}
        return {"content": self._content, "before": self._before}

    def forget(self) -> None:
        """Begin anew with the next frame, as after a cut."""
        self._content = self._before = None

    def take(self, content: Pixels, painted: Pixels) -> Pixels:
        """The next frame.

        Args:
            content: uint8 [H,W,3].
            painted: uint8 [H,W,3], what the network made of it.

        Returns:
            uint8 [H,W,3].
        """
        if not self._strength:
            return painted
        result = painted.astype(np.float32)
        if self._content is not None and self._before is not None:
            moved, found = _moved(self._content, content, self._before, self._quick)
            if found.mean() < CUT:
                self.cuts += 1
            else:
                blended = result + self._strength * found[..., None] * (moved - result)
                result = _detailed(blended, result)
        self._content, self._before = content, result
        rounded: Pixels = np.rint(result.clip(0, 255)).astype(np.uint8)
        return rounded


def _moved(old: Pixels, new: Pixels, result: Floats, quick: bool) -> tuple[Floats, Floats]:
    """The old result where the new content is, and how surely each pixel was found again, [H,W] in 0..1."""
    import cv2

    height, width = new.shape[:2]
    scale = min(1.0, FLOW_SIDE / max(height, width))
    flow, astray = _flow(_searched(new, scale), _searched(old, scale), quick)
    if scale < 1:
        flow, astray = cv2.resize(flow, (width, height)) / np.float32(scale), cv2.resize(astray, (width, height))
    places, edge = _places(flow), cv2.BORDER_REFLECT
    again = cv2.remap(old, places, None, cv2.INTER_LINEAR, borderMode=edge)
    moved = cv2.remap(result, places, None, cv2.INTER_CUBIC, borderMode=edge)
    difference = cv2.GaussianBlur(_mean(cv2.absdiff(again, new).astype(np.float32)), (0, 0), 1.5)
    inside = cv2.inRange(places, (0, 0), (width - 1, height - 1)) > 0
    return moved, np.exp(-((difference / ALIKE) ** 2) - (astray / ASTRAY) ** 2) * inside


def _flow(new: Pixels, old: Pixels, quick: bool) -> tuple[Any, Any]:
    """Where each pixel was, [H,W,2], as the way from where it is; and by how many px the way back misses it, [H,W]."""
    import cv2

    fast = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    thorough = fast if quick else cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there: Any = thorough.calc(new, old, None)
    back = cv2.remap(fast.calc(old, new, None), _places(there), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return there, cv2.GaussianBlur(cv2.magnitude(*cv2.split(there + back)), (0, 0), 1.5)


def _places(flow: Any) -> Any:
    """Where a flow leads, [H,W,2] in px."""
    height, width = flow.shape[:2]
    return flow + np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).astype(np.float32)


def _searched(content: Pixels, scale: float) -> Pixels:
    """Grey, without the finest noise, and small, as motion is sought in it."""
    import cv2

    grey: Any = cv2.GaussianBlur(cv2.cvtColor(content, cv2.COLOR_RGB2GRAY), (0, 0), 0.8)
    if scale < 1:
        width, height = (max(16, round(side * scale)) for side in (content.shape[1], content.shape[0]))
        grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    return grey  # type: ignore[no-any-return]


def _detailed(blended: Floats, own: Floats) -> Floats:
    """A picture with its detail raised to the strength that another has around each place."""
    import cv2

    fine, wanted = (picture - cv2.GaussianBlur(picture, (0, 0), DETAIL) for picture in (blended, own))
    has, should = (_strength(detail) for detail in (fine, wanted))
    gain = np.sqrt(should / (has + 1e-3)).clip(1, MOST)
    gain = cv2.resize(gain, blended.shape[1::-1])[..., None]
    result: Floats = blended + (gain - 1) * fine
    return result


def _strength(detail: Floats) -> Floats:
    """The mean square around each place, [H/4,W/4]."""
    import cv2

    quarter = cv2.resize(_mean(detail**2), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    result: Any = cv2.GaussianBlur(quarter, (0, 0), AROUND / 4)
    return result  # type: ignore[no-any-return]


def _mean(picture: Floats) -> Floats:
    """Over the three colours, [H,W]."""
    import cv2

    result: Any = cv2.transform(picture, np.full((1, 3), 1 / 3, np.float32))
    return result  # type: ignore[no-any-return]
