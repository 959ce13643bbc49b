"""What is said of a bad picture is the same sentence everywhere: on the command line, by the service, in a data set."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checks import one_line, photo
from PIL import Image

pytest.importorskip("fastapi_offline")
pytest.importorskip("pyarrow")
from fastapi.testclient import TestClient

from adain import Stylizer
from adain.service.app import create_app


def png(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photo()).resize((width, height)).save(stream, "png")
    return stream.getvalue()


def vast() -> bytes:
    """A PNG of 60,000 x 60,000 pixels, as its header says."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [head, b"IDAT" + zlib.compress(bytes(9)), b"IEND"]
    parts = [struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def signed() -> bytes:
    """A TIFF of grey with signed numbers."""
    entries = {256: 32, 257: 32, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 32, 279: 2048, 339: 2}
    table = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in entries.items())
    return struct.pack("<2sHI", b"II", 42, 8 + 2048) + bytes(2048) + struct.pack("<H", len(entries)) + table + bytes(4)


BAD = {
    "text.jpg": b"this is a letter",
    "empty.png": b"",
    "cut.png": png(64, 64)[:2000],
    "script.eps.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "small.png": png(12, 30),
    "vast.png": vast(),
    "signed.tif": signed(),
}


def unnamed(sentence: str, path: str) -> str:
    """As it is said of bytes that have no name."""
    return sentence.strip().removeprefix("adain: ").removeprefix(f"{path}: ").replace(path, "the picture")


def test_of_one_bad_picture_all_say_the_same(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name, data in BAD.items():
        (tmp_path / "photos" / name).write_bytes(data)
    options = ("--model", "fast", "--device", "cpu", "--threads", "1", "-q")
    alone, service = {}, {}
    with TestClient(create_app(Stylizer("fast", "cpu", threads=1))) as client:
        for name, data in BAD.items():
            path = f"photos/{name}"
            code, _, err = run("stylize", path, "-s", "scream", "-o", "one.png", *options)
            assert code == 2
            alone[name] = unnamed(one_line(err), path)
            service[name] = client.post("/stylize", params={"style": "scream"}, content=data).json()["detail"]
    assert len(set(alone.values())) == len(BAD) - 1  # a text and a script are alike: no pictures
    assert service == alone
    for call in (("stylize", "photos", "-s", "scream"), ("dataset", "photos", "--styles", "scream")):
        code, _, err = run(*call, "-o", call[0], *options)
        assert code == 2
        *sentences, last = err.splitlines()
        assert last.startswith(f"adain: {len(BAD)} of {len(BAD)} pictures failed")
        told = {name: line for name in BAD for line in sentences if f"photos/{name}" in line}
        assert {name: unnamed(line, f"photos/{name}") for name, line in told.items()} == alone
