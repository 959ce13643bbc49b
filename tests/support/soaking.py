"""What soak tests share."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .checks import photo


def check(holds: bool, what: str) -> None:
    """End the soak where something does not hold."""
    if not holds:
        raise SystemExit(f"FAILED: {what}")


def started(folder: Path, *call: str) -> subprocess.Popen[str]:
    """`adain ...` in a folder."""
    command = [sys.executable, "-m", "adain", *call]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str], code: int = 0) -> str:
    """Let a process end, with this exit code; what it said."""
    err = process.communicate()[1]
    check(process.returncode == code, f"exit code {process.returncode}: {err}")
    return err


def small_photos(folder: Path, count: int, suffixes: tuple[str, ...]) -> None:
    """So many pictures of 64 to 128 px in four folders, and a bad one."""
    for number in range(count):
        path = folder / str(number % 4) / f"{number}.{suffixes[number % len(suffixes)]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(photo(("astronaut", "chelsea", "coffee")[number % 3]))
        picture.resize((64 + 2 * (number % 32), 64 + 7 * (number % 9))).save(path)
    (folder / "bad.jpg").write_text("no picture")


def killed(process: subprocess.Popen[str], ready: Callable[[], bool], seconds: float, code: int = 0) -> bool:
    """Kill a process so many seconds after it is ready, unless it has ended by itself, with this exit code."""
    while process.poll() is None and not ready():
        time.sleep(0.003)
    time.sleep(seconds)
    process.kill()
    err = process.communicate()[1]
    check(process.returncode in (code, -signal.SIGKILL), f"exit code {process.returncode}: {err}")
    return process.returncode == -signal.SIGKILL


def temporary(folder: Path) -> list[Path]:
    """Files that are being written, or were when a process was killed."""
    return list(folder.rglob(".adain-*"))


def files_of(folder: Path) -> dict[str, bytes]:
    """All files in a folder and below it, none of them a temporary one."""
    check(not temporary(folder), f"a temporary file is left in {folder}")
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def compare(came: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """What a run gave that was disturbed, and one that was not."""
    differ = sorted(name for name in came.keys() | expected.keys() if came.get(name) != expected.get(name))
    check(not differ, f"these differ from those of an undisturbed run: {differ}")
