"""Processor time of a frame of `adain live` and `adain video`, by part; no part of the tests.

    taskset -c 1 python tests/frame_costs.py --model fast --size 512

The real apps run on a clip made here (1280 x 720 px, H.264, a picture that is panned), slowly enough that no frame is
dropped, with one thread each for the network and for OpenCV. Other work on the machine changes processor time little.
"""

import io
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import av
import cv2
import numpy as np
import typer
from skimage import data

from adain import Look, Stylizer
from adain.apps import live, video
from adain.report import markdown_table
from adain.session import PictureLane
from adain.video import camera, screens
from adain.video.clip import Span
from adain.video.read import VideoFile
from adain.video.steady import Steady
from adain.video.timeline import Timeline
from adain.video.write import Encoding, PartSink

WIDTH, HEIGHT, RATE = 1280, 720, 8


def clip(file: Path, frames: int) -> None:
    """A picture that is panned by 3 px a frame."""
    picture = cv2.resize(data.astronaut(), (1700, 1700), interpolation=cv2.INTER_CUBIC)
    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            part = picture[300 : 300 + HEIGHT, 3 * number : 3 * number + WIDTH]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(part), "rgb24")))
        container.mux(stream.encode(None))


class Costs:
    """Processor seconds by part; a part is a function that runs in one thread."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = defaultdict(list)
        self._undo: list[Callable[[], None]] = []
        self._began = time.process_time()

    def watch(self, place: Any, name: str, part: str) -> None:
        """Count each call of `place.name`."""
        function = getattr(place, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                self.parts[part].append(time.thread_time() - began)

        setattr(place, name, watched)
        self._undo.append(lambda: setattr(place, name, function))

    def table(self, frames: int) -> str:
        """Milliseconds of a frame and shares; what no part has counted is the rest."""
        total = (time.process_time() - self._began) / frames
        for undo in self._undo:
            undo()
        costs = {part: sum(calls) / frames for part, calls in self.parts.items()}
        costs["all else: decoding, encoding, waiting"] = total - sum(costs.values())
        rows = [(part, f"{1000 * cost:.1f}", f"{100 * cost / total:.0f} %") for part, cost in costs.items()]
        return markdown_table((("part", "ms", "share"), [*rows, ("together", f"{1000 * total:.1f}", "")]))


def of_live(stylizer: Stylizer, look: Look, file: Path, size: int) -> str:
    """`adain live --source FILE --to - --format mjpeg`."""
    sys.stdout, out = SimpleNamespace(buffer=io.BytesIO()), sys.stdout  # type: ignore[assignment]
    with camera.Camera(str(file)) as source:
        controls = live.Controls((look,), rate=1, size=size)  # so slow that it paints the size that is wished
        app, costs = live.Live(stylizer, source, controls), Costs()
        app._side = size  # it begins smaller, and looks how fast that is
        costs.watch(PictureLane, "run", "network")
        costs.watch(Steady, "take", "smoothing")
        costs.watch(live, "resize", "sizes")
        costs.watch(live, "write_on", "figures on the picture")
        costs.watch(screens, "_jpeg", "JPEG")
        ran = app.run(screens.Pipe("mjpeg"))
    sys.stdout = out
    return f"live, {ran.width} x {ran.height} px, {ran.shown} frames, {ran.dropped} dropped\n\n{costs.table(ran.shown)}"


def of_video(stylizer: Stylizer, look: Look, file: Path, size: int) -> str:
    """`adain video FILE --size SIZE -o OUT.mp4`."""
    output, costs = file.with_name("out.mp4"), Costs()
    costs.watch(PictureLane, "run", "network")
    costs.watch(Steady, "take", "smoothing")
    costs.watch(VideoFile, "_pixels", "to RGB and to size")
    costs.watch(PartSink, "write", "to YUV, and the encoder's own thread")
    job = video.Job(str(file), str(output), Timeline(look), Span(size=size), Encoding.of(".mp4"))
    done = video.run(stylizer, job)
    return f"video, {done.width} x {done.height} px, {done.frames} frames\n\n{costs.table(done.frames)}"


def main(
    model: Annotated[str, typer.Option()] = "fast",
    size: Annotated[int, typer.Option(help="px of the longer side.")] = 512,
    frames: Annotated[int, typer.Option()] = 80,
) -> None:
    """Print a table for each app."""
    cv2.setNumThreads(1)
    stylizer = Stylizer(model, "cpu", threads=1)
    look = stylizer.encode(Look(("scream",)))
    with tempfile.TemporaryDirectory() as folder:
        clip(file := Path(folder, "clip.mp4"), frames)
        for app in (of_live, of_video):
            print(f"\n{app(stylizer, look, file, size)}", flush=True)


if __name__ == "__main__":
    typer.run(main)
