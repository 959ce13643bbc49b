"""Styles: code vectors of the style encoder, from a file or blended.

A code is linear: the weighted mean of two codes is the style between them (arXiv 1703.06868, section 6.4).
"""

import io
import math
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .errors import OptionError, StyleError, first_line
from .replacing import replacing

MAX_VALUES = 65_536  # of one code; ours have about 2,000
HEADER = 16_384  # bytes; numpy reads headers of at most 10,000


@dataclass(frozen=True, eq=False)
class Style:
    """A style as the stylizer takes it.

    Attributes:
        code: float32 [S], finite, read-only; meaningful only to the model whose encoder made it.
        name: for messages and listings.
        model: what takes the code, see `Contract.checkpoint_sha256`; None where nobody knows, as of a file.

    Raises:
        StyleError: the code is no row of finite floating-point numbers.
    """

    code: NDArray[np.float32]
    name: str
    model: str | None = None

    def __post_init__(self) -> None:
        code = np.asarray(self.code)
        if code.ndim != 1 or code.dtype.kind != "f" or not 0 < code.size <= MAX_VALUES:
            raise StyleError(
                f"the style {self.name} is {code.dtype} {list(code.shape)}; float32 [S] was expected, "
                "as `adain styles PICTURE` writes it"
            )
        with np.errstate(over="ignore"):  # becomes infinite, and is told below
            code = code.astype(np.float32)  # a copy of our own
        if not np.isfinite(code).all():
            raise StyleError(f"the style {self.name} has values that are not finite; encode it again")
        code.setflags(write=False)
        object.__setattr__(self, "code", code)  # the dataclass is frozen

    @classmethod
    def load(cls, source: str | Path | bytes) -> Self:
        """Read what `save` or `numpy.save` wrote; the style is named after the file.

        Args:
            source: path; or the bytes of such a file, whose style is named "code".

        Raises:
            StyleError: missing, no .npy file of one row of finite floats, or larger than MAX_VALUES.
        """
        path = Path("code" if isinstance(source, bytes) else source)
        try:
            code = _array(source if isinstance(source, bytes) else _mapped(path))
        except Exception as error:  # broken headers lead numpy to any error
            what = "the code" if isinstance(source, bytes) else path
            reason = getattr(error, "strerror", None) or first_line(error)
            raise StyleError(
                f"{what} cannot be read as a style ({reason}); give a .npy file as `adain styles PICTURE` writes it"
            ) from error
        return cls(code, path.stem)

    def save(self, path: str | Path) -> None:
        """Write the code as a .npy file, whole or not at all.

        Raises:
            StyleError: the file cannot be written.
        """
        try:
            with (
                replacing(Path(path)) as part,
                part.open("wb") as file,
            ):  # of a path, numpy may change the suffix
                np.save(file, self.code, allow_pickle=False)
        except OSError as error:
            raise StyleError(f"{path} cannot be written ({error.strerror}); check the folder and its rights") from error


def blend(styles: Sequence[Style], shares: Sequence[float]) -> Style:
    """The style between several: the weighted mean of their codes.

    Args:
        styles: of one model.
        shares: see `normalise`.

    Raises:
        OptionError: no style, or see `normalise`.
        StyleError: codes of different lengths or models.
    """
    if not styles:
        raise OptionError("there is no style; give one or more")
    if len({style.code.size for style in styles}) > 1:
        sizes = ", ".join(f"{style.name} has {style.code.size}" for style in styles)
        raise StyleError(f"the styles are of different models ({sizes} values); encode them with one model")
    models = {style.model for style in styles if style.model is not None}
    if len(models) > 1:
        names = ", ".join(style.name for style in styles)
        raise StyleError(f"the styles {names} are of different models; encode them with one model")
    code = np.average([style.code for style in styles], axis=0, weights=normalise(shares, len(styles)))
    return Style(code, " + ".join(style.name for style in styles), models.pop() if models else None)


def normalise(shares: Sequence[float], styles: int) -> tuple[float, ...]:
    """Shares that sum to 1, of shares in any unit (2 and 1 are the same as 0.67 and 0.33).

    Raises:
        OptionError: not one for each style, one is negative or not finite, or all are 0.
    """
    if len(shares) != styles:
        raise OptionError(f"{len(shares)} shares for {styles} styles; give one share for each style")
    values = np.array(shares, np.float64)
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise OptionError(f"the shares are {list(shares)}; give numbers of 0 or more, not all of them 0")
    return tuple((values / values.sum()).tolist())


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _array(data: bytes | mmap.mmap) -> NDArray[Any]:
    """The array of a .npy file, in place, so that a header that lies about the shape allocates nothing; no pickles."""
    head = io.BytesIO(data[:HEADER])
    read = np.lib.format.read_array_header_1_0
    if np.lib.format.read_magic(head) != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, kind = read(head)
    if kind.hasobject:
        raise ValueError("it holds Python objects")
    return np.frombuffer(data, kind, math.prod(shape), head.tell()).reshape(shape)
