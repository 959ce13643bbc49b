"""Folders and videos whose run is killed again and again; no part of the tests.

python tests/soak_files.py batch --times 20
python tests/soak_files.py video --times 20
"""

import random
import shutil
import tempfile
from pathlib import Path

import typer
from support.clips import moving, write_clip
from support.soaking import check, compare, files_of, finished, killed, small_photos, started, temporary

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
MODEL = ("--style", "scream", "--model", "fast", "--device", "cpu", "--threads", "1", "-q")


@app.command()
def batch(times: int = 20, pictures: int = 120, seed: int = 0) -> None:
    """`adain stylize FOLDER --skip-existing`: after each kill every file that has a name is whole."""
    chance, moments, left, runs = random.Random(seed), list[int](), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_photos(folder / "photos", pictures, ("jpg", "png", "webp", "gif"))
        finished(started(folder, "stylize", "photos", "-o", "whole", *MODEL), 2)
        expected, out = files_of(folder / "whole"), folder / "out"
        call = ("stylize", "photos", "-o", "out", "--skip-existing", *MODEL)
        while len(moments) < times:
            while len(moments) < times:
                goal = len(whole(out)) + chance.randint(1, pictures // 4)

                def ready(goal: int = goal) -> bool:
                    return len(whole(out)) >= goal

                if not killed(started(folder, *call), ready, chance.uniform(0, 0.05), code=2):
                    break
                made = {path.relative_to(out).as_posix(): path.read_bytes() for path in whole(out)}
                compare(made, {name: expected.get(name, b"") for name in made})
                moments.append(len(made))
            finished(started(folder, *call), 2)
            for path in temporary(out):
                left += 1
                path.unlink()
            compare(files_of(out), expected)
            shutil.rmtree(out)
            runs += 1
    print(f"{times} kills in {runs} runs of {pictures} pictures, after {moments}: all as undisturbed")
    print(f"{left} hidden temporary files were left by the kills")


def whole(out: Path) -> list[Path]:
    """The files that have their names."""
    return [path for path in out.rglob("*.*") if not path.name.startswith(".")]


@app.command()
def video(times: int = 20, frames: int = 600, seed: int = 0) -> None:
    """`adain video --resume`, and once all is painted too; there is no file until it is whole."""
    chance, moments, total = random.Random(seed), list[str](), frames // 60
    with tempfile.TemporaryDirectory() as name:
        folder, (out, parts) = Path(name), (Path(name) / each for each in ("out.mp4", ".out.mp4.parts"))
        write_clip(folder / "in.mp4", moving(frames, 160, 96), sound="mono")
        call = ("video", "in.mp4", "--size", "128", *MODEL, "-o")
        finished(started(folder, *call, "whole.mp4"))
        expected = (folder / "whole.mp4").read_bytes()

        def done() -> int:
            return len(list(parts.glob("0*.npz")))

        while len(moments) < times:
            while len(moments) < times:
                before, more = done(), chance.randint(0, 2)

                def ready(goal: int = min(before + more, total)) -> bool:
                    return done() >= goal

                process = started(folder, *call, "out.mp4", "--resume")
                # While it starts or, from the last part on, while the parts become one video and are removed.
                late = before + more >= total
                seconds = (
                    chance.uniform(0, 2) if not more or before == total else chance.uniform(0, 0.2 if late else 0.5)
                )
                if not killed(process, ready, seconds):
                    break
                moments.append("end" if out.exists() else str(done()))
                check(not out.exists() or out.read_bytes() == expected, "a part of the video has its name")
                out.unlink(missing_ok=True)
            finished(started(folder, *call, "out.mp4", "--resume"))
            check(out.read_bytes() == expected, "the video differs from that of an undisturbed run")
            check(not parts.exists() and not temporary(folder), "something is left")
            out.unlink()
    print(f"{times} kills, of {frames} frames, after {', '.join(moments)} of {total} parts")
    print("byte for byte the video of an undisturbed run, and nothing is left")


if __name__ == "__main__":
    app()
