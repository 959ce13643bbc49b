"""`adain video`."""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer import Argument, Option

from ..apps import video as videos
from ..errors import OptionError
from ..look import Look
from ..stylizer import Stylizer
from ..video.clip import Span
from ..video.sequence import is_sequence
from ..video.timeline import Key, Timeline, seconds
from ..video.write import Codec, Encoding
from . import options
from .printing import complain, progress_bar, stderr_console

StyleOption = Annotated[
    list[str] | None,
    Option(
        "--style", "-s", help="A picture, a .npy style, or a name; with @SECONDS it fades in then. May be repeated."
    ),
]
MixOption = Annotated[
    str | None, Option(help="Shares of several styles without times, such as 0.7,0.3.", show_default="equal")
]
AlphaOption = Annotated[
    list[str] | None,
    Option(help="0 gives back the content, 1 is the full style; with @SECONDS it changes. May be repeated."),
]
OutOption = Annotated[
    str | None,
    Option("--out", "-o", help="A .mp4, .mkv, .mov or .webm, or frames/%05d.png.", show_default="CONTENT-STYLE.mp4"),
]
ResumeOption = Annotated[
    bool | None, Option("--resume/--anew", help="Go on after an interruption, with the same frames, or begin anew.")
]
PartialOption = Annotated[
    bool, Option("--partial/--no-partial", help="On Ctrl-C write what is done, or leave nothing.")
]


def video(
    content: Annotated[str, Argument(help="A video, a folder of pictures, or frames/%05d.png.", show_default=False)],
    style: StyleOption = None,
    mix: MixOption = None,
    alpha: AlphaOption = None,
    fade: Annotated[float, Option(help="Seconds from one style to the next.")] = 1.0,
    script: Annotated[Path | None, Option(help="A .toml file of key times.", show_default="none")] = None,
    style_size: options.StyleSize = None,
    color: options.Color = "style",
    color_strength: options.ColorStrength = 1.0,
    stroke_size: options.StrokeSize = "full",
    mask: options.Mask = None,
    feather: options.Feather = 0,
    fit: options.Fit = False,
    out: OutOption = None,
    start: Annotated[str, Option("--from", help="Where to begin: seconds, or as 1:30.")] = "0",
    end: Annotated[str | None, Option("--to", help="Where to end.", show_default="the end")] = None,
    fps: Annotated[float | None, Option(help="Frames a second.", show_default="the content's own times")] = None,
    size: options.Size = None,
    codec: Annotated[Codec | None, Option(help="How to encode.", show_default="h264; vp9 in .webm")] = None,
    quality: Annotated[int | None, Option(help="CRF: lower is better and larger.", show_default="20 for h264")] = None,
    smooth: options.Smooth = 0.9,
    resume: ResumeOption = None,
    partial: PartialOption = True,
    device: options.Device = "auto",
    threads: options.Threads = None,
    model: options.Model = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Restyle a video, or a sequence of pictures.

    Sound, subtitles, chapters and the times of the frames are kept. Ctrl-C ends it after the frame under way; the same
    command with --resume goes on.
    """
    options.need_extra("video", "av")
    if smooth:
        options.need_extra("video", "cv2")
    span = Span(seconds(start), None if end is None else seconds(end), fps, size)
    look = Look(
        style_size=style_size,
        color=color,
        color_strength=color_strength,
        stroke_size=options.stroke_size_of(stroke_size),
        mask=mask,
        feather=feather,
        fit=fit,
    )
    timeline = _timeline(style or [], mix, alpha or [], fade, script, look)
    output = out or f"{Path(content).stem}-{timeline.name.replace(' + ', '+')}.mp4"
    pictures = is_sequence(output)
    if pictures and (codec or quality is not None):
        raise OptionError("pictures have no --codec and no --quality")
    encoding = None if pictures else Encoding.of(Path(output).suffix, codec, quality)
    job = videos.Job(content, output, timeline, span, encoding, smooth, resume, partial)
    stylizer = Stylizer(model, device, threads=threads)
    done = _run(stylizer, job, stderr_console(quiet or as_json))
    if as_json:
        facts: dict[str, Any] = {"content": content, "output": output, "model": stylizer.contract.model}
        typer.echo(json.dumps(facts | {"device": stylizer.device} | asdict(done), indent=2))
    _complain(job, done)


def _run(stylizer: Stylizer, job: videos.Job, console: Console) -> videos.Done:
    with progress_bar(console) as progress:
        task = progress.add_task("frames", total=None, note="")
        first: list[tuple[int, float]] = []

        def tell(done: int, expected: int | None) -> None:
            now = time.perf_counter()
            first[:] = first or [(done, now)]
            ((before, began),) = first
            rate = f"{(done - before) / (now - began):.2f} frames/s" if done > before else ""
            total = None if expected is None else max(expected, done)
            progress.update(task, completed=done, total=total, note=rate)

        done = videos.run(stylizer, job, tell)
    for note in done.notes:
        console.print(f"note: {note}", markup=False)
    speed = f"{done.new / done.seconds:.2f} frames/s, network at work {done.busy:.0%}" if done.seconds else ""
    what = f"{done.frames} frames of {done.width}x{done.height}, {speed} on {stylizer.device}"
    console.print(f"{job.output}  {what}", markup=False)
    return done


def _complain(job: videos.Job, done: videos.Done) -> None:
    """Tell what is not as it was wanted."""
    if done.bad:
        complain(f"{done.bad} frames of {job.content} could not be read; those before them are shown longer")
    if done.stopped:
        kept = f"{job.output} holds what is done; --resume goes on" if job.partial else "nothing is left"
        complain(f"stopped after {done.frames} frames; {kept}")
    if done.bad or done.stopped:
        raise typer.Exit(2)


def _timeline(
    styles: list[str], mix: str | None, alphas: list[str], fade: float, script: Path | None, look: Look
) -> Timeline:
    """The options as looks over time."""
    if script is not None:
        if styles or alphas or mix:
            raise OptionError("a --script holds styles and alpha; leave --style, --mix and --alpha")
        return Timeline.read(script, look)
    if not styles:
        raise OptionError("there is no style; give --style NAME, or a --script")
    keys: dict[str, list[Key]] = {}
    timed = [_timed(style) for style in styles]
    if any(time is not None for _, time in timed):
        if mix:
            raise OptionError("--mix is for styles without times; a --script can hold both")
        if any(time is None for _, time in timed):
            raise OptionError("some styles have a time and others not; give each one as NAME@SECONDS, or none")
        keys["styles"] = [(time or 0.0, ((style,), ())) for style, time in timed]
    wanted = "number; give one, or a number with @SECONDS"
    values = [(options.value("alpha", text, float, wanted), time) for text, time in map(_timed, alphas)]
    if len(values) > 1 or any(time is not None for _, time in values):
        keys["alpha"] = [(time or 0.0, value) for value, time in values]
    if "styles" not in keys:
        look = replace(look, styles=tuple(styles), shares=options.numbers("mix", mix) if mix else ())
    if values and "alpha" not in keys:
        look = replace(look, alpha=values[0][0])
    return Timeline(look, keys, fade)


def _timed(text: str) -> tuple[str, float | None]:
    """What stands before the @ of a time, and the time; a file may have an @ in its name."""
    name, at, when = text.rpartition("@")
    if not at or Path(text).is_file():
        return text, None
    return name, seconds(when)
