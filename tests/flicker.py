"""How much less a video flickers with `--smooth`, and what that costs in sharpness. Not part of the tests.

    python tests/flicker.py clip.mp4 ... --style scream

Clips: those given, and four made here of scikit-image's pictures, panned, zoomed and turned with a little noise, of
which the last stands still with the noise of a sensor. For each:

    flicker      the mean difference between a frame and the one before, moved by the flow of the content (Farneback's,
                 which the method does not use), where the flow there and back agrees; steps of 255
    content      the flicker of the content itself, where the flow is not quite right and the video is compressed
    sharpness    the mean gradient (Sobel) of the brightness, as a part of that of the plain frames
    blur         the sharpness of the plain frames blurred until they flicker as little as the smooth ones
"""

from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from skimage import data

from adain import Look, Stylizer, shipped
from adain.pictures import Pixels
from adain.report import markdown_table
from adain.session import Session
from adain.video.clip import Span
from adain.video.read import VideoFile
from adain.video.steady import Steady

Frames = Sequence[Pixels]
Flow = tuple[NDArray[np.float32], NDArray[np.bool_]]  # where a pixel was in the frame before, and whether that is sure
SETTLED = 4  # frames at the beginning that are left out


def panned(picture: Pixels, count: int, zoom: float, right: float, down: float, turn: float, noise: float) -> Frames:
    """A window of 256 x 160 px that moves over a picture; all per frame, in px and degrees."""
    width, height, numbers = 256, 160, np.random.default_rng(0)
    frames = []
    for frame in range(count):
        centre = (picture.shape[1] / 2 + right * frame, picture.shape[0] / 2 + down * frame)
        matrix = cv2.getRotationMatrix2D(centre, turn * frame, 0.62 * (1 + zoom * frame))
        matrix[:, 2] += (width / 2 - centre[0], height / 2 - centre[1])
        moved = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        frames.append(np.rint((moved + numbers.normal(0, noise, moved.shape)).clip(0, 255)).astype(np.uint8))
    return frames


def grey(picture: Pixels) -> Any:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def moved(picture: Any, places: Any) -> Any:
    return cv2.remap(picture, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def flow_of(old: Pixels, new: Pixels) -> Flow:
    calm = [cv2.GaussianBlur(grey(picture), (0, 0), 0.8) for picture in (old, new)]

    def between(a: Any, b: Any) -> Any:
        return cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 4, 15, 4, 7, 1.5, 0)

    back, there = between(calm[1], calm[0]), between(calm[0], calm[1])
    height, width = new.shape[:2]
    places = back + np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=2).astype(np.float32)
    wrong = np.linalg.norm(back + moved(there, places), axis=2)
    inside = ((places >= 0) & (places <= (width - 1, height - 1))).all(axis=2)
    return places, (wrong < 0.5 + 0.05 * np.linalg.norm(back, axis=2)) & inside


def flicker(frames: Frames, flows: Sequence[Flow]) -> float:
    changes = [
        np.abs(moved(old, places).astype(int) - new)[sure].mean()
        for (old, new), (places, sure) in islice(zip(pairwise(frames), flows, strict=True), SETTLED, None)
    ]
    return float(np.mean(changes))


def sharpness(frames: Frames) -> float:
    light = [grey(frame).astype(np.float32) for frame in frames[SETTLED:]]
    return float(np.mean([np.hypot(cv2.Sobel(x, -1, 1, 0), cv2.Sobel(x, -1, 0, 1)).mean() for x in light]))


def blurred_to(wanted: float, frames: Frames, flows: Sequence[Flow]) -> Frames:
    """The frames, blurred until they flicker no more than is wanted."""
    low, high = 0.1, 12.0
    for _ in range(7):
        sigma = (low * high) ** 0.5
        blurred = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames]
        low, high = (sigma, high) if flicker(blurred, flows) > wanted else (low, sigma)
    return blurred  # type: ignore[return-value]  # OpenCV's arrays


def with_calm_statistics(share: float, content: Frames, look: Look) -> Frames:
    """Painted by the large model with statistics of the content of which `share` is that of the frames before."""
    measure, paint = (Session(shipped.ONNX / f"{graph}.onnx", graph, "cpu") for graph in ("measure", "paint"))
    inputs, weight, kept, results = look.inputs(), np.ones((1, *content[0].shape[:2]), np.float32), None, []
    for frame in content:
        now = measure.run(frame[None], {**inputs, "weight": weight})
        kept = now if kept is None else share * kept + (1 - share) * now
        results.append(paint.run(frame[None], {**inputs, "statistics": kept.astype(np.float32)})[0])
    return results


def main(
    clips: Annotated[list[Path] | None, typer.Argument(help="Videos.")] = None,
    model: Annotated[str, typer.Option()] = "large",
    style: Annotated[list[str], typer.Option()] = ["starry-night", "scream"],  # noqa: B006
    smooth: Annotated[float, typer.Option()] = 0.9,
    statistics: Annotated[float, typer.Option(help="In place of --smooth: how much stays of statistics.")] = 0,
    frames: Annotated[int, typer.Option()] = 20,
    start: Annotated[float, typer.Option(help="Seconds at which videos begin.")] = 1.0,
    size: Annotated[int, typer.Option(help="px of the longer side.")] = 256,
) -> None:
    """Print a table for each style."""
    contents: dict[str, Frames] = {
        clip.stem: [f.pixels for f in islice(VideoFile(clip, Span(start=start, size=size)).frames(), frames)]
        for clip in clips or []
    }
    contents["zoom"] = panned(data.astronaut(), frames, 0.004, 1.3, 0.4, 0, 2)
    contents["turn"] = panned(data.coffee(), frames, -0.003, -0.7, 0.9, 0.3, 2)
    contents["pan"] = panned(data.chelsea(), frames, 0, 2.4, 0.3, 0, 2)
    contents["still"] = panned(data.chelsea(), frames, 0, 0, 0, 0, 4)
    flows = {name: [flow_of(*pair) for pair in pairwise(each)] for name, each in contents.items()}
    own = {name: f"{flicker(each, flows[name]):.1f}" for name, each in contents.items()}
    stylizer = Stylizer(model, "cpu")
    for each in style:
        look, rows = stylizer.encode(Look((each,))), []
        for name, content in contents.items():
            plain = [stylizer.stylize(frame, look) for frame in content]
            steady = Steady(smooth)
            if statistics:
                calm = list(with_calm_statistics(statistics, content, look))
            else:
                calm = [steady.take(*pair) for pair in zip(content, plain, strict=True)]
            before, after = flicker(plain, flows[name]), flicker(calm, flows[name])
            blurred = blurred_to(after, plain, flows[name])
            parts = (after / before, sharpness(calm) / sharpness(plain), sharpness(blurred) / sharpness(plain))
            rows.append((name, own[name], f"{before:.1f}", f"{after:.1f}", *(f"{part:.2f}" for part in parts)))
        print(f"\n{each}\n")
        print(markdown_table((("clip", "content", "plain", "smooth", "part", "sharpness", "blur"), rows)), flush=True)


if __name__ == "__main__":
    typer.run(main)
