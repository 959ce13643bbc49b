"""Video files to frames: whatever FFmpeg's libraries read, upright, in 8 bits of RGB. The only place that decodes."""

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import VideoError, first_line
from ..pictures import MAX_PIXELS, Pixels
from . import hdr
from .clip import BT709, WHOLE, Frame, Frames, Shape, Span

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Numbers of ITU-T H.273
BT601, UNSPECIFIED, RGB = 6, 2, 0
FULL = 2  # colour range in FFmpeg
EARLY = 0.5  # seconds by which pictures may end before the rest without a word


def open_container(file: str | Path) -> "InputContainer":
    """Open a video file, untrusted; a playlist in it reaches no network.

    Raises:
        VideoError: missing, or nothing that FFmpeg's libraries read.
    """
    import av

    try:
        return av.open(str(file), options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (OSError, ValueError) as error:  # what av's errors are
        why = getattr(error, "strerror", None) or first_line(error)
        if isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
            raise VideoError(f"{file} cannot be read ({why}); check the path") from error
        raise VideoError(f"{file} is no video that can be read ({why}); it may be cut off") from error


def origin(container: "InputContainer") -> Fraction:
    """Seconds that the file's clock shows at its beginning."""
    return Fraction(container.start_time or 0, 1_000_000)


def is_cover(stream: "VideoStream") -> bool:
    """Whether a stream is the picture of a cover, and no video."""
    return bool(stream.disposition & stream.disposition.attached_pic)


class VideoFile:
    """The frames of a video file; a `Clip`.

    Times are counted from `span.start`. Of a frame that cannot be decoded the one before is shown longer.

    Raises:
        VideoError: no video, without a frame that can be decoded, or larger than pictures may be.
    """

    def __init__(self, file: str | Path, span: Span = WHOLE) -> None:
        self.name, self.bad = str(file), 0
        self.notes: list[str] = []
        self._span, self._container = span, open_container(file)
        streams = [stream for stream in self._container.streams.video if not is_cover(stream)]
        if not streams:
            raise VideoError(f"{file} holds no video; its sound alone cannot be painted")
        self._stream = streams[0]
        self._stream.thread_type = "AUTO"
        self._start = origin(self._container) + Fraction(span.start).limit_denominator(1_000_000)
        if span.start:
            with suppress(OSError):  # where there is no seeking, all is decoded
                self._container.seek(int(self._start * 1_000_000))
        self._usual = self._stream.average_rate or self._stream.guessed_rate or Fraction(25)
        self._timed = self._times()
        self._first = next(self._timed, None)
        if self._first is None:
            raise VideoError(f"no frame of {file} can be decoded from {span.start:g} s on; it may be cut off")
        first = self._first[0]
        self._turns = round(first.rotation / 90) % 4
        self._shrunk = span.fit(first.width, first.height)
        self._hdr = first.color_trc in (hdr.PQ, hdr.HLG)
        self.shape = self._shape(first)
        self.notes += self._converted(first)
        known = self._container.duration
        self.expected: int | None = None if known is None else span.count(known / 1_000_000, self.shape.rate)

    def _shape(self, frame: "av.VideoFrame") -> Shape:
        """What the first frame says of all; colours are named as the pixels of `frames` have them."""
        if frame.width * frame.height > MAX_PIXELS:
            came = f"{frame.width} x {frame.height} px"
            raise VideoError(f"{self.name} has frames of {came}; at most {MAX_PIXELS:,} px are read")
        sideways, stream = self._turns % 2 == 1, self._stream
        ratio = stream.sample_aspect_ratio or Fraction(1)
        return Shape(
            self._shrunk[::-1] if sideways else self._shrunk,
            stream.time_base or Fraction(1, 1000),
            self._usual,
            1 / ratio if sideways else ratio,
            BT709 if self._hdr or frame.color_primaries == UNSPECIFIED else frame.color_primaries,
            BT709 if self._hdr or frame.color_trc == UNSPECIFIED else frame.color_trc,
        )

    def _converted(self, frame: "av.VideoFrame") -> Iterator[str]:
        if self._hdr:
            name = "PQ" if frame.color_trc == hdr.PQ else "HLG"
            yield f"high dynamic range ({name}) is converted to standard range, 8 bits"
        elif (bits := max(component.bits for component in frame.format.components)) > 8:
            yield f"{bits} bits a colour become 8"

    def frames(self) -> Frames:
        """See `Clip`."""
        assert self._first is not None, "the frames were read before"
        first, self._first = self._first, None
        for number, (frame, pts, duration) in enumerate(chain([first], self._timed), 1):
            yield Frame(self._pixels(frame), pts, duration, number)
        end = float((pts + duration) * self.shape.time_base) + self._span.start
        known = (self._container.duration or 0) / 1_000_000
        if self._span.end is None and end < known - EARLY:
            self.notes.append(f"the pictures end at {end:.1f} s of {known:.1f} s; the file may be cut off")

    def _times(self) -> Iterator[tuple["av.VideoFrame", int, int]]:
        """The frames that are wanted, each with its `pts` and `duration`."""
        unit = self._stream.time_base or Fraction(1, 1000)
        start, usual = round(self._start / unit), max(1, round(1 / (self._usual * unit)))
        end = None if self._span.end is None else (self._span.end - Fraction(self._span.start)) / unit
        last, guess = -1, 0
        for frame in self._progressive(self._decode()):
            ticks = frame.time_base / unit if frame.time_base else 1  # a filter may count in others
            pts = guess if frame.pts is None else round(frame.pts * ticks) - start
            duration = max(1, round(frame.duration * ticks)) if frame.duration else usual
            guess = pts + duration
            if end is not None and pts >= end:
                return
            if pts >= 0:  # others were decoded for what comes after them
                last = max(pts, last + 1)  # damaged files count backwards
                yield frame, last, duration

    def _decode(self) -> Iterator["av.VideoFrame"]:
        """Frames as FFmpeg gives them; those that cannot be decoded are counted."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except OSError:  # the file ends in the middle
                self.bad += 1
                return
            try:
                decoded = packet.decode()
            except (OSError, ValueError):
                self.bad += 1
                continue
            for frame in decoded:
                self.bad += frame.is_corrupt
                yield frame

    def _progressive(self, frames: Iterator["av.VideoFrame"]) -> Iterator["av.VideoFrame"]:
        """The frames, of interlaced ones both fields at one time (FFmpeg's filter bwdif); others as they are."""
        graph: Any = None
        for frame in frames:
            if graph is None and not frame.interlaced_frame:
                yield frame
                continue
            graph = graph or self._deinterlacing()
            graph.push(frame)
            yield from _pulled(graph)
        if graph is not None:
            graph.push(None)
            yield from _pulled(graph)

    def _deinterlacing(self) -> Any:
        import av.filter

        self.notes.append("the video is interlaced; each frame is made of its first field, and of the others around it")
        graph = av.filter.Graph()
        source, sink = graph.add_buffer(template=self._stream), graph.add("buffersink")
        graph.link_nodes(source, graph.add("bwdif", "send_frame:auto:interlaced"), sink).configure()
        return graph

    def _pixels(self, frame: "av.VideoFrame") -> Pixels:
        from av.video.reformatter import Interpolation

        width, height = self._shrunk
        exact = (
            Interpolation.BITEXACT
            | Interpolation.ACCURATE_RND
            | Interpolation.FULL_CHR_H_INT
            | Interpolation.FULL_CHR_H_INP
        )
        how: dict[str, Any] = {
            "width": width,
            "height": height,
            "interpolation": (Interpolation.AREA if width < frame.width else Interpolation.BICUBIC) | exact,
            "src_colorspace": _matrix(frame),
            "dst_color_range": FULL,
            "threads": 1,
        }
        if frame.color_range:
            how["src_color_range"] = frame.color_range
        if self._hdr:
            deep: Any = frame.reformat(format="rgb48le", **how).to_ndarray()
            pixels = hdr.to_standard(deep, frame.color_trc)
        else:
            shallow: Any = frame.reformat(format="rgb24", **how).to_ndarray()
            pixels = shallow
        return np.ascontiguousarray(np.rot90(pixels, self._turns))


def _pulled(graph: Any) -> Iterator["av.VideoFrame"]:
    while True:
        try:
            yield graph.pull()
        except (BlockingIOError, EOFError):
            return


def _matrix(frame: "av.VideoFrame") -> int:
    """How YUV becomes RGB. Where the file does not say, as players guess it: BT.709 from 720 lines on."""
    if frame.colorspace in (UNSPECIFIED, RGB):
        return BT709 if frame.height >= 720 else BT601
    return frame.colorspace
