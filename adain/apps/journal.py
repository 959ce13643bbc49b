"""What a long run leaves in OUT/.dataset, so that it goes on after any stop, SIGKILL among them:

settings.json   what was asked for
journal.jsonl   a line for each picture that is made, or cannot be, appended as soon as that is known
styles/         codes, named by what they were encoded from
parts/          files that are being written; whoever finds one later throws it away
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from ..errors import OptionError
from ..report import differences, write_json

FOLDER = ".dataset"  # in OUT; hidden, so that no search for pictures enters it
Key = tuple[str, int]  # content, k
_NUMBERS = ("k", "content_width", "content_height", "width", "height", "bytes")


@dataclass(frozen=True)
class Result:
    """What became of one picture.

    Attributes:
        content: its name in the data set.
        k: which of the pictures made of it.
        content_width, content_height: of the content, upright, in px; 0 of what could not be read.
        width, height: of the picture that was written.
        bytes: of its file.
        sha256: of its file.
        error: why there is none.
    """

    content: str
    k: int
    content_width: int = 0
    content_height: int = 0
    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""
    error: str | None = None

    @property
    def key(self) -> Key:
        """What no other result of the run has."""
        return self.content, self.k


class Journal:
    """The results so far, of a run that this process alone may go on with until `close`.

    Only places in the file are kept in memory, since a data set may have millions of pictures.

    Args:
        out: the output's folder, which is made where it is missing.
        settings: all that results depend on, in JSON's types.

    Raises:
        OptionError: the folder holds other files, or a run with other settings; or another process is at work on it.
        OSError: the folder cannot be written.
    """

    def __init__(self, out: Path, settings: dict[str, Any]) -> None:
        self.out, self.folder = out, out / FOLDER
        file, noted = self.folder / "journal.jsonl", self.folder / "settings.json"
        holds = out.is_dir() and any(path.name != FOLDER for path in out.iterdir())
        begun = noted.is_file() and (holds or (file.is_file() and file.stat().st_size > 0))
        if begun:
            if differ := differences(noted, settings):
                others = ", ".join(differ)
                raise OptionError(f"{out} was begun with another value of {others}; give the same, or another -o")
        elif holds:
            raise OptionError(f"{out} holds other files; give a new or an empty folder with -o")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file, self._lines = file.open("ab", buffering=0), file.open("rb")
        self._places: dict[Key, tuple[int, int]] = {}  # where its line begins, and the bytes of its picture or -1
        try:
            _lock(self._file, out)
            self._clean()
            self.parts.mkdir()
            self.styles.mkdir(exist_ok=True)
            if not begun:
                write_json(noted, settings)
            self._end = self._load()
        except BaseException:
            self._shut()
            raise

    @property
    def parts(self) -> Path:
        """For files that are being written."""
        return self.folder / "parts"

    @property
    def styles(self) -> Path:
        """For style codes."""
        return self.folder / "styles"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Throw away what was left half-written, and let others go on."""
        self._clean()
        self._shut()

    def size(self, key: Key) -> int | None:
        """The bytes of a picture, -1 of one that cannot be made, None of one that nobody has tried."""
        place = self._places.get(key)
        return place[1] if place else None

    def read(self, key: Key) -> Result:
        """The last result of that key; raises a KeyError where there is none."""
        self._lines.seek(self._places[key][0])
        return Result(**json.loads(self._lines.readline()))

    def add(self, results: Iterable[Result]) -> None:
        """Append results, all at once; raises an OSError where the disk is full."""
        lines = [json.dumps(asdict(result)).encode() + b"\n" for result in results]
        data = b"".join(lines)
        while data:  # on a disk that is nearly full a part is written, and the rest raises
            data = data[self._file.write(data) :]
        for line in lines:
            self._note(line, self._end)
            self._end += len(line)

    def _load(self) -> int:
        """Note all whole lines, cut off what was written of another one, and give the length."""
        end = 0
        for line in self._lines:
            if not line.endswith(b"\n"):
                break
            self._note(line, end)
            end += len(line)
        self._file.truncate(end)
        return end

    def _note(self, line: bytes, place: int) -> None:
        result = _result(line)
        if result is not None:
            self._places[result.key] = place, -1 if result.error else result.bytes

    def _shut(self) -> None:
        self._file.close()
        self._lines.close()

    def _clean(self) -> None:
        shutil.rmtree(self.parts, ignore_errors=True)
        for folder in (self.folder, self.styles):
            for path in folder.glob(".adain-*"):
                path.unlink(missing_ok=True)


def _result(line: bytes) -> Result | None:
    """What a line says; None of a damaged one: the machine, not only the process, stopped in the middle."""
    try:
        result = Result(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    *numbers, content, sha256, error = (getattr(result, name) for name in (*_NUMBERS, "content", "sha256", "error"))
    right = all(type(number) is int and 0 <= number < 2**31 for number in numbers)
    right = right and all(isinstance(text, str) for text in (content, sha256, error or ""))
    return result if right else None


def _lock(file: IO[bytes], out: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OptionError(f"another run is at work on {out}; wait for it, or give another -o") from error
    except OSError:  # a file system without locks
        return
