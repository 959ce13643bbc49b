"""Training pictures: folders and tar shards in, batches of random crops out.

Every random choice is a function of the seed and of the number of the crop, so the position in the data is
one integer and a resumed run sees exactly what it would have seen.
"""

import io
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Sampler

from ..errors import OptionError, PictureError
from ..pictures import PictureBytes, load, read_size, resize_to_side

LONGEST_SIDE = 1024  # larger pictures are shrunk on loading: strokes of print scans are no strokes to learn


def check_header(data: bytes, smallest: int) -> None:
    """Raise PictureError if the header alone shows that `decode` would."""
    _check_size(read_size(data), smallest)


def decode(data: bytes, smallest: int) -> Tensor:
    """One encoded picture -> uint8 [3,H,W], upright sRGB.

    The longer side is at most LONGEST_SIDE, unless the shorter one would fall below `smallest`.

    Raises:
        PictureError: unreadable, or a side is under `smallest`.
    """
    picture = load(data, draft=LONGEST_SIDE)
    sides = (picture.width, picture.height)
    _check_size(sides, smallest)
    picture = resize_to_side(picture, max(LONGEST_SIDE, round(smallest * max(sides) / min(sides))))
    return torch.from_numpy(picture.pixels.transpose(2, 0, 1).copy())


def _check_size(size: tuple[int, int], smallest: int) -> None:
    if min(size) < smallest:
        raise PictureError(f"{size[0]}x{size[1]} has a side under {smallest} px")


class Pictures:
    """The usable pictures of one folder, decoded on demand or kept.

    Args:
        sources: from `pictures.find_with_shards`.
        smallest: pictures with a shorter side are skipped.
        device: keep all pictures there, decoded (uint8; "cpu" is memory); None decodes at each use. On demand
            only the headers are read here, and a picture that turns out broken later is replaced by the next.

    Raises:
        PictureError: none can be used.
    """

    def __init__(self, sources: list[PictureBytes], smallest: int, device: torch.device | None = None) -> None:
        self.smallest = smallest
        self.skipped: list[str] = []  # "name: reason"
        self._kept: list[Tensor] = []
        self._sources: list[PictureBytes] = []
        read = decode if device is not None else check_header

        def attempt(source: PictureBytes) -> Tensor | str | None:
            try:
                return read(source.read(), smallest)
            except PictureError as error:
                return f"{source}: {error}"

        with ThreadPoolExecutor() as pool:
            for source, result in zip(sources, pool.map(attempt, sources), strict=True):
                if isinstance(result, str):
                    self.skipped.append(result)
                else:
                    self._sources.append(source)
                    if result is not None:
                        self._kept.append(result.to(device))
        if not self._sources:
            raise PictureError(f"none of {len(sources)} pictures can be used; the first: {self.skipped[0]}")

    def __len__(self) -> int:
        return len(self._sources)

    def read(self, index: int) -> tuple[Tensor, int]:
        """Picture `index`, uint8 [3,H,W], and how many broken ones were passed over to get one.

        Raises:
            PictureError: no picture can be decoded any more.
        """
        if self._kept:
            return self._kept[index], 0
        for passed in range(len(self)):
            try:
                return decode(self._sources[(index + passed) % len(self)].read(), self.smallest), passed
            except PictureError:
                continue
        raise PictureError(f"none of {len(self)} pictures can be decoded any more")


def random_crop(picture: Tensor, size: int, zoom: tuple[float, float], random: np.random.Generator) -> Tensor:
    """A random square, scaled to `size` and perhaps mirrored.

    The square's side is drawn between `zoom[0]` and `zoom[1]` times `size` (or the shorter side, if that is
    less), evenly in octaves, so that strokes of several sizes are seen.

    Args:
        picture: uint8 [3,H,W], sides at least `size`.
        size: of the crop, in px.
        zoom: at most 1, and at least 1.
        random: draws four numbers.

    Returns:
        uint8 [3,size,size] on the picture's device.
    """
    height, width = picture.shape[1:]
    largest = min(size * zoom[1], height, width)
    side = round(math.exp(random.uniform(math.log(size * zoom[0]), math.log(largest))))
    top = int(random.integers(height - side + 1))
    left = int(random.integers(width - side + 1))
    crop = picture[:, top : top + side, left : left + side]
    if side != size:
        scaled = functional.interpolate(
            crop[None].float(), size=(size, size), mode="bilinear", antialias=True, align_corners=False
        )
        crop = scaled[0].round_().clamp_(0, 255).to(torch.uint8)
    return crop.flip(2) if random.random() < 0.5 else crop.clone()


def degraded(picture: Tensor, random: np.random.Generator) -> Tensor:
    """A picture uint8 [3,H,W] with JPEG's faults (quality 20 to 80) or noise (deviation 2 to 12), of the same shape."""
    if random.random() < 0.5:
        stream = io.BytesIO()
        pixels = Image.fromarray(picture.cpu().permute(1, 2, 0).numpy())
        pixels.save(stream, "JPEG", quality=int(random.integers(20, 81)))
        return decode(stream.getvalue(), 1).to(picture.device)
    noise = torch.from_numpy(random.normal(0, random.uniform(2, 12), picture.shape)).to(picture.device)
    return (picture + noise).round_().clamp_(0, 255).to(torch.uint8)


class CropPairs(Dataset[tuple[Tensor, Tensor, int]]):
    """Pair number n, for any n: a random crop of a photograph and one of a painting.

    Each epoch visits every picture of its folder once, in an order drawn from the seed and the epoch.

    Args:
        contents, styles: the two folders.
        size: of the crops, in px.
        zoom: see `random_crop`.
        seed: of all choices.
        degrade: the share of the photographs that are `degraded`.
    """

    def __init__(
        self,
        contents: Pictures,
        styles: Pictures,
        size: int,
        zoom: tuple[float, float],
        seed: int,
        degrade: float = 0.0,
    ) -> None:
        self.folders = (contents, styles)
        self.size, self.zoom, self.seed, self.degrade = size, zoom, seed, degrade
        self._orders: dict[tuple[int, int], np.ndarray] = {}

    def _order(self, which: int, epoch: int) -> np.ndarray:
        if (which, epoch) not in self._orders:
            self._orders = {key: value for key, value in self._orders.items() if key[0] != which}
            random = np.random.default_rng((self.seed, which, epoch))
            self._orders[which, epoch] = random.permutation(len(self.folders[which]))
        return self._orders[which, epoch]

    def _crop(self, which: int, number: int) -> tuple[Tensor, int]:
        pictures = self.folders[which]
        epoch, place = divmod(number, len(pictures))
        picture, passed = pictures.read(int(self._order(which, epoch)[place]))
        random = np.random.default_rng((self.seed, 2 + which, number))
        crop = random_crop(picture, self.size, self.zoom, random)
        if which == 0 and self.degrade and random.random() < self.degrade:
            crop = degraded(crop, random)
        return crop, passed

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor, int]:
        """Content and style crop, uint8 [3,size,size] each, and the number of broken files passed over."""
        content, content_passed = self._crop(0, number)
        style, style_passed = self._crop(1, number)
        return content, style, content_passed + style_passed


class Numbers(Sampler[int]):
    """The pair numbers of one process, from a step onwards: step-major, then process, then place in batch."""

    def __init__(self, batch_size: int, first: int, last: int, process: int, processes: int) -> None:
        self.batch_size, self.first, self.last = batch_size, first, last
        self.process, self.processes = process, processes

    def __iter__(self) -> Iterator[int]:
        for batch in range(self.first, self.last):
            start = (batch * self.processes + self.process) * self.batch_size
            yield from range(start, start + self.batch_size)

    def __len__(self) -> int:
        return (self.last - self.first) * self.batch_size


def batches(
    pairs: CropPairs, numbers: Numbers, workers: int, pin_memory: bool
) -> DataLoader[tuple[Tensor, Tensor, int]]:
    """Batches of (content, style, broken files passed over), uint8 [N,3,size,size], in the order of `numbers`.

    Args:
        pairs: the data.
        numbers: which pairs; its batch size is used.
        workers: processes that decode and crop; 0 does it in this process.
        pin_memory: speeds up the copy to a GPU.
    """
    return DataLoader(
        pairs,
        batch_size=numbers.batch_size,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # Others would copy every kept picture, and would not inherit the handling of Ctrl-C.
        multiprocessing_context="fork" if workers and sys.platform == "linux" else None,
        pin_memory=pin_memory,
    )


def next_batch(batches: Iterator[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """The next of `batches`: uint8 [N,3,size,size] twice, and int64 [N].

    Raises:
        OptionError: workers find too little shared memory, as in a container.
    """
    try:
        return next(batches)
    except RuntimeError as error:
        if not any(sign in str(error) for sign in ("shared memory", "Bus error", "No space left")):
            raise
        raise OptionError(
            "the workers find too little shared memory (/dev/shm); give --workers 0, a smaller --batch-size, "
            "or the container more of it, such as docker run --shm-size 1g"
        ) from error


def to_float(batch: Tensor, device: torch.device) -> Tensor:
    """uint8 [N,3,H,W] 0..255 -> float32 0..1 on `device`, channels last."""
    batch = batch.to(device, non_blocking=True).float().div_(255)
    return batch.contiguous(memory_format=torch.channels_last)


def sample(pictures: Pictures, count: int, size: int) -> Sequence[Tensor]:
    """`count` pictures spread evenly over a folder, centre-cropped to at most size x size: uint8 [3,H,W]."""
    chosen = np.linspace(0, len(pictures) - 1, min(count, len(pictures))).astype(int)
    crops = []
    for index in chosen:
        picture, _ = pictures.read(int(index))
        height, width = picture.shape[1:]
        top, left = max(0, (height - size) // 2), max(0, (width - size) // 2)
        crops.append(picture[:, top : top + size, left : left + size])
    return crops
