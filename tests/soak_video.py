"""One long video: memory, threads and open files must stay level. Not part of the tests.

python tests/soak_video.py --frames 10000
"""

import os
import tempfile
from itertools import cycle, islice
from pathlib import Path

import psutil
import typer
from support.clips import moving, write_clip

from adain import Look, Stylizer
from adain.apps import video
from adain.video.timeline import Timeline
from adain.video.write import Encoding


def main(frames: int = 10_000, width: int = 64, height: int = 48, device: str = "auto", smooth: float = 0.9) -> None:
    """Print what the process holds after every tenth of the frames, then what became of it."""
    process, every = psutil.Process(), max(frames // 10, 1)
    print("frames  memory MB  files  threads")

    def tell(done: int, expected: int | None) -> None:
        if done % every == 0:
            files = process.num_handles() if os.name == "nt" else process.num_fds()
            memory = process.memory_info().rss / 1e6
            print(f"{done:6}  {memory:9.0f}  {files:5}  {process.num_threads():7}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        pictures = moving(200, width, height)
        content = write_clip(Path(folder) / "in.mp4", list(islice(cycle(pictures), frames)))
        timeline = Timeline(Look(), {"styles": ((0.0, (("scream",), ())), (5.0, (("udnie",), ())))})
        out = Path(folder) / "out.mp4"
        job = video.Job(str(content), str(out), timeline, encoding=Encoding.of(".mp4"), smooth=smooth)
        done = video.run(Stylizer(device=device), job, tell)  # type: ignore[arg-type]
    print(f"{done.frames} frames in {done.seconds:.0f} s, network at work {done.busy:.0%}")


if __name__ == "__main__":
    typer.run(main)
