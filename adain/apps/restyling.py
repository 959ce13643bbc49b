"""One step of a data-set run, in whatever process: contents in, files of restyled pictures out, with what became of
each. A step knows nothing of the others.
"""

import errno
import hashlib
import io
import tarfile
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path

from ..errors import PictureError, StyleError, named
from ..look import Look
from ..pictures import Animation, Picture, PictureBytes, encode, load, resize_to_side
from ..replacing import replacing
from ..styles import Style
from ..stylizer import Stylizer
from .journal import FOLDER, Result

KEPT = 4096  # styles in memory, of some 10 kB each

Painting = str | PictureBytes  # a name or .npy file, or a picture
Put = Callable[[str, bytes], None]  # writes a file; raises an OSError


@dataclass(frozen=True)
class Content:
    """A picture of the data set.

    Attributes:
        name: its path within the data set, with slashes.
        picture: where it is.
        notes: annotations that go with it.
        output: the path that it gets, without a number.
        problem: why nothing can be made of it, if that is known beforehand.
    """

    name: str
    picture: PictureBytes
    notes: tuple[PictureBytes, ...]
    output: str
    problem: str | None = None


@dataclass(frozen=True)
class Item:
    """A picture to make: the content's number k, after a style, at a strength, with its path within OUT or a shard."""

    content: Content
    k: int
    style: str
    painting: Painting
    alpha: float
    output: str


@dataclass(frozen=True)
class Step:
    """Pictures that are made in one go: those of a content, or of the tar file `shard`."""

    items: tuple[Item, ...]
    shard: str | None = None


class Worker:
    """Takes the steps of a run; threads may share it.

    Args:
        stylizer: the model.
        out: the output's folder, with a journal.
        look: of all pictures, but for styles and alpha.
        size: shrink contents so that the longer side has at most so many px.
        quality: see `pictures.encode`.
    """

    def __init__(self, stylizer: Stylizer, out: Path, look: Look, size: int | None, quality: int | None) -> None:
        self._stylizer, self._out, self._look, self._size, self._quality = stylizer, out, look, size, quality
        self._style = lru_cache(KEPT)(self._find_style)

    def do(self, step: Step) -> list[Result]:
        """Make the pictures; what cannot be made of one is told in its result.

        Raises:
            OSError: the output cannot be written.
            AdaINError: the look cannot be had of this model, or the model fails.
        """
        if step.shard is None:
            return self._make(step, self._write)
        with replacing(self._out / step.shard, self._parts) as part, tarfile.open(part, "w") as shard:
            return self._make(step, partial(_append, shard))

    def _make(self, step: Step, put: Put) -> list[Result]:
        results = []
        for content, items in groupby(step.items, lambda item: item.content):
            pictures: list[Picture] = []  # the content, once it is read
            results += [self._attempt(content, item, pictures, put) for item in items]
        return results

    def _attempt(self, content: Content, item: Item, pictures: list[Picture], put: Put) -> Result:
        if content.problem:
            return Result(content.name, item.k, error=content.problem)
        try:
            if not pictures:
                pictures.append(replace(load(content.picture.source), metadata=None))
            return self._paint(item, pictures[0], put)
        except PictureError as error:
            return Result(content.name, item.k, error=named(error, str(content.picture)))
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:  # anything else would befall all others too
                raise
            return Result(content.name, item.k, error=f"{item.output} cannot be written ({error.strerror})")

    def _paint(self, item: Item, content: Picture, put: Put) -> Result:
        look = replace(self._look.after(self._style(item.painting)), alpha=item.alpha)
        small = content if self._size is None else resize_to_side(content, self._size)
        picture = self._stylizer.restyle(small, look)
        path = Path(item.output)
        data = encode(Animation((picture,)), path.suffix, self._quality)
        notes = [
            (path.with_suffix(Path(note.name or note.path).suffix), read_note(note)) for note in item.content.notes
        ]
        for note, text in notes:
            put(note.as_posix(), text)
        put(item.output, data)
        sizes = content.width, content.height, picture.width, picture.height
        return Result(item.content.name, item.k, *sizes, len(data), hashlib.sha256(data).hexdigest())

    def _find_style(self, painting: Painting) -> Style:
        """Encode a painting, unless a worker, of whatever run into this folder, has done so."""
        if isinstance(painting, str):
            return self._stylizer.find_style(painting)
        try:
            source = f"{self._look.style_size}".encode() + painting.read()
            file = self._out / FOLDER / "styles" / f"{hashlib.sha256(source).hexdigest()}.npy"
            with suppress(StyleError):  # missing, or cut short when the machine stopped
                return Style.load(file)
            style = self._stylizer.encode_style(painting.source, self._look.style_size)
        except PictureError as error:
            raise PictureError(named(error, str(painting))) from error
        style.save(file)
        return style

    def _write(self, path: str, data: bytes) -> None:
        with replacing(self._out / path, self._parts) as part:
            part.write_bytes(data)

    @property
    def _parts(self) -> Path:
        return self._out / FOLDER / "parts"


def _append(shard: tarfile.TarFile, path: str, data: bytes) -> None:
    """Add a file without a time and an owner, so that equal pictures make equal shards."""
    member = tarfile.TarInfo(path)
    member.size = len(data)
    shard.addfile(member, io.BytesIO(data))


def read_note(note: PictureBytes) -> bytes:
    """An annotation; raises a PictureError that names it."""
    try:
        return note.read()
    except PictureError as error:
        raise PictureError(named(error, str(note))) from error


Make = Callable[[], Worker]  # opens a worker, in whatever process steps are taken
Taken = Generator[tuple[Step, list[Result] | None], None, None]  # None where no process lived through the step


def here(make: Make, steps: Iterator[Step], stop: Callable[[], bool], workers: int = 2) -> Taken:
    """Take steps in this process, `workers` at once, so that pictures are read or written while others are painted."""
    worker = make()
    with ThreadPoolExecutor(workers) as pool:
        waiting: dict[Future[list[Result]], Step] = {}
        for step in steps:
            if stop():
                break
            waiting[pool.submit(worker.do, step)] = step
            if len(waiting) >= workers:
                yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)


def _finished(waiting: dict[Future[list[Result]], Step]) -> Taken:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()
