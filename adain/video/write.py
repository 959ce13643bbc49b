"""Frames to video files, part by part; the only place that encodes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from ..errors import OptionError, VideoError, first_line
from ..replacing import replacing
from .clip import BT709, Frame, Shape
from .parts import Parts
from .read import FULL

if TYPE_CHECKING:
    from av.container import OutputContainer

Codec = Literal["h264", "h265", "vp9", "av1"]


@dataclass(frozen=True)
class Coder:
    """A codec: its library in FFmpeg, and the options that we give it; quality in its own unit, lower is better."""

    library: str
    quality: int
    options: dict[str, str]


CODERS: dict[Codec, Coder] = {
    "h264": Coder("libx264", 20, {"preset": "medium"}),
    "h265": Coder("libx265", 22, {"preset": "medium", "x265-params": "log-level=error"}),
    "vp9": Coder("libvpx-vp9", 30, {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
    "av1": Coder("libsvtav1", 30, {"preset": "8"}),
}
# The codecs that a file may hold, the usual first.
HOLDS: dict[str, tuple[Codec, ...]] = {
    ".mp4": ("h264", "h265", "av1", "vp9"),
    ".mkv": ("h264", "h265", "av1", "vp9"),
    ".mov": ("h264", "h265"),
    ".webm": ("vp9", "av1"),
}
LIMITED = 1  # colour range in FFmpeg


@dataclass(frozen=True)
class Encoding:
    """How a video is written.

    Attributes:
        codec: its name.
        quality: CRF of the codec's encoder, lower is better and larger.

    Raises:
        OptionError: an unknown codec or suffix, or a quality outside 0 to 63.
    """

    codec: Codec
    quality: int

    @classmethod
    def of(cls, suffix: str, codec: Codec | None = None, quality: int | None = None) -> "Encoding":
        """That of a file with this suffix, with defaults for what is None; raises as the class does."""
        if suffix.lower() not in HOLDS:
            came = f"the format {suffix!r} is unknown" if suffix else "there is no file suffix to tell the format"
            raise OptionError(f"{came}; videos are written as {', '.join(HOLDS)}, pictures as frames/%05d.png")
        codec = codec or HOLDS[suffix.lower()][0]
        if codec not in get_args(Codec):
            raise OptionError(f"the codec is {codec!r}; give one of {', '.join(get_args(Codec))}")
        if codec not in HOLDS[suffix.lower()]:
            raise OptionError(f"a {suffix} file holds {', '.join(HOLDS[suffix.lower()])}, not {codec}; give another -o")
        quality = CODERS[codec].quality if quality is None else quality
        if not 0 <= quality <= 63:
            raise OptionError(f"the quality is {quality}; give a CRF from 0 (best) to 51 (63 for vp9 and av1)")
        return cls(codec, quality)


class Sink(Protocol):
    """Where frames go."""

    def write(self, frame: Frame) -> None:
        """Take the next frame."""

    def end_part(self) -> None:
        """Make all that was written since the last call safe."""


class PartSink:
    """Encodes frames into the parts of a video; times in a part start at 0, an odd side loses its last row or column.
    A `Sink`.

    Raises:
        VideoError: the encoder refuses the size or the quality.
    """

    def __init__(self, parts: Parts, number: int, shape: Shape, encoding: Encoding) -> None:
        self._parts, self._number, self._shape, self._encoding = parts, number, shape, encoding
        self._part: _Part | None = None

    def write(self, frame: Frame) -> None:
        """See `Sink`."""
        if self._part is None:
            self._part = _Part(self._parts.part(self._number), self._shape, self._encoding, frame.pts)
        self._part.write(frame)

    def end_part(self) -> None:
        """See `Sink`."""
        if self._part is not None:
            self._part.close()
            self._part, self._number = None, self._number + 1


class _Part:
    """One file, which has its name once it is whole."""

    def __init__(self, file: Path, shape: Shape, encoding: Encoding, begins: int) -> None:
        import av

        self._replacing, self._shape, self._begins = replacing(file), shape, begins
        temporary = self._replacing.__enter__()
        coder = CODERS[encoding.codec]
        os.environ.setdefault("SVT_LOG", "1")  # or its encoder tells a story on stderr; errors only
        try:
            self._container: OutputContainer = av.open(str(temporary), "w")
            self._stream: Any = self._container.add_stream(
                coder.library, rate=shape.rate, options=coder.options | {"crf": str(encoding.quality)}
            )
            self._describe()
            self._container.start_encoding()
        except (OSError, ValueError) as error:
            self._replacing.__exit__(type(error), error, error.__traceback__)
            width, height = shape.size
            raise VideoError(f"{encoding.codec} cannot encode {width} x {height} px ({first_line(error)})") from error

    def _describe(self) -> None:
        shape, coder = self._shape, self._stream.codec_context
        self._stream.width, self._stream.height = (side // 2 * 2 for side in shape.size)
        self._stream.pix_fmt = "yuv420p"
        coder.time_base, coder.sample_aspect_ratio = shape.time_base, shape.pixel_ratio
        coder.colorspace, coder.color_range = BT709, LIMITED
        coder.color_primaries, coder.color_trc = shape.primaries, shape.transfer

    def write(self, frame: Frame) -> None:
        import av
        from av.video.reformatter import Interpolation

        pixels = frame.pixels[: self._stream.height, : self._stream.width]
        picture = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
            format="yuv420p",
            interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
            dst_colorspace=BT709,
            src_color_range=FULL,
            dst_color_range=LIMITED,
            dst_color_trc=self._shape.transfer,
            dst_color_primaries=self._shape.primaries,
            threads=1,
        )
        picture.time_base = self._shape.time_base
        picture.pts, picture.duration = frame.pts - self._begins, frame.duration
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._replacing.__exit__(None, None, None)
