"""PNG as browsers read it: what carries no pixels cannot spoil the picture (PNG specification, third edition)."""

import struct
import zlib
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Beside the critical chunks.
_KEPT = set(b"tRNS gAMA cHRM sRGB iCCP cICP eXIf pHYs acTL fcTL fdAT".split())
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"pHYs": 9, b"acTL": 8, b"fcTL": 26}
_MAX_PROFILE = 2**26  # bytes; the largest of presses have some 3 MB


def clean(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """The same picture in chunks that Pillow takes.

    Text and private chunks are left out; other chunks that carry no pixels get a right checksum, or are left
    out where they are broken. Profiles may be larger than Pillow allows. A transparent grey is given in the
    numbers that Pillow makes of 2 and 4 bits. Whatever is wrong with the pixels stays as it is.

    Returns:
        The file, and what Pillow does not read of it: "icc_profile" (bytes), and "cicp" (primaries, transfer,
        matrix and full range by ITU-T H.273).
    """
    kept, at = [SIGNATURE], len(SIGNATURE)
    facts: dict[str, Any] = {}
    bits, colour = data[24:26].ljust(2, b"\0")
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        chunk, body = data[at:end], data[at + 8 : end - 4]
        at = end
        if kind[:1].isupper():  # critical
            kept.append(chunk)
        elif kind == b"iCCP":
            if profile := _inflate(body.partition(b"\0")[2][1:]):
                facts["icc_profile"] = profile
        elif kind == b"cICP" and length == 4:
            facts["cicp"] = tuple(body)
        elif kind in _KEPT and length == _LENGTHS.get(kind, length):
            if kind == b"tRNS" and colour in (0, 2):
                if length < (2, 0, 6)[colour]:
                    continue
                white = 2**bits - 1
                scale = 255 // white if bits in (2, 4) else 1
                body = b"".join(struct.pack(">H", (v & white) * scale) for (v,) in struct.iter_unpack(">H", body[:6]))
            kept.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return b"".join([*kept, data[at:]]), facts


def _inflate(data: bytes) -> bytes | None:
    stream = zlib.decompressobj()
    try:
        profile = stream.decompress(data, _MAX_PROFILE)
    except zlib.error:
        return None
    return profile if stream.eof else None
