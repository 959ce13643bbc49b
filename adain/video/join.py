"""Parts of a video and all that the source has beside its pictures, to one file: nothing is encoded anew that the file
can hold as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import VideoError, first_line
from ..replacing import replacing
from .read import is_cover, open_container, origin

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

Packets = Iterator[Any]  # of av

# Metadata of the old file that is not true of the new one.
_OWN = {"major_brand", "minor_version", "compatible_brands", "encoder", "rotate", "duration"}


@dataclass(frozen=True)
class Rest:
    """What is kept of the source beside its pictures.

    Attributes:
        file: the source.
        start: seconds of it where the new file begins.
        end: seconds of the new file where sound and subtitles end; None takes all.
    """

    file: str
    start: float = 0.0
    end: float | None = None

    def begin(self, source: "InputContainer") -> Fraction:
        """Where the new file begins on the source's own clock, in seconds."""
        return origin(source) + Fraction(self.start).limit_denominator(1_000_000)


def join(parts: Sequence[Path], begins: Sequence[int], unit: Fraction, out: Path, rest: Rest | None) -> list[str]:
    """Write a video, whole or not at all.

    Args:
        parts: one or more, of one encoding.
        begins: when each begins, in `unit` seconds.
        out: with a suffix of `write.HOLDS`.
        rest: sound, subtitles, chapters, title and so on; None leaves them out.

    Returns:
        What could not be kept as it was, one sentence each.

    Raises:
        VideoError: the file cannot be written.
    """
    import av

    quicktime = out.suffix.lower() in (".mp4", ".mov")
    options = {"movflags": "+faststart", "movie_timescale": "90000"} if quicktime else {}
    notes: list[str] = []
    try:
        with replacing(out, parts[0].parent) as temporary, av.open(str(temporary), "w", options=options) as container:
            with av.open(str(parts[0])) as first:
                coded = first.streams.video[0]
                stream: Any = container.add_stream_from_template(coded, opaque=True)  # may have no encoder of its name
                if quicktime and coded.codec_context.codec.canonical_name == "hevc":
                    stream.codec_context.codec_tag = "hvc1"  # the name under which Apple's players know it
            sources = [_video(parts, begins, unit, stream)]
            if rest is not None:
                source = open_container(rest.file)
                sources += _kept(source, rest, container, notes)
            numbers = count()  # a heap compares packets by time alone
            timed = [((_time(packet), next(numbers), packet) for packet in packets) for packets in sources]
            for _, _, packet in merge(*timed):
                container.mux_one(packet)
    except (OSError, ValueError) as error:
        raise VideoError(f"{out} cannot be written ({first_line(error)})") from error
    return notes


def _time(packet: Any) -> Fraction:
    time: Fraction = (packet.pts if packet.dts is None else packet.dts) * packet.time_base
    return time


def _video(parts: Sequence[Path], begins: Sequence[int], unit: Fraction, stream: Any) -> Packets:
    """The packets of all parts, on one clock.

    Each part's decoding times start before its first frame, which would be within the part before; so all are
    given anew: the n-th packet is decoded when the n-th picture is shown, less what the order of the pictures needs.
    """
    shown: list[int] = []  # of every packet, in the order of decoding
    for packet, offset in _packets(parts, begins, unit):
        shown.append(packet.pts + offset)
    order = sorted(shown)
    rank = {pts: number for number, pts in enumerate(order)}
    delay = max(number - rank[pts] for number, pts in enumerate(shown))
    step = order[1] - order[0] if len(order) > 1 else 1
    for number, (packet, offset) in enumerate(_packets(parts, begins, unit)):
        packet.pts += offset
        early = number - delay
        packet.dts = order[early] if early >= 0 else order[0] + early * step
        packet.stream = stream
        yield packet


def _packets(parts: Sequence[Path], begins: Sequence[int], unit: Fraction) -> Iterator[tuple[Any, int]]:
    """All packets, each with what to add to its time."""
    import av

    for part, begin in zip(parts, begins, strict=True):
        with av.open(str(part)) as container:
            stream: Any = container.streams.video[0]
            offset = round(begin * unit / stream.time_base)
            for packet in container.demux(stream):
                if packet.size:
                    yield packet, offset


def _kept(source: "InputContainer", rest: Rest, out: "OutputContainer", notes: list[str]) -> list[Packets]:
    """Set up the streams that are kept, and give their packets."""
    out.metadata.update({key: value for key, value in source.metadata.items() if key.lower() not in _OWN})
    _copy_chapters(source, rest, out)
    packets: list[Packets] = []
    stream: Any
    copy: Any
    painted = next(stream for stream in source.streams.video if not is_cover(stream))
    for stream in source.streams:
        if stream is painted:
            continue
        if stream.type not in ("audio", "subtitle"):
            notes.append(f"a stream of the type {stream.type} is left out")
            continue
        name = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
        language = f" ({stream.language})" if stream.language else ""
        if name in out.supported_codecs:
            copy = out.add_stream_from_template(stream, opaque=True)
            own = _of_stream(rest, stream.index)
            packets.append(_moved(own, copy))
        elif stream.type == "audio" and stream.codec_context:
            codec = "aac" if "aac" in out.supported_codecs else "libopus"
            copy = out.add_stream(codec, rate=48_000 if codec == "libopus" else stream.codec_context.sample_rate)
            copy.layout = stream.codec_context.layout
            packets.append(_encoded(_of_stream(rest, stream.index), copy))
            notes.append(f"the sound{language} is {name}, which the file cannot hold; it becomes {codec}")
        else:
            notes.append(f"the subtitles{language} are {name}, which the file cannot hold; give a .mkv to keep them")
            continue
        copy.metadata.update({key: value for key, value in stream.metadata.items() if key.lower() not in _OWN})
        copy.disposition = stream.disposition
    return packets


def _copy_chapters(source: "InputContainer", rest: Rest, out: "OutputContainer") -> None:
    begin, end = rest.begin(source), rest.end
    chapters: Any = []
    chapter: Any
    for chapter in source.chapters():
        unit = chapter["time_base"]
        starts, ends = (chapter[side] - round(begin / unit) for side in ("start", "end"))
        if end is not None:
            ends = min(ends, round(Fraction(end) / unit))
        if max(starts, 0) < ends:
            chapters.append({**chapter, "start": max(starts, 0), "end": ends})
    if chapters:
        out.set_chapters(chapters)


def _of_stream(rest: Rest, index: int) -> Packets:
    """The packets of one stream in the wanted stretch, on the new clock. Each stream is read on its own, so that none
    waits in memory for another.
    """
    container = open_container(rest.file)
    begin = rest.begin(container)
    stream = container.streams[index]
    try:
        for packet in container.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            offset = round(begin / packet.time_base)
            packet.pts -= offset
            packet.dts = None if packet.dts is None else packet.dts - offset
            time = packet.pts * packet.time_base
            if rest.end is not None and time >= rest.end:
                return
            if not rest.start or packet.pts + (packet.duration or 0) > 0:  # what comes before 0 primes the decoder
                yield packet
    except OSError:
        return  # a file that is cut off ends here


def _moved(packets: Packets, stream: Any) -> Packets:
    for packet in packets:
        packet.stream = stream
        yield packet


def _encoded(packets: Packets, stream: Any) -> Packets:
    """Sound in another codec."""
    for packet in packets:
        try:
            frames = packet.decode()
        except (OSError, ValueError):
            continue
        for frame in frames:
            yield from stream.encode(frame)
    yield from stream.encode(None)
