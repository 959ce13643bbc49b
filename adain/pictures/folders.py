"""The pictures in folders, in tar files and in the .arrow files of Hugging Face's data sets. One set of rules: a folder
is searched with all its subfolders, linked ones too, each once, for names with a picture's suffix, in upper or lower
case; hidden files and folders are passed over. What looks like a picture and cannot be read, and a folder that cannot
be entered, are among what is found: whoever loads them tells why, counts them, and goes on.
"""

import os
import stat
import tarfile
from collections.abc import Iterable, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import PictureError, first_line
from .arrow import find_rows
from .read import picture_suffixes


@dataclass(frozen=True)
class PictureBytes:
    """Where the bytes of one picture are: a file, or a stretch of a shard, which is a .tar or an .arrow file."""

    path: Path
    name: str = ""  # within the shard
    offset: int = 0
    size: int = -1

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.name else str(self.path)

    @property
    def source(self) -> Path | bytes:
        """For `load`: a file itself, which its errors then name; of a shard the bytes. Raises what `read` does."""
        return self.read() if self.name else self.path

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
        if is_folder(path):
            inside = _walk(path, picture_suffixes())
            if not inside:
                raise PictureError(f"the folder {path} holds no picture (no .jpg, .png, ...); check the path")
            found += inside
        else:
            with suppress(PermissionError):  # then it is told where it is loaded
                if not path.exists():
                    raise PictureError(f"{path} does not exist; give a picture or a folder of pictures")
            found.append(path)
    return list(dict.fromkeys(found))


def is_folder(path: Path) -> bool:
    """Whether it is a folder; False where that cannot be known."""
    with suppress(OSError):
        return path.is_dir()
    return False


def find_with_shards(folder: Path, others: Set[str] = frozenset()) -> list[PictureBytes]:
    """All pictures in a folder, in its uncompressed .tar files, and in its data-*.arrow files (see `arrow.py`).

    Args:
        folder: searched by the rules above.
        others: more suffixes of files that are wanted, in lower case.

    Raises:
        PictureError: the folder is missing, or has none; or there are .arrow files and no pyarrow.
    """
    if not folder.is_dir():
        raise PictureError(f"{folder} is no folder; expected a folder of pictures or of .tar shards")
    suffixes = picture_suffixes() | others
    found: list[PictureBytes] = []
    for path in _walk(folder, suffixes | {".tar", ".arrow"}):
        suffix = path.suffix.lower()
        if suffix == ".tar":
            found += _members(path, suffixes)
        elif suffix != ".arrow":
            found.append(PictureBytes(path))
        elif path.name.startswith("data-"):  # others are caches
            found += _rows(path)
    if not found:
        raise PictureError(f"{folder} has no pictures, nor .tar shards of pictures, in it or below it")
    return found


def _walk(folder: Path, suffixes: Set[str]) -> list[Path]:
    """The pictures, and the folders that cannot be listed, sorted."""
    found: list[Path] = []
    entered = {folder.resolve(), *folder.resolve().parents}  # a link that leads back up has no end
    for place, folders, names in os.walk(folder, onerror=lambda e: found.append(Path(e.filename)), followlinks=True):
        root, below = Path(place), sorted(folders)
        folders.clear()
        for name in below:
            real = (root / name).resolve()
            if not name.startswith(".") and real not in entered:
                entered.add(real)
                folders.append(name)
        found.extend(root / name for name in names if _wanted(PurePath(name), suffixes) and _may_be_file(root / name))
    return sorted(found)


def _may_be_file(path: Path) -> bool:
    with suppress(OSError):  # a broken link, or a folder without rights: whoever loads it tells
        return stat.S_ISREG(path.stat().st_mode)
    return True


def _members(shard: Path, suffixes: Set[str]) -> list[PictureBytes]:
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


def _rows(file: Path) -> list[PictureBytes]:
    try:
        return [PictureBytes(file, *row) for row in find_rows(file)]
    except PictureError:
        raise
    except Exception as error:  # broken bytes lead pyarrow to any error
        return [PictureBytes(file, f"no rows with pictures ({first_line(error)})", 0, 1)]


def _wanted(path: PurePath, suffixes: Set[str]) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)  # "./a.jpg" has no part "."
    return path.suffix.lower() in suffixes and not hidden
