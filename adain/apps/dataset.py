"""Data sets: every picture restyled after styles that are drawn for it, with a manifest of what was made of what.

dataset.py    what is to be made, as a function of the files and the settings alone; and making what is left of it
drawing.py    what is drawn by chance
journal.py    what is done, in OUT/.dataset
restyling.py  one step, in whatever thread or process
on_ray.py     steps on a cluster
manifest.py   one row for each picture, in the order of the plan
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, islice
from pathlib import Path, PurePath
from typing import Any

from ..bank import bank
from ..errors import OptionError
from ..look import Look
from ..pictures import FORMATS, PictureBytes, check_quality, check_side, find_with_shards, format_of
from ..replacing import replacing
from ..styles import Style
from .drawing import digest, draw_alpha, draw_style
from .journal import Journal, Result
from .restyling import Content, Item, Make, Painting, Step, Taken, read_note

ANNOTATIONS = frozenset({".json", ".xml", ".txt", ".cls"})
Runner = Callable[[Make, Iterator[Step], Callable[[], bool]], Taken]


@dataclass(frozen=True)
class Job:
    """What is wanted of a data set.

    Attributes:
        contents: a folder of pictures or .tar shards.
        out: the folder to write.
        styles: such a folder; or names, .npy files and pictures as `Look.styles` takes them; none is all built-in ones.
        per_image: pictures to make of each content, after different styles where there are so many.
        seed: of all that is drawn, 0 to 2**63 - 1.
        alpha: the strength is drawn evenly between these two.
        look: of all pictures; its styles and its alpha count for nothing.
        size: shrink contents so that the longer side has at most so many px; None keeps their size.
        format: such as "png"; None keeps the content's where it can be written.
        quality: of lossy formats, 1 to 100; None takes that of `pictures.FORMATS`.
        shard: write .tar files of so many pictures; None writes files.
        copy: take annotations along: those named as a picture with it, all others as they are.

    Raises:
        OptionError: a value outside its range; or OUT and a folder of pictures lie in each other.
    """

    contents: Path
    out: Path
    styles: Path | tuple[str, ...] = ()
    per_image: int = 1
    seed: int = 0
    alpha: tuple[float, float] = (1.0, 1.0)
    look: Look = field(default_factory=Look)
    size: int | None = None
    format: str | None = None
    quality: int | None = None
    shard: int | None = None
    copy: bool = False

    def __post_init__(self) -> None:
        for name, value in (("number of pictures for each", self.per_image), ("size of a shard", self.shard)):
            if value is not None and value < 1:
                raise OptionError(f"the {name} is {value}; give 1 or more")
        if not 0 <= self.seed < 2**63:
            raise OptionError(f"the seed is {self.seed}; give a whole number of 0 or more, below 2**63")
        for end in self.alpha:
            Look(alpha=end)  # raises where it is out of range
        if self.alpha[0] > self.alpha[1]:
            raise OptionError(f"alpha goes from {self.alpha[0]} to {self.alpha[1]}; give the lower end first")
        if self.size is not None:
            check_side(self.size)
        if self.quality is not None:
            check_quality(self.quality)
        if self.format is not None:
            format_of(f".{self.format.removeprefix('.')}")
        out = self.out.resolve()
        for folder in (self.contents, *([self.styles] if isinstance(self.styles, Path) else [])):
            if folder.resolve() in (out, *out.parents) or out in folder.resolve().parents:
                raise OptionError(f"{self.out} and {folder} lie in each other; give another -o")


@dataclass(frozen=True)
class Plan:
    """What is to be made.

    Attributes:
        job: what is wanted.
        contents: sorted by name.
        styles: their names and what they are, sorted by name if they are of a folder.
        loose: annotations that belong to no picture alone, and their paths within OUT.
        model: SHA-256 of the stylizer's file.
    """

    job: Job
    contents: tuple[Content, ...]
    styles: tuple[tuple[str, Painting], ...]
    loose: tuple[tuple[PictureBytes, str], ...]
    model: str

    @property
    def total(self) -> int:
        """How many pictures."""
        return len(self.contents) * self.job.per_image

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that results depend on, but for the files themselves, in JSON's types."""
        job, look = self.job, self.job.look
        fields = {
            name: getattr(job, name) for name in ("per_image", "seed", "size", "format", "quality", "shard", "copy")
        }
        looks = {name: getattr(look, name) for name in ("color", "color_strength", "style_size", "stroke_size")}
        names = {"contents": [content.name for content in self.contents], "styles": [name for name, _ in self.styles]}
        digests = {key: f"{len(value)} of SHA-256 {digest(*value).hex()}" for key, value in names.items()}
        return fields | looks | digests | {"alpha": list(job.alpha), "model": self.model}

    def items(self) -> Iterator[Item]:
        """All pictures in order, each a function of the seed, the content's name, k and the names of the styles."""
        for content in self.contents:
            for k in range(self.job.per_image):
                name, painting = self.styles[draw_style(self.job.seed, content.name, k, len(self.styles))]
                alpha = draw_alpha(self.job.seed, content.name, k, *self.job.alpha)
                yield Item(content, k, name, painting, alpha, self._output(content, k))

    def _output(self, content: Content, k: int) -> str:
        if self.job.per_image == 1:
            return content.output  # so that annotations of the whole data set, as COCO's, stay true
        path = PurePath(content.output)
        return path.with_name(f"{path.stem}-{k}{path.suffix}").as_posix()  # to WebDataset, all after a dot is a suffix

    def shard_of(self, number: int) -> str:
        """The file, within OUT, that has picture `number`."""
        return f"{number // (self.job.shard or 1):06}.tar"

    def steps(self, journal: Journal, skip: Callable[[int], None]) -> Iterator[Step]:
        """What is left to do; `skip` is told how many pictures are there. What could not be made is tried again, but
        for what a shard lacks that is written.
        """
        if self.job.shard is None:
            for _, items in groupby(self.items(), lambda item: item.content.name):
                every = tuple(items)
                left = tuple(item for item in every if not _is_there(journal, item))
                skip(len(every) - len(left))
                if left:
                    yield Step(left)
            return
        pictures = self.items()
        for start in range(0, self.total, self.job.shard):
            step = Step(tuple(islice(pictures, self.job.shard)), self.shard_of(start))
            tried = all(journal.size((item.content.name, item.k)) is not None for item in step.items)
            if tried and (self.job.out / str(step.shard)).is_file():
                skip(len(step.items))
            else:
                yield step


def _is_there(journal: Journal, item: Item) -> bool:
    size = journal.size((item.content.name, item.k))
    if size is None or size < 0:
        return False
    file = journal.out / item.output
    return file.is_file() and file.stat().st_size == size


def plan(job: Job, model: str) -> Plan:
    """Look for contents, styles and annotations, and name all outputs.

    Args:
        job: what is wanted.
        model: SHA-256 of the stylizer's file.

    Raises:
        PictureError: a folder is missing, or has no pictures.
        StyleError: an unknown name, or a broken .npy file.
    """
    found = find_with_shards(job.contents, ANNOTATIONS if job.copy else frozenset())
    pictures, notes = [], dict[tuple[str, str], list[PictureBytes]]()
    for each in found:
        if PurePath(each.name or each.path).suffix.lower() in ANNOTATIONS:
            notes.setdefault(_stem(each, job.contents), []).append(each)
        else:
            pictures.append(each)
    names = {_name(each, job.contents): each for each in pictures}  # of two that a tar file calls the same, the later
    contents, outputs = [], dict[str, str]()
    for name, picture in sorted(names.items()):
        output = _output(picture, job)
        problem = None
        if output in outputs:
            problem = f"{outputs[output]} and {name} would both become {output}; rename one"
        outputs.setdefault(output, name)
        contents.append(Content(name, picture, tuple(notes.get(_stem(picture, job.contents), ())), output, problem))
    taken = {note for content in contents for note in content.notes}
    loose = [(note, _inside(note, job.contents)) for group in notes.values() for note in group if note not in taken]
    return Plan(job, tuple(contents), _styles(job), tuple(loose), model)


def _styles(job: Job) -> tuple[tuple[str, Painting], ...]:
    if isinstance(job.styles, Path):
        found = {_name(each, job.styles): each for each in find_with_shards(job.styles)}
        return tuple(sorted(found.items()))
    names = job.styles or tuple(bank().paintings)
    known = zip(names, Look(names).styles, strict=True)  # raises where there is no such style
    return tuple((name, name if isinstance(style, Style) else PictureBytes(Path(name))) for name, style in known)


def _name(picture: PictureBytes, root: Path) -> str:
    path = picture.path.relative_to(root).as_posix()
    return f"{path}:{picture.name}" if picture.name else path


def _inside(picture: PictureBytes, root: Path) -> str:
    """The path within a tree; a tar file becomes a folder. (The search passes over names that lead out of it.)"""
    path = picture.path.relative_to(root)
    if picture.name:
        member = PurePath(picture.name)
        path = path.with_suffix("") / member.relative_to(member.anchor)
    return path.as_posix()


def _stem(picture: PictureBytes, root: Path) -> tuple[str, str]:
    """What a picture and its annotations have in common."""
    path = PurePath(_inside(picture, root))
    return path.parent.as_posix(), path.stem


def _output(picture: PictureBytes, job: Job) -> str:
    path = PurePath(_inside(picture, job.contents))
    if job.format is not None:
        return path.with_suffix(f".{job.format.removeprefix('.')}").as_posix()
    kept = path.suffix.lower() in FORMATS and path.suffix.lower() != ".gif"  # of 256 colours
    return path.as_posix() if kept else path.with_suffix(".png").as_posix()


def run(
    plan: Plan, journal: Journal, make: Make, runner: Runner, stop: Callable[[], bool], skip: Callable[[int], None]
) -> Generator[Result, None, None]:
    """Make what is left of a plan; its results as they come.

    Args:
        plan: what is wanted.
        journal: of OUT.
        make: opens a worker, in whatever process steps are taken.
        runner: takes steps: `here`, or `on_ray.Cluster.run`.
        stop: whether to begin nothing more.
        skip: told how many pictures are there already.

    Raises:
        OSError: the output cannot be written.
        AdaINError: the look cannot be had of this model, or the model fails.
    """
    _copy(plan, journal)
    steps = plan.steps(journal, skip)
    with closing(runner(make, steps, stop)) as taken:  # nothing is under way any more when this ends
        for step, results in taken:
            if results is None:
                results = [_died(item) for item in step.items]
            journal.add(results)
            yield from results


def _died(item: Item) -> Result:
    error = "the process died again and again while it was made; is there enough memory?"
    return Result(item.content.name, item.k, error=f"{item.content.picture}: {error}")


def _copy(plan: Plan, journal: Journal) -> None:
    """Annotations of the whole data set."""
    for note, path in plan.loose:
        data, file = read_note(note), plan.job.out / path
        if not (file.is_file() and file.stat().st_size == len(data)):
            with replacing(file, journal.parts) as part:
                part.write_bytes(data)
