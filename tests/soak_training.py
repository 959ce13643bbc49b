"""A small training run that is killed again and again, also while it writes a checkpoint; no part of the tests.

What it ends with has to be what a run that nobody disturbed ends with, byte for byte.

    python tests/soak_training.py --times 20
"""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import typer
from support.checks import noise_folders
from support.soaking import compare, files_of, finished, killed, started, temporary

# Crops of 32 px are too small for some losses.
SMALL = "--crop 32 --grid-weight 0 --batch-size 2 --workers 0 --arch fast --precision fp32 --lr 0.001 --warmup 1"
OFTEN = "--checkpoint-every 1 --keep 2 --sample-every 8 --log-every 4"


def start(folder: Path, run: Path, steps: int) -> subprocess.Popen[str]:
    """The command; it goes on once there is a checkpoint."""
    call = ["train", "photos", "paintings", "--out", str(run), "--steps", str(steps), *SMALL.split(), *OFTEN.split()]
    return started(folder, *call, *(["--resume"] if checkpoints(run) else []), "-q")


def checkpoints(run: Path) -> list[str]:
    """By name, oldest first."""
    return sorted(path.name for path in run.glob("checkpoints/step-*.safetensors"))


def results(run: Path) -> dict[str, bytes]:
    """All that a run ends with, but for TensorBoard's logs, which tell the time."""
    return {name: data for name, data in files_of(run).items() if not name.startswith("tensorboard/")}


def moment(run: Path, writing: bool, steps: int) -> Callable[[], bool]:
    """Whether so many steps more have been saved, and then whether a checkpoint is being written."""
    before, old = checkpoints(run), set(temporary(run))
    goal = (int(before[-1][5:12]) if before else 0) + steps

    def ready() -> bool:
        now = checkpoints(run)
        return bool(now and int(now[-1][5:12]) >= goal and (not writing or set(temporary(run)) - old))

    return ready


def main(times: int = 20, steps: int = 40, seed: int = 0) -> None:
    """Kill runs at random moments, and compare."""
    chance, moments, half, runs = random.Random(seed), list[int](), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        noise_folders(folder, 6, "photos", "paintings")
        finished(start(folder, folder / "whole", steps))
        expected = results(folder / "whole")
        while len(moments) < times:
            run = folder / "run"
            while len(moments) < times:
                left = len(temporary(run))
                writing = len(moments) % 2 == 1
                ready = moment(run, writing, chance.randint(1, 4))
                if not killed(start(folder, run, steps), ready, chance.uniform(0, 0.005 if writing else 0.3)):
                    break
                moments.append(int((checkpoints(run) or ["step-0000000"])[-1][5:12]))
                half += len(temporary(run)) > left
            finished(start(folder, run, steps))
            compare(results(run), expected)
            shutil.rmtree(run)
            runs += 1
    print(f"{times} kills in {runs} runs of {steps} steps, after {moments}; {half} in the middle of a file")
    print(f"{', '.join(expected)} are those of an undisturbed run, and nothing else is left")


if __name__ == "__main__":
    typer.run(main)
