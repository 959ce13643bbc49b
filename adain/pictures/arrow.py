"""The pictures in an .arrow file as Hugging Face's `datasets` saves them: a stream of rows, in which each picture is
one stretch of the file, encoded as it came.
"""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..errors import PictureError, how_to_install

_SIGNS = {  # what files begin with
    b"\xff\xd8": ".jpg",
    b"\x89P": ".png",
    b"RI": ".webp",
    b"GI": ".gif",
    b"BM": ".bmp",
    b"II": ".tif",
    b"MM": ".tif",
}


def find_rows(file: Path) -> Iterator[tuple[str, int, int]]:
    """Name, offset and size of each picture; the name is the number of the row.

    Args:
        file: untrusted.

    Raises:
        PictureError: pyarrow is missing.
        Exception: the file cannot be read, or has no column of pictures that are stored in it.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise PictureError(f"{file} needs pyarrow; install with: {how_to_install('dataset')}") from error
    with pyarrow.memory_map(str(file)) as whole:
        data, row = whole.read_buffer(), 0
        for batch in pyarrow.ipc.open_stream(pyarrow.BufferReader(data)):
            pictures = _pictures(batch)
            pictures.validate(full=True)
            paths = pictures.field("path").to_pylist()
            for path, (offset, size) in zip(paths, _stretches(pictures.field("bytes"), data), strict=True):
                suffix = PurePath(path or "").suffix or _SIGNS.get(bytes(data.slice(offset, min(size, 2))), ".png")
                yield f"{row:06}{suffix.lower()}", offset, size
                row += 1


def _pictures(batch: Any) -> Any:
    """The column that holds pictures: bytes and paths."""
    for column in batch.columns:
        if str(column.type) in ("struct<bytes: binary, path: string>", "struct<bytes: large_binary, path: string>"):
            return column
    raise ValueError("it has no column of pictures")


def _stretches(column: Any, data: Any) -> list[tuple[int, int]]:
    """Where the values of a column of bytes are within the data."""
    _, ends, values = column.buffers()
    if values is None:  # all are empty
        return [(0, 0)] * len(column)
    start = values.address - data.address
    if not 0 <= start <= data.size:
        raise ValueError("it is compressed")
    places = np.frombuffer(ends, np.int64 if str(column.type) == "large_binary" else np.int32)
    places = places[column.offset : column.offset + len(column) + 1]
    return [(start + int(place), int(size)) for place, size in zip(places, np.diff(places), strict=False)]
