"""Many pictures in one call: which file becomes which, and the loop that goes on over bad ones."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import pictures
from .errors import AdaINError, OptionError, PictureError
from .styles import Style
from .stylizer import Stylizer

STANDARD = "-"  # stdin as content, stdout as output


@dataclass(frozen=True)
class Job:
    """One picture to stylise; "-" is stdin or stdout."""

    content: str
    output: str


@dataclass(frozen=True)
class Done:
    """What became of a job: size and time, or the error."""

    content: str
    output: str
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the error alone, or everything else."""
        facts = asdict(self)
        kept = ("content", "error") if self.error else ("content", "output", "width", "height", "seconds")
        return {name: facts[name] for name in kept}


def plan(contents: Sequence[str], out: str | None, style: str, keep: Sequence[str] = ()) -> list[Job]:
    """Name the output of every content.

    One picture goes to the file `out`, or into `out` if that is a folder (or ends in a slash); several go
    into the folder `out`, folders with their subfolders. Without `out` that is the present folder, and names
    get the style's name added.

    Args:
        contents: files, folders, or "-".
        out: file, folder, "-" or None.
        style: name of the style, for names.
        keep: more files that must not be overwritten, such as the style's.

    Raises:
        PictureError: a content is missing, or a folder has no pictures.
        OptionError: an output would be a content or one of `keep`, two would have one name, or the format of
            `out` is unknown.
    """
    single = len(contents) == 1 and not Path(contents[0]).is_dir()
    into_folder = out is not None and out != STANDARD and (Path(out).is_dir() or out.endswith(("/", "\\")))
    if single and not into_folder and (out or contents[0] == STANDARD):
        target = out or STANDARD
        if target != STANDARD:
            pictures.format_of(Path(target).suffix)
        if contents[0] != STANDARD:
            pictures.find_pictures(contents)  # that it exists
        jobs = [Job(contents[0], target)]
    else:
        if out == STANDARD:
            raise OptionError("several pictures cannot go to stdout; give a folder with -o")
        if out is not None and not into_folder and Path(out).suffix.lower() in pictures.FORMATS:
            raise OptionError(f"several pictures cannot go into one file {out}; give a folder with -o")
        if contents.count(STANDARD) > 1:
            raise OptionError("stdin is one picture; give - once")
        jobs = [job for content in contents for job in _into_folder(content, out, style)]
    _check_overwriting(jobs, keep)
    return jobs


def _into_folder(content: str, out: str | None, style: str) -> Iterator[Job]:
    folder = Path(out or ".")
    if content == STANDARD:
        yield Job(content, str(folder / f"stdin-{style}.png"))
        return
    root = Path(content)
    nested = root.is_dir() and out is not None and root.resolve() in folder.resolve().parents
    for path in pictures.find_pictures([content]):
        if nested and path.resolve().is_relative_to(folder.resolve()):
            continue  # the result of an earlier call
        inside = path.relative_to(root).parent if root.is_dir() else Path()
        suffix = path.suffix if path.suffix.lower() in pictures.FORMATS else ".png"
        name = path.stem + suffix if out else f"{path.stem}-{style}{suffix}"
        yield Job(str(path), str(folder / inside / name))


def _check_overwriting(jobs: Sequence[Job], keep: Sequence[str]) -> None:
    kept = {Path(file).resolve(): file for file in (*keep, *(job.content for job in jobs)) if file != STANDARD}
    seen: dict[Path, str] = {}
    for job in jobs:
        if job.output == STANDARD:
            continue
        output = Path(job.output).resolve()
        if output in kept:
            raise OptionError(f"{kept[output]} would be overwritten; give another -o")
        if output in seen:
            raise OptionError(f"{seen[output]} and {job.content} would both become {job.output}; rename one")
        seen[output] = job.content


def run(stylizer: Stylizer, jobs: Sequence[Job], style: Style, *, alpha: float, size: int | None) -> Iterator[Done]:
    """Do the jobs one by one; a bad picture is reported and does not stop the others.

    Args:
        stylizer: the model.
        jobs: from `plan`.
        style: for all of them.
        alpha: 0 (content) to 1 (full style).
        size: shrink so that the longer side is at most this, in px; None keeps the size.
    """
    for job in jobs:
        began = time.perf_counter()
        try:
            source = sys.stdin.buffer.read() if job.content == STANDARD else Path(job.content)
            picture = stylizer.restyle(pictures.load(source), style, alpha, size)
            pictures.save(picture, sys.stdout.buffer if job.output == STANDARD else job.output)
            seconds = round(time.perf_counter() - began, 3)
            yield Done(job.content, job.output, picture.width, picture.height, seconds)
        except PictureError as error:
            yield Done(job.content, job.output, error=_with_name(job.content, error))


def _with_name(content: str, error: AdaINError) -> str:
    text = str(error)
    return text if text.startswith(content) else f"{content}: {text}"
