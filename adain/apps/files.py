"""Picture files: which becomes which, and the loop that goes on over bad ones."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..bank import bank
from ..errors import OptionError, PictureError, named
from ..look import Look
from ..painter import Tell, quiet
from ..pictures import (
    FORMATS,
    Animation,
    check_side,
    find_pictures,
    format_of,
    holds_frames,
    is_animated,
    is_folder,
    load,
    load_all,
    resize_to_side,
    save_all,
    suffix_of,
)
from ..stylizer import Stylizer

STANDARD = "-"  # stdin as content, stdout as output


@dataclass(frozen=True)
class Job:
    """One picture to restyle.

    Attributes:
        content: its file, or "-" for stdin.
        output: the file to write, or "-" for stdout.
        look: what it shall look like.
        size: shrink it first so that its longer side has at most so many px; None keeps its size.
        strip: write no metadata.
        problem: why it cannot be done, if that is known beforehand.

    Raises:
        OptionError: size below 1.
    """

    content: str
    output: str
    look: Look
    size: int | None = None
    strip: bool = False
    problem: str | None = None

    def __post_init__(self) -> None:
        if self.size is not None:
            check_side(self.size)

    @property
    def to_stdout(self) -> bool:
        """Whether the picture itself goes to stdout."""
        return self.output == STANDARD

    def read(self) -> Animation:
        """The content in its size, with all frames if the output can have them; raises as `pictures.load` does."""
        source = sys.stdin.buffer if self.content == STANDARD else self.content
        many = not self.to_stdout and holds_frames(suffix_of(Path(self.output)))
        content = load_all(source) if many else Animation((load(source),))
        if self.size is None:
            return content
        return replace(content, frames=tuple(resize_to_side(frame, self.size) for frame in content.frames))

    def write(self, result: Animation) -> None:
        """Write the result; raises a PictureError as `pictures.save` does."""
        if self.strip:
            result = replace(result, frames=tuple(replace(frame, metadata=None) for frame in result.frames))
        save_all(result, sys.stdout.buffer if self.to_stdout else self.output)


@dataclass(frozen=True)
class Done:
    """What became of a job: the size of the result in px and the time in seconds; or that it was done; or the error."""

    job: Job
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    error: str | None = None
    skipped: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the error alone, or everything else."""
        if self.error:
            return {"content": self.job.content, "error": self.error}
        if self.skipped:
            return {"content": self.job.content, "output": self.job.output, "skipped": True}
        facts = {"width": self.width, "height": self.height, "seconds": self.seconds}
        return {"content": self.job.content, "output": self.job.output, **facts}


def plan(
    contents: Sequence[str],
    out: str | None,
    look: Look,
    size: int | None = None,
    keep: Sequence[str] = (),
    *,
    format: str | None = None,
    strip: bool = False,
) -> list[Job]:
    """Name the output of every content.

    One picture goes to the file `out`, or into `out` if that is a folder (or ends in a slash); several go
    into the folder `out`, folders with their subfolders. Without `out` that is the present folder, and names
    get the styles' names added; what is so named in a folder, beside the picture that it was made of, is left out.

    Args:
        contents: files, folders, or "-".
        out: file, folder, "-" or None.
        look, size: of every job.
        keep: more files that must not be overwritten, such as the style's.
        format: of files that go into a folder, such as "png"; None keeps the content's where it can be written.
        strip: see `Job`.

    Returns:
        The jobs. Of several, one whose output would be a content, one of `keep`, or that of a job before has a
        `problem`.

    Raises:
        PictureError: a content is missing, or a folder has no pictures.
        OptionError: the only output would be a content or one of `keep`, or the format is unknown; or size below 1.
    """
    suffix = None if format is None else f".{format.removeprefix('.')}"
    if suffix is not None:
        format_of(suffix)
    single = len(contents) == 1 and not is_folder(Path(contents[0]))
    into_folder = out is not None and out != STANDARD and (Path(out).is_dir() or out.endswith(("/", "\\")))
    if single and not into_folder and (out or contents[0] == STANDARD):
        if suffix is not None:
            raise OptionError("--format is for files in a folder; the name of the one file tells its format")
        target = out or STANDARD
        if target != STANDARD:
            suffix_of(Path(target))
        source = STANDARD if contents[0] == STANDARD else str(find_pictures(contents)[0])
        pairs = [(source, target)]
    else:
        if out == STANDARD:
            raise OptionError("several pictures cannot go to stdout; give a folder with -o")
        if out is not None and not into_folder and Path(out).suffix.lower() in FORMATS:
            raise OptionError(f"several pictures cannot go into one file {out}; give a folder with -o")
        if contents.count(STANDARD) > 1:
            raise OptionError("stdin is one picture; give - once")
        style = look.name.replace(" + ", "+")
        pairs = [pair for content in contents for pair in _into_folder(content, out, style, suffix)]
    problems = _overwriting(pairs, keep)
    if len(pairs) == 1 and problems:
        raise OptionError(problems[0])
    return [Job(*pair, look, size, strip, problems.get(number)) for number, pair in enumerate(pairs)]


def _into_folder(content: str, out: str | None, style: str, wanted: str | None) -> Iterator[tuple[str, str]]:
    folder = Path(out or ".")
    if content == STANDARD:
        yield content, str(folder / f"stdin-{style}{wanted or '.png'}")
        return
    root = Path(content)
    inside_root = is_folder(root)
    nested = inside_root and out is not None and root.resolve() in folder.resolve().parents
    found = find_pictures([content])
    results = set() if out or not inside_root else _results(found, style)
    for path in found:
        if path in results:
            continue
        if nested and path.resolve().is_relative_to(folder.resolve()):
            continue  # the result of an earlier call
        inside = path.relative_to(root).parent if inside_root else Path()
        suffix = wanted or (path.suffix if _is_kept(path) else ".png")
        name = path.stem + suffix if out else f"{path.stem}-{style}{suffix}"
        yield str(path), str(folder / inside / name)


def _results(paths: Sequence[Path], style: str) -> set[Path]:
    """Those that are named as what an earlier call made of another one of them, with this style or built-in ones."""
    names = "|".join(map(re.escape, (style, *bank().paintings)))
    made = re.compile(rf"(.+?)-(?:{names})(?:\+(?:{names}))*")
    stems = {(path.parent, path.stem) for path in paths}
    matches = ((path, made.fullmatch(path.stem)) for path in paths)
    return {path for path, match in matches if match and (path.parent, match[1]) in stems}


def _is_kept(path: Path) -> bool:
    """Whether the result has the format of the content; a GIF that does not move would lose colours for nothing."""
    suffix = path.suffix.lower()
    return suffix in FORMATS and (suffix != ".gif" or is_animated(path))


def _overwriting(pairs: Sequence[tuple[str, str]], keep: Sequence[str]) -> dict[int, str]:
    """What would be lost, by the number of the pair."""
    kept = {Path(file).resolve(): file for file in (*keep, *(content for content, _ in pairs)) if file != STANDARD}
    seen: dict[Path, str] = {}
    problems: dict[int, str] = {}
    for number, (content, target) in enumerate(pairs):
        if target == STANDARD:
            continue
        output = Path(target).resolve()
        if output in kept:
            problems[number] = f"{kept[output]} would be overwritten; give another -o"
        elif output in seen:
            problems[number] = f"{seen[output]} and {content} would both become {target}; rename one"
        else:
            seen[output] = content
    return problems


def run(stylizer: Stylizer, jobs: Sequence[Job], tell: Tell = quiet, *, skip_existing: bool = False) -> Iterator[Done]:
    """Do the jobs one by one; a bad picture is reported and does not stop the others.

    Args:
        stylizer: the model.
        jobs: what to do.
        tell: called as the work on a picture goes on, see `Stylizer.restyle`.
        skip_existing: leave what is there, which is whole, since files are written whole or not at all.

    Raises:
        AdaINError: the look cannot be had of this model, or the model fails.
    """
    encode = cache(stylizer.encode)  # the jobs of a plan share their look
    for job in jobs:
        if job.problem is not None:
            yield Done(job, error=job.problem)
            continue
        if skip_existing and not job.to_stdout and Path(job.output).is_file():
            yield Done(job, skipped=True)
            continue
        look = encode(job.look)
        began = time.perf_counter()
        try:
            result = _restyle(stylizer, job.read(), look, tell)
            job.write(result)
            first = result.frames[0]
            yield Done(job, first.width, first.height, round(time.perf_counter() - began, 3))
        except PictureError as error:
            yield Done(job, error=named(error, job.content))


def _restyle(stylizer: Stylizer, content: Animation, look: Look, tell: Tell) -> Animation:
    """Frames with statistics that they share, pages each on its own."""
    if content.moves:
        frames = stylizer.restyle_all(content.frames, look, tell)
    else:
        frames = [stylizer.restyle(frame, look, tell) for frame in content.frames]
    return replace(content, frames=tuple(frames))
