"""Many pictures in one call: which file becomes which, and the loop that goes on over bad ones."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import images
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


def plan(contents: Sequence[str], out: str | None, style: str) -> list[Job]:
    """Name the output of every content.

    One picture goes to the file `out`, or into `out` if that is a folder (or ends in a slash); several go
    into the folder `out`, folders with their subfolders. Without `out` that is the present folder, and names
    get the style's name added.

    Args:
        contents: files, folders, or "-".
        out: file, folder, "-" or None.
        style: name of the style, for names.

    Raises:
        PictureError: a content is missing, or a folder has no pictures.
        OptionError: a content would be overwritten, or two outputs would have one name.
    """
    single = len(contents) == 1 and not Path(contents[0]).is_dir()
    into_folder = out is not None and out != STANDARD and (Path(out).is_dir() or out.endswith(("/", "\\")))
    if not single and out == STANDARD:
        raise OptionError("several pictures cannot go to stdout; give a folder with -o")
    if not single and out is not None and not into_folder and Path(out).suffix.lower() in images.FORMATS:
        raise OptionError(f"several pictures cannot go into one file {out}; give a folder with -o")
    jobs = []
    for content in contents:
        if content == STANDARD:
            target = out or STANDARD
            jobs.append(Job(content, str(Path(target) / f"stdin-{style}.png") if into_folder else target))
            continue
        root = Path(content)
        if single and out is not None and not into_folder:
            images.find_pictures([content])  # that it exists
            if out != STANDARD:
                images.known_format(Path(out).suffix)
            jobs.append(Job(content, out))
            continue
        for path in images.find_pictures([content]):
            inside = path.relative_to(root).parent if root.is_dir() else Path()
            suffix = path.suffix if path.suffix.lower() in images.FORMATS else ".png"
            name = path.stem + suffix if out else f"{path.stem}-{style}{suffix}"
            jobs.append(Job(str(path), str(Path(out or ".") / inside / name)))
    seen: dict[Path, str] = {}
    for job in jobs:
        if job.output == STANDARD:
            continue
        output = Path(job.output).resolve()
        if job.content != STANDARD and output == Path(job.content).resolve():
            raise OptionError(f"{job.content} would be overwritten; give another -o")
        if output in seen:
            raise OptionError(f"{seen[output]} and {job.content} would both become {job.output}; rename one")
        seen[output] = job.content
    return jobs


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
            picture = stylizer.stylize(source, style, alpha, size)
            images.save(picture, sys.stdout.buffer if job.output == STANDARD else job.output)
            seconds = round(time.perf_counter() - began, 3)
            yield Done(job.content, job.output, picture.width, picture.height, seconds)
        except PictureError as error:
            yield Done(job.content, job.output, error=_with_name(job.content, error))


def _with_name(content: str, error: AdaINError) -> str:
    text = str(error)
    return text if content in text else f"{content}: {text}"
