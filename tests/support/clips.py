"""Small videos for tests, made with PyAV; nothing here is imported where PyAV is missing."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
TICKS = 90_000  # a second


def moving(count: int, width: int = 128, height: int = 96) -> list[Pixels]:
    """A bright square that goes right over a ramp, and a corner that tells the number of the frame."""
    ramp = np.linspace(40, 120, width)[None, :, None] * np.ones((height, 1, 3))
    frames = []
    for number in range(count):
        frame = ramp.astype(np.uint8)
        frame[20:36, 8 + number : 24 + number] = (220, 60, 40)
        frame[:16, :16] = 8 * (number % 32)
        frames.append(frame)
    return frames


def write_clip(
    file: Path,
    frames: Sequence[Pixels],
    *,
    codec: str = "libx264",
    times: Sequence[float] | None = None,
    rate: int = 25,
    sound: str | None = None,
    sound_codec: str = "aac",
    subtitles: Sequence[tuple[float, str]] = (),
    rotation: int = 0,
    pix_fmt: str = "yuv420p",
    colour: tuple[int, int, int, int] = (1, 1, 1, 1),
    ratio: Fraction = Fraction(1),
    chapters: Any = (),
    options: dict[str, str] | None = None,
) -> Path:
    """Write a clip.

    Args:
        times: of the frames, in seconds; None puts them `rate` a second.
        sound: the layout of a tone as long as the clip, such as "mono"; None leaves it silent.
        colour: matrix, range, primaries, transfer, as FFmpeg numbers them.
    """
    times = [number / rate for number in range(len(frames))] if times is None else times
    with av.open(str(file), "w") as out:
        video: Any = out.add_stream(codec, rate=rate, options=options or {})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = pix_fmt
        coder = video.codec_context
        coder.time_base, coder.sample_aspect_ratio = Fraction(1, TICKS), ratio
        coder.colorspace, coder.color_range, coder.color_primaries, coder.color_trc = colour
        if rotation:
            video.set_display_rotation(rotation)
        tone: Any = None if sound is None else out.add_stream(sound_codec, rate=48_000, layout=sound)
        lines: Any = out.add_mux_stream("subrip") if subtitles else None
        if chapters:
            out.set_chapters(list(chapters))
        out.metadata["title"] = "a clip"
        for pixels, time in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray(pixels, "rgb48le" if pixels.dtype == np.uint16 else "rgb24")
            picture = picture.reformat(
                format=pix_fmt, dst_colorspace=colour[0], src_color_range=2, dst_color_range=colour[1]
            )
            picture.pts, picture.time_base, picture.duration = round(time * TICKS), Fraction(1, TICKS), TICKS // rate
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        if tone:
            _write_tone(out, tone, times[-1] + 1 / rate)
        for time, text in subtitles:
            packet = av.Packet(text.encode())
            packet.pts = packet.dts = round(time * 1000)
            packet.time_base, packet.duration, packet.stream = Fraction(1, 1000), 200, lines
            out.mux(packet)
    return file


def _write_tone(out: Any, stream: Any, seconds: float) -> None:
    channels = len(stream.layout.channels)
    samples = np.sin(np.arange(round(48_000 * seconds)) * 0.05).astype(np.float32)
    for start in range(0, len(samples), 1024):
        piece = np.tile(samples[start : start + 1024], (channels, 1))
        frame: Any = av.AudioFrame.from_ndarray(piece, "fltp", stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def read_clip(file: Path) -> tuple[list[Pixels], list[Fraction]]:
    """All frames, uint8 [H,W,3] as they are stored, and when each is shown, in seconds."""
    with av.open(str(file)) as container:
        found = [
            (frame.to_ndarray(format="rgb24", src_colorspace=frame.colorspace), frame.pts * frame.time_base)
            for frame in container.decode(video=0)
        ]
    return [pixels for pixels, _ in found], [time for _, time in found]


def packets_of(file: Path, kind: str) -> list[tuple[float, bytes]]:
    """Time and bytes of the packets of the first stream of a kind."""
    with av.open(str(file)) as container:
        stream: Any = next(stream for stream in container.streams if stream.type == kind)
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.size]
