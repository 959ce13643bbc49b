"""Every command and every Python example of the README, in the order of the README, in one folder."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from clips import write_clip
from foreign import pytorch_adain
from PIL import Image
from skimage import data

import adain
from adain.engines.cuda.check import cuda_problem

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
(SCRIPT,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
with socket.create_server(("127.0.0.1", 0)) as free:
    PORT = free.getsockname()[1]  # for the service, in place of 8000
BLOCKS = [(kind, block.replace(":8000", f":{PORT}")) for kind, block in BLOCKS]
SHORTER = {  # the same command, less of it
    "adain train": " --steps 2 --crop 64 --batch-size 1 --workers 0",
    "adain bench": " --size 32 --rounds 1",
}
LEFT_OUT = ("pip install", "cd ", "git clone", "docker ")  # what has been done when this runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the README takes for granted: pictures, masks, a clip, folders, and a command named adain."""
    root = tmp_path_factory.mktemp("readme")
    photo, painting = Image.fromarray(data.astronaut()), Image.fromarray(data.chelsea())
    for folder, picture in (("photos", photo), ("paintings", painting), ("holiday/deep", photo)):
        (root / folder).mkdir(parents=True)
        for index in range(3):
            picture.crop((index, 0, 120 + index, 100)).save(root / folder / f"{index}.jpg")
    photo.resize((200, 200)).save(root / "photo.jpg")
    painting.save(root / "painting.jpg")
    grey = Image.new("RGB", (200, 200), "gray")
    for name in ("mask", "regions"):
        grey.paste("white", (40, 40, 120, 160))
        grey.save(root / f"{name}.png")
    frames = [np.asarray(photo.resize((48, 32)))] * 5
    write_clip(root / "clip.mp4", frames, times=[0, 0.5, 1, 2, 4], rate=2)
    (root / "frames").mkdir()
    for number in (1, 2):
        Image.fromarray(frames[0]).save(root / "frames" / f"{number:05}.png")
    (root / "look.toml").write_text(SCRIPT)
    vgg, decoder = pytorch_adain()
    torch.save(vgg.state_dict(), root / "vgg_normalised.pth")
    torch.save(decoder.state_dict(), root / "decoder.pth")
    command = root / "bin" / "adain"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m adain "$@"\n')
    command.chmod(0o755)
    return root


def shell(line: str) -> str | None:
    """The line as it is run here, or None."""
    line = line.partition("  #")[0].strip()
    if (
        not line
        or line.startswith(LEFT_OUT)
        or ("--device cuda" in line and cuda_problem())
        or (line.startswith("adain live") and "clip.mp4" not in line)  # a camera, a window
        or (line.startswith("curl") and shutil.which("curl") is None)
    ):
        return None
    line = line.replace("curl ", "curl -fsS ")  # which otherwise takes errors for answers
    return line + next((less for start, less in SHORTER.items() if line.startswith(start)), "")


@pytest.fixture
def services(folder):
    """Commands that go on while others are run."""
    started = []
    yield started
    for service in started:
        service.terminate()
        assert service.wait(60) == 0


def start(line: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Start a service, and wait until it answers."""
    service = subprocess.Popen(["sh", "-c", f"exec {line} --port {PORT}"], cwd=folder, env=environment)
    while service.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", PORT)):
            break
        time.sleep(0.1)
    return service


def test_readme(folder, services):
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(adain.__file__).parent.parent),
    }
    count = 0
    for kind, block in BLOCKS:
        lines = [block] if kind == "python" else block.splitlines()
        for line in lines:
            if line.startswith("adain serve"):
                services.append(start(line.partition("  #")[0], folder, environment))
                continue
            program = [sys.executable, "-c", line] if kind == "python" else ["sh", "-c", shell(line) or "true"]
            done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            count += program[-1] != "true"
    assert count > 20
    with Image.open(folder / "out.jpg") as picture:
        assert picture.size == (200, 200)
    made = {path.name for path in (folder / "out" / "deep").iterdir()}
    assert made == {f"{index}.{kind}" for index in range(3) for kind in ("jpg", "png")}
    shutil.rmtree(folder)
