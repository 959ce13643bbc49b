"""`adain live`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from ..apps.live import Controls, Live
from ..look import Look
from ..session import real_time_model
from ..stylizer import Stylizer
from ..video.camera import Camera
from ..video.screens import Format, Target, open_screen
from . import options
from .printing import stderr_console


def live(
    style: Annotated[
        list[str],
        Option("--style", "-s", help="A picture, a .npy style, or a name; several to choose from with n and p."),
    ],
    camera: Annotated[int, Option(help="The number of a camera.")] = 0,
    source: Annotated[str | None, Option(help="A file or an address in its place.", show_default="the camera")] = None,
    loop: Annotated[bool, Option("--loop", help="Begin a file again at its end.")] = False,
    to: Annotated[Target, Option(help="A window, a virtual camera, or - for stdout.")] = "window",
    format: Annotated[Format, Option(help="Of stdout: RGB bytes, or JPEGs.")] = "raw",
    fps: Annotated[float, Option(help="Frames a second to hold: the size that is painted follows from it.")] = 30,
    size: Annotated[int, Option(help="The longer side that is shown, and at most painted, in px.")] = 512,
    smooth: options.Smooth = 0.8,
    alpha: options.Alpha = 1.0,
    style_size: options.StyleSize = None,
    color: options.Color = "style",
    color_strength: options.ColorStrength = 1.0,
    stroke_size: options.StrokeSize = "full",
    mask: Annotated[
        str | None,
        Option(help="A picture that is white, or opaque, where to paint; stretched to what is shown."),
    ] = None,
    feather: Annotated[float, Option(help="Width of the edges of the mask, in px of what is shown.")] = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    model: Annotated[Path | None, options.model(show_default="large on a GPU, else fast")] = None,
    quiet: options.Quiet = False,
) -> None:
    """Restyle a camera as it runs.

    Late frames are dropped. In the window n and p change the style, + and - its strength, i shows or hides the figures,
    and q ends. A source that fails says so on the picture and is tried again.
    """
    options.need_extra("live", "cv2", *(["pyvirtualcam"] if to == "camera" else []))
    stylizer = Stylizer(model or real_time_model(device), device, threads=threads)
    look = Look(
        alpha=alpha,
        style_size=style_size,
        color=color,
        color_strength=color_strength,
        stroke_size=options.stroke_size_of(stroke_size),
        mask=mask,
        feather=feather,
        fit=True,
    )
    looks = [stylizer.encode(look.after(each)) for each in style]
    controls = Controls(looks, fps, size, smooth, figures=to == "window")
    console = stderr_console(quiet)
    with Camera(camera if source is None else source, loop) as frames:
        first = frames.take(0)
        assert first is not None, "a camera without a first frame raises"
        screen = open_screen(to, controls.shown(first), fps, format)
        width, height = controls.shown(first)
        console.print(f"{frames.name}  {width}x{height} to {to} on {stylizer.device}", markup=False)
        try:
            ran = Live(stylizer, frames, controls).run(screen)
        finally:
            screen.close()
    rate, late = ran.shown / ran.seconds, 1000 * ran.latency
    what = f"{ran.shown} frames, {ran.dropped} dropped, {rate:.1f} frames/s, {late:.0f} ms, {ran.width}x{ran.height} px"
    console.print(what, markup=False)
