"""The pictures in folders and in tar files. One set of rules: a folder is searched with all its subfolders, sorted, for
names with a suffix that Pillow reads, in upper or lower case; hidden files and folders are passed over.
"""

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import PictureError
from .read import readable_suffixes


@dataclass(frozen=True)
class PictureBytes:
    """Where the bytes of one picture are: a file, or a stretch of a tar file."""

    path: Path
    name: str = ""  # within the tar
    offset: int = 0
    size: int = -1

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.name else str(self.path)

    def read(self) -> bytes:
        """The encoded picture.

        Raises:
            PictureError: the file cannot be read.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(self.offset)
                return stream.read(self.size)
        except OSError as error:
            raise PictureError(f"cannot be read ({error.strerror})") from error


def find_pictures(paths: Iterable[str | Path]) -> list[Path]:
    """All picture files that the paths stand for, each once.

    Args:
        paths: files, taken as given, and folders.

    Raises:
        PictureError: a path does not exist, or a folder holds no picture.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = list(_walk(path, readable_suffixes()))
            if not inside:
                raise PictureError(f"the folder {path} holds no picture (no .jpg, .png, ...); check the path")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise PictureError(f"{path} does not exist; give a picture or a folder of pictures")
    return list(dict.fromkeys(found))


def find_with_shards(folder: Path) -> list[PictureBytes]:
    """All pictures in a folder, and in its uncompressed .tar files.

    Raises:
        PictureError: the folder is missing, or has none.
    """
    if not folder.is_dir():
        raise PictureError(f"{folder} is no folder; expected a folder of pictures or of .tar shards")
    suffixes = readable_suffixes()
    found: list[PictureBytes] = []
    for path in _walk(folder, suffixes | {".tar"}):
        found += _members(path, suffixes) if path.suffix.lower() == ".tar" else [PictureBytes(path)]
    if not found:
        raise PictureError(f"{folder} has no pictures, nor .tar shards of pictures, in it or below it")
    return found


def _walk(folder: Path, suffixes: set[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if _wanted(path.relative_to(folder), suffixes) and path.is_file():
            yield path


def _members(shard: Path, suffixes: set[str]) -> list[PictureBytes]:
    try:
        with tarfile.open(shard, "r:") as stream:
            members = [member for member in stream if member.isfile()]
    except (tarfile.TarError, OSError):
        # Goes on as a picture that cannot be read, so that it is counted and named among the skipped.
        return [PictureBytes(shard, "no uncompressed tar file", 0, 1)]
    return [
        PictureBytes(shard, member.name, member.offset_data, member.size)
        for member in members
        if _wanted(PurePath(member.name), suffixes)
    ]


def _wanted(path: PurePath, suffixes: set[str]) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)  # "./a.jpg" has no part "."
    return path.suffix.lower() in suffixes and not hidden
