"""Pictures of any size: whole where the memory allows, otherwise in tiles, whose statistics add up.

    measure every tile  ->  add up  ->  paint every tile with the sums

A tile is looked at with a halo around it, as wide as the network sees, which counts for nothing and is cut off. So
what comes out is the picture that would have come out whole, and memory is that of a tile.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from .contract import Contract, Graph
from .engines import Inputs
from .errors import ModelError, OptionError, TooLargeError
from .masks import Weight
from .pictures import Pixels
from .session import Session

Tile = int | Literal["auto", "off"]
Tell = Callable[[int, int], None]  # how many steps are done, and of how many

MEMORY = 800_000_000  # bytes that a tile of "auto" takes with its halo: 768 px a side in the large model
Place = tuple[slice, slice]  # rows and columns


def quiet(done: int, total: int) -> None:
    """The `Tell` that tells nothing."""


class Painter:
    """A model that takes pictures of any size, parts of pictures, and several pictures with the same statistics.

    Args:
        session: the graph `stylizer`.
        part: gives the graph `measure` or `paint` of the same model; raises a ModelError where it is missing.
        tile: px a side of the tiles; "auto" takes tiles where the whole does not fit the memory, "off" never.

    Raises:
        OptionError: a tile below 64 px.
    """

    def __init__(self, session: Session, part: Callable[[Graph], Session], tile: Tile = "auto") -> None:
        if tile not in ("auto", "off") and not (isinstance(tile, int) and tile >= 64):
            raise OptionError(f"the tile is {tile!r}; give auto, off, or 64 px or more")
        self._session, self._part, self._tile = session, part, tile

    def paint(
        self,
        frames: Sequence[Pixels],
        inputs: Inputs,
        weights: Sequence[Weight] | None = None,
        tell: Tell = quiet,
        last: bool = False,
    ) -> list[Pixels]:
        """Paint pictures with statistics that they have in common.

        Args:
            frames: uint8 [H,W,3] each, of one size.
            inputs: the other inputs of the stylizer.
            weights: what the pixels of each frame count; None counts all. What is far from all that counts is not
                painted, but stays as it was.
            tell: called as the work goes on.
            last: see `Engine.run`.

        Returns:
            uint8 [H,W,3] each.

        Raises:
            TooLargeError: there is too little memory, with tiles too where they are allowed.
            PictureError, ModelError: see `Session.run`.
        """
        if isinstance(self._tile, int):
            return self._in_tiles(frames, inputs, weights, self._tile, tell, last)
        try:
            if len(frames) == 1 and weights is None:
                return list(self._session.run(frames[0][None], inputs, last))
            return self._in_tiles(frames, inputs, weights, max(frames[0].shape), tell, last)
        except TooLargeError:
            if self._tile == "off" or not self._has_tiles():
                raise
        side = tile_side(self._part("measure").contract)
        try:
            return self._in_tiles(frames, inputs, weights, side, tell, last)
        except TooLargeError as error:
            raise TooLargeError(
                f"there is too little memory even for tiles of {side} px; give less, --tile 128"
            ) from error

    def weighs(self) -> bool:
        """Whether the model has its two halves, and so can count pixels by weights."""
        try:
            return bool(self._part("measure") and self._part("paint"))
        except ModelError:
            return False

    def _has_tiles(self) -> bool:
        return self.weighs() and self._part("measure").contract.parts_add_up

    def _in_tiles(
        self,
        frames: Sequence[Pixels],
        inputs: Inputs,
        weights: Sequence[Weight] | None,
        side: int,
        tell: Tell,
        last: bool,
    ) -> list[Pixels]:
        measure, paint = self._part("measure"), self._part("paint")
        contract = measure.contract
        places = list(_tiles(frames[0].shape[:2], _bounds(weights), side, contract))
        if len(places) > 1 and not contract.parts_add_up:
            raise ModelError(f"the model {contract.model} paints pictures as a whole only; use --tile off")
        work = [
            (number, outer, inner)
            for number in range(len(frames))
            for outer, inner in places
            if weights is None or weights[number][inner].any()
        ]
        # Either graph keeps memory for its next run, and the two are never at work together.
        ends = len(work) - 1 if last or len(places) > 1 else None
        total = 0
        for done, (number, outer, inner) in enumerate(work):
            weight = np.zeros(frames[number][outer].shape[:2], np.float32)
            weight[_within(inner, outer)] = 1 if weights is None else weights[number][inner]
            measured = measure.run(frames[number][outer][None], {**inputs, "weight": weight[None]}, done == ends)
            total = total + measured.astype(float)
            tell(done + 1, 2 * len(work))
        statistics = np.asarray(total, np.float32)
        results = [frame.copy() for frame in frames]
        for done, (number, outer, inner) in enumerate(work):
            painted = paint.run(frames[number][outer][None], {**inputs, "statistics": statistics}, done == ends)
            results[number][inner] = painted[0][_within(inner, outer)]
            tell(len(work) + done + 1, 2 * len(work))
        return results


def tile_side(contract: Contract) -> int:
    """The side of a tile in px, so that it takes MEMORY in onnxruntime on the CPU; elsewhere it takes less."""
    with_halo = (MEMORY / contract.bytes_for("cpu")) ** 0.5
    return max(128, int(with_halo - 2 * contract.halo) // 64 * 64)


def _bounds(weights: Sequence[Weight] | None) -> Place:
    """Where anything counts."""
    if weights is None:
        return slice(None), slice(None)
    counts = np.any([weight > 0 for weight in weights], axis=0)
    rows, columns = (np.flatnonzero(counts.any(axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _tiles(size: tuple[int, ...], bounds: Place, side: int, contract: Contract) -> Iterator[tuple[Place, Place]]:
    """Tiles with their halos, and without."""
    rows, columns = (list(_spans(bound, length, side, contract)) for bound, length in zip(bounds, size, strict=True))
    for outer_rows, inner_rows in rows:
        for outer_columns, inner_columns in columns:
            yield (outer_rows, outer_columns), (inner_rows, inner_columns)


def _spans(bound: slice, length: int, side: int, contract: Contract) -> Iterator[tuple[slice, slice]]:
    """The same along one axis; all begin at multiples of the stride."""
    stride = contract.stride
    side, halo = (-(-px // stride) * stride for px in (side, contract.halo))
    first, last, _ = bound.indices(length)
    for start in range(first - first % stride, last, side):
        end = min(start + side, length)
        yield slice(max(0, start - halo), min(end + halo, length)), slice(start, end)


def _within(inner: Place, outer: Place) -> Place:
    """A place in the coordinates of another one around it."""
    rows, columns = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
    return rows, columns
