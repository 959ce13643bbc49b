"""A video, or a sequence of pictures, to another: decoding, network and encoding run side by side."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import OptionError
from ..pictures import Pixels
from ..stopping import stop_signal
from ..stream import Stream
from ..stylizer import Stylizer
from ..video.ahead import ahead
from ..video.clip import WHOLE, Clip, Frame, Resampled, Span
from ..video.join import Rest, join
from ..video.parts import FRAMES, Parts
from ..video.read import VideoFile
from ..video.sequence import PictureSequence, PictureSink, is_sequence
from ..video.steady import Steady
from ..video.timeline import Timeline
from ..video.write import Encoding, PartSink, Sink

Painted = Generator[tuple[Frame, Pixels], None, None]


@dataclass(frozen=True)
class Job:
    """A video to restyle.

    Attributes:
        content: a video file, a folder of pictures, or a sequence as frames/%05d.png.
        output: the same, but for a folder.
        timeline: what it shall look like, at which second of the result.
        span: which part of the content.
        encoding: of a video; None for a sequence.
        smooth: see `Steady`.
        resume: go on with what an interrupted run of the same job has left, or begin anew; None refuses where something
            is left.
        partial: when interrupted, write what is done; otherwise nothing is left.
    """

    content: str
    output: str
    timeline: Timeline
    span: Span = WHOLE
    encoding: Encoding | None = None
    smooth: float = 0.9
    resume: bool | None = None
    partial: bool = True

    def __post_init__(self) -> None:
        if Path(self.output).resolve() == Path(self.content).resolve():
            raise OptionError(f"{self.content} would be overwritten; give another -o")

    def clip(self) -> Clip:
        """The content; raises what `VideoFile` and `PictureSequence` raise."""
        if is_sequence(self.content):
            return PictureSequence(self.content, self.span)
        clip = VideoFile(self.content, self.span)
        return clip if self.span.rate is None else Resampled(clip, self.span.rate)


@dataclass(frozen=True)
class Done:
    """What became of a job.

    Attributes:
        frames: how many the output has.
        bad: frames of the content that could not be read.
        seconds: that it took, for `new` frames; the others were there.
        busy: part of that time in which the network was at work, 0 to 1.
        stopped: whether a signal ended it early.
        notes: what was converted or left out.
    """

    frames: int
    new: int
    bad: int
    width: int
    height: int
    seconds: float
    busy: float
    stopped: bool
    notes: list[str] = field(default_factory=list)


def run(stylizer: Stylizer, job: Job, tell: Callable[[int, int | None], None] = lambda done, all: None) -> Done:
    """Do a job. SIGINT and SIGTERM end it after the frame under way.

    Args:
        tell: called after each frame with the number of frames that are done, and about how many there are.

    Raises:
        VideoError, PictureError: the content cannot be read, or the output not be written.
        AdaINError: the look cannot be had of this model, or the model fails.
    """
    clip, timeline = job.clip(), job.timeline.encoded(stylizer.encode)
    parts = Parts.beside(Path(job.output), Path(job.output).suffix)
    parts.begin(_facts(stylizer, job, timeline), job.resume)
    done = parts.done()
    state = parts.load(len(done) - 1) if done else {}
    steady = Steady(job.smooth, state)
    frames = before = int(state.get("frames", 0))
    sink: Sink = (
        PictureSink(job.output) if job.encoding is None else PartSink(parts, len(done), clip.shape, job.encoding)
    )
    began, begins, stopped = time.perf_counter(), None, False
    shown, ends, unit = int(state.get("shown", 0)), int(state.get("ends", 0)), clip.shape.time_base
    with stop_signal() as stop, stylizer.stream(clip.shape.size, timeline.at(0)) as stream:
        with closing(_painted(clip, timeline, stream, before)) as painted:
            for frame, content in painted:
                if timeline.jumps(float(shown * unit), float(frame.pts * unit)):
                    steady.forget()
                shown = frame.pts
                frame = replace(frame, pixels=steady.take(content, frame.pixels))
                begins, ends = frame.pts if begins is None else begins, frame.pts + frame.duration
                sink.write(frame)
                frames += 1
                tell(frames, clip.expected)
                if frames % FRAMES == 0:
                    sink.end_part()
                    numbers = {"begins": begins, "shown": shown, "ends": ends, "frames": frames}
                    state = steady.state | {name: np.array(value) for name, value in numbers.items()}
                    parts.save(frames // FRAMES - 1, state)
                    begins = None
                if stop():
                    stopped = True
                    break
        seconds, busy = time.perf_counter() - began, stream.busy
    sink.end_part()
    notes = [*clip.notes, *_finish(job, clip, parts, begins, ends, stopped)]
    share = busy / seconds if seconds else 0.0
    width, height = clip.shape.size
    return Done(frames, frames - before, clip.bad, width, height, round(seconds, 3), round(share, 3), stopped, notes)


def _painted(clip: Clip, timeline: Timeline, stream: Stream, skip: int) -> Painted:
    """The frames of a clip after the first `skip`, painted, each with its content."""
    waiting: deque[Frame] = deque()

    def contents() -> Iterator[Pixels]:
        with closing(ahead(islice(clip.frames(), skip, None))) as frames:
            for frame in frames:
                stream.look = timeline.at(float(frame.pts * clip.shape.time_base))
                waiting.append(frame)
                yield frame.pixels

    with closing(ahead(stream.run(contents()))) as results:
        for pixels in results:
            frame = waiting.popleft()
            yield replace(frame, pixels=pixels), frame.pixels


def _finish(job: Job, clip: Clip, parts: Parts, begins: int | None, ends: int, stopped: bool) -> list[str]:
    """Make the output of the parts, and remove them unless they are wanted to go on with."""
    done, notes = parts.done(), []
    if job.encoding is not None and (job.partial or not stopped):
        starts = [int(parts.load(number)["begins"]) for number in range(len(done))]
        if begins is not None:  # the last part is shorter, and not noted as whole
            done, starts = [*done, parts.part(len(done))], [*starts, begins]
        unit = clip.shape.time_base
        end = float(ends * unit) if stopped or job.span.end is not None else None
        rest = None if is_sequence(job.content) else Rest(job.content, job.span.start, end)
        notes = join(done, starts, unit, Path(job.output), rest)
    if not stopped or not job.partial:
        parts.remove()
    return notes


def _facts(stylizer: Stylizer, job: Job, timeline: Timeline) -> dict[str, Any]:
    """What has to be the same for an interrupted job to go on."""
    content = Path(job.content)
    changed = content.stat().st_mtime_ns if content.is_file() else None
    return {
        "content": [str(content.resolve()), changed],
        "look": timeline.described(),
        "span": asdict(job.span),
        "smooth": job.smooth,
        "encoding": job.encoding and asdict(job.encoding),
        "model": stylizer.contract.checkpoint_sha256,
    }
