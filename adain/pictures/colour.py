"""Colours of a file to sRGB: by its CICP code, its ICC profile, or its gamma and primaries, in this order."""

import io
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from ..errors import PictureError

Curve = tuple[float, float, float, float, float]

# x and y of white, red, green and blue, by the numbers of ITU-T H.273 table 2.
_D65, _SRGB = (0.3127, 0.329), 1
_PRIMARIES = {
    _SRGB: (*_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
# Table 3, to linear light: g, a, b, c, d of (a x + b)^g, and c x below d.
_REC709: Curve = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 14, 15), _REC709),
    4: (2.2, 1, 0, 0, 0),
    5: (2.8, 1, 0, 0, 0),
    8: (1, 1, 0, 0, 0),
    13: _SRGB_CURVE,
}
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.9642, 1, 0.8249])


def to_srgb(image: Image.Image, info: Mapping[Any, Any], name: str) -> Image.Image:
    """An image of mode RGB; the same where it is one already.

    Args:
        image: of any mode of 8 bits, without alpha.
        info: Pillow's, with what `png.clean` found.
        name: for errors.

    Raises:
        PictureError: colours that cannot be shown in sRGB: HDR, or a code that is not known.
    """
    source, made = info.get("icc_profile"), _made_profile(info, name)
    if made is not None:
        source, image = made, image.convert("RGB")
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("RGB")
    profile = ImageCms.createProfile("LAB") if image.mode == "LAB" else source and io.BytesIO(source)
    if profile:
        srgb, intent = ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        with suppress(ImageCms.PyCMSError):  # the profile is broken, or for another kind of picture
            image = ImageCms.profileToProfile(image, profile, srgb, intent, "RGB", flags=flags) or image
    return image if image.mode == "RGB" else image.convert("RGB")  # which copies


def _made_profile(info: Mapping[Any, Any], name: str) -> bytes | None:
    """A profile made of what says more than the ICC profile, b"" for sRGB; None where that one, if any, holds."""
    primaries, transfer, matrix, full = info.get("cicp", (2, 2, 0, 1))
    if 2 not in (primaries, transfer):  # 2: unspecified
        if transfer in (16, 18):
            raise PictureError(f"{name} is HDR (PQ or HLG); export it in SDR, such as sRGB")
        if primaries not in _PRIMARIES or transfer not in _CURVES or matrix != 0 or full != 1:
            code = f"{primaries}/{transfer}/{matrix}/{full}"
            raise PictureError(f"{name} has colours of the CICP code {code}, which is not known; export it in sRGB")
        srgb = (primaries, transfer) == (_SRGB, 13)
        return b"" if srgb else _profile(_PRIMARIES[primaries], _CURVES[transfer])
    gamma = info.get("gamma")
    if not gamma or "srgb" in info or info.get("icc_profile"):
        return None
    chromaticity = info.get("chromaticity", _PRIMARIES[_SRGB])
    if abs(gamma - 1 / 2.2) < 0.005 and np.allclose(chromaticity, _PRIMARIES[_SRGB], atol=0.005):
        return None  # how older programs say sRGB
    return _profile(chromaticity, (1 / gamma, 1, 0, 0, 0))


def _profile(chromaticity: Sequence[float], curve: Curve) -> bytes | None:
    """A profile of three primaries and a curve (ICC.1:2010, 8.3.3); None where the numbers are no colours."""
    try:
        xyz = [(x / y, 1, (1 - x - y) / y) for x, y in zip(chromaticity[::2], chromaticity[1::2], strict=True)]
        white, primaries = np.array(xyz[0]), np.array(xyz[1:]).T
        primaries = primaries * np.linalg.solve(primaries, white)
        cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)  # adapted to the white of profiles (annex E)
        primaries = np.linalg.solve(_BRADFORD, cones[:, None] * (_BRADFORD @ primaries))
        columns = [b"XYZ \0\0\0\0" + _fixed(column) for column in (_D50, *primaries.T)]
        tags = dict(zip((b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True))
        para = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(curve)
    except (ArithmeticError, ValueError, struct.error, np.linalg.LinAlgError):
        return None
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), para)
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, data in tags.items():
        table += struct.pack(">4sII", tag, start + len(body), len(data))
        body += data
    size = start + len(body)
    head = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x04200000, b"mntr", b"RGB ", b"XYZ ", b"acsp") + _fixed(_D50)
    return head.ljust(128, b"\0") + table + body


def _fixed(values: Sequence[float] | np.ndarray) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))
