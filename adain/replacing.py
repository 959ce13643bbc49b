"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, within: Path | None = None) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it is renamed to `path`, on failure it is deleted.

    The temporary name keeps the suffix, because writers look at it.

    Args:
        path: the file; its folder is made where it is missing.
        within: another folder for the temporary file, of the same file system, where what a killed process leaves
            behind is found.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name is short, whatever the length of the path's.
    temporary = (within or path.parent) / f".adain-{os.urandom(6).hex()}{path.suffix}"
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.filename in (None, str(temporary)):
            error.filename = str(path)  # the name that means something to a user
        raise
    finally:
        temporary.unlink(missing_ok=True)
