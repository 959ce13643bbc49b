"""Files of a few pixels, byte by byte."""

import struct
import zlib

import numpy as np


def png_of(bits: int, colour: int, values: list[int], *chunks: tuple[bytes, bytes], ruin: bytes = b"") -> bytes:
    """A PNG of one row, whose samples are these; the chunk `ruin` gets a wrong checksum."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = "".join(f"{value:0{bits}b}" for value in values)
    row = row.ljust(-(-len(row) // 8) * 8, "0")
    header = struct.pack(">IIBBBBB", len(values) // samples, 1, bits, colour, 0, 0, 0)
    pixels = zlib.compress(b"\0" + int(row, 2).to_bytes(len(row) // 8, "big"))
    data = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in ((b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")):
        checksum = zlib.crc32(kind + body) ^ (kind == ruin)
        data += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)]
    return b"".join(data)


def tiff_of(values: np.ndarray, photometric: int, order: str, bits: int | None = None) -> bytes:
    """An uncompressed grey TIFF of one row (TIFF 6.0); samples of 12 bits come packed."""
    kind = values.dtype.kind
    bits = bits or values.dtype.itemsize * 8
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    if bits == 12:
        data = int("".join(f"{value:012b}" for value in values.ravel()), 2).to_bytes(values.size * 12 // 8, "big")
    tags = {256: values.size, 257: 1, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: 1, 279: len(data)}
    tags[339] = {"u": 1, "i": 2, "f": 3}[kind]
    data += b"\0" * (len(data) % 2)
    table = struct.pack(order + "H", len(tags))
    for tag, value in tags.items():
        wide = tag in (273, 279)
        table += struct.pack(order + "HHI" + ("I" if wide else "HH"), tag, 4 if wide else 3, 1, value, *[0][wide:])
    start = struct.pack(order + "HI", 42, 8 + len(data))
    return (b"II" if order == "<" else b"MM") + start + data + table + bytes(4)
