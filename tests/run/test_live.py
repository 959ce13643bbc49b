import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")

from clips import Pixels, moving, write_clip

from adain import session
from adain.apps.live import Controls, Live
from adain.errors import DeviceError, OptionError, VideoError
from adain.look import Look
from adain.pictures import write_on
from adain.styles import Style
from adain.stylizer import Stylizer
from adain.video import camera as cameras
from adain.video import screens
from adain.video.camera import Camera

RED = Look.of(Style(np.array([1, 0, 0], np.float32), "red"))
BLUE = Look.of(Style(np.array([0, 0, 1], np.float32), "blue"))


@pytest.fixture
def stylizer(write_tiny: Callable[..., Path]) -> Stylizer:
    return Stylizer(write_tiny(), "cpu")


class FakeScreen:
    """Keeps what is shown; `script` says which keys come after how many pictures."""

    def __init__(self, script: dict[int, str], until: Callable[["FakeScreen"], bool] = lambda screen: False) -> None:
        self.shown: list[Pixels] = []
        self._script, self._until = dict(script), until

    @property
    def closed(self) -> bool:
        return self._until(self)

    def show(self, picture: Pixels) -> None:
        self.shown.append(picture)

    def pressed(self) -> list[str]:
        ready = [count for count in self._script if len(self.shown) >= count]
        return [self._script.pop(count) for count in ready]

    def close(self) -> None:
        pass


def test_a_file_is_shown_at_its_rate_and_keys_change_the_look(tmp_path: Path, stylizer: Stylizer) -> None:
    clip = write_clip(tmp_path / "in.mp4", moving(60))
    screen, controls = FakeScreen({3: "n", 6: "minus", 12: "q"}), Controls([RED, BLUE], 25, 128, 0, figures=False)
    with Camera(str(clip)) as camera:
        ran = Live(stylizer, camera, controls).run(screen)
    assert 12 <= len(screen.shown) == ran.shown < 60  # a busy machine drops frames
    assert all(picture.shape == (96, 128, 3) for picture in screen.shown)
    colours = [tuple(picture[48, 64]) for picture in screen.shown]
    assert colours[0] == (255, 0, 0)
    assert (0, 0, 255) in colours
    assert colours[-1][2] > 200 > 0 < colours[-1][0]
    assert controls.look.alpha == 0.9


@pytest.mark.parametrize("stroke_size", [None, 2])
def test_a_mask_holds_at_every_size_that_is_painted(monkeypatch: pytest.MonkeyPatch, stroke_size: float | None) -> None:
    monkeypatch.setattr(cameras, "_open", lambda source: FakeCapture(1000, False))
    monkeypatch.setattr(Controls, "painted", lambda controls, size, seconds: 96 if size == 128 else 128)
    mask = np.zeros((30, 40, 3), np.uint8)  # of another size than the frames
    mask[:, 20:] = 255
    look = Look(("scream",), mask=mask, feather=32, fit=True, stroke_size=stroke_size)
    sizes, run = set(), Stylizer.stream

    def stream(self: Stylizer, size: tuple[int, int], look: Look) -> Any:
        sizes.add((size, look.feather))
        return run(self, size, look)

    monkeypatch.setattr(Stylizer, "stream", stream)
    screen, stylizer = FakeScreen({12: "minus", 20: "q"}), Stylizer("fast", "cpu", threads=1)
    with Camera("rtsp://camera") as camera:
        Live(stylizer, camera, Controls([stylizer.encode(look)], 25, 128, 0, figures=False)).run(screen)
    assert sizes == {((128, 96), 32), ((96, 72), 24)}
    for picture in screen.shown:
        away = np.abs(picture.astype(int) - 90).max((0, 2))  # of each column
        assert away[:46].max() == 0 < away[52:].min()  # edges from 48 to 80
        assert away[84:].min() > 2 * away[56]


def test_the_end_of_a_file_is_the_end(tmp_path: Path, stylizer: Stylizer) -> None:
    clip = write_clip(tmp_path / "in.mp4", moving(5))
    began = time.monotonic()
    with Camera(str(clip)) as camera:
        ran = Live(stylizer, camera, Controls([RED], 25, 128)).run(FakeScreen({}))
    assert ran.shown + ran.dropped <= 5
    assert ran.shown > 0
    with Camera(str(clip), loop=True) as camera:
        ran = Live(stylizer, camera, Controls([RED], 25, 128)).run(FakeScreen({12: "Escape"}))
    assert ran.shown >= 12
    assert time.monotonic() - began > 0.6  # at 25 frames a second


class FakeCapture:
    """Gives frames, then stalls or fails; counts how often it is opened."""

    opened = 0
    stall = threading.Event()

    def __init__(self, frames: int, stalls: bool) -> None:
        type(self).opened += 1
        self._left, self._stalls = frames, stalls

    def isOpened(self) -> bool:
        return True

    def get(self, what: int) -> float:
        return 25.0

    def read(self) -> tuple[bool, Pixels | None]:
        if self._left == 0:
            if self._stalls:
                self.stall.wait(20)
            return False, None
        self._left -= 1
        time.sleep(0.01)
        return True, np.full((96, 128, 3), 90, np.uint8)

    def release(self) -> None:
        pass


@pytest.mark.parametrize("stalls", [False, True])
def test_a_source_that_fails_says_so_and_comes_back(
    stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch, stalls: bool
) -> None:
    monkeypatch.setattr(FakeCapture, "opened", 0)
    FakeCapture.stall.clear()
    monkeypatch.setattr(cameras, "SILENT", 0.2)
    monkeypatch.setattr(cameras, "HUNG", 0.5)
    monkeypatch.setattr(cameras, "WAIT", 0.5)
    monkeypatch.setattr(cameras, "_open", lambda source: FakeCapture(10, stalls and FakeCapture.opened == 0))
    problems: list[str] = []

    def comes_back(screen: FakeScreen) -> bool:
        if problem := camera.problem:
            problems.append(problem)
        bright = [picture[90, 120, 0] for picture in screen.shown]
        dark = [number for number, value in enumerate(bright) if value == 85]  # a third of the red that is painted
        return bool(dark) and 255 in bright[dark[0] :]

    with Camera("rtsp://camera") as camera:
        Live(stylizer, camera, Controls([RED], 25, 128, 0, figures=False)).run(FakeScreen({}, comes_back))
    assert "no picture for" in problems[0]
    assert ("the source is silent" if stalls else "it has ended") in problems[0]
    assert FakeCapture.opened >= 2
    FakeCapture.stall.set()


def test_a_source_that_is_not_there(tmp_path: Path, run: Callable[..., tuple[int, str, str]], write_tiny: Any) -> None:
    with pytest.raises(VideoError, match=r"none.mp4 gives no picture \(it cannot be opened\)"):
        Camera(str(tmp_path / "none.mp4"))
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    np.save(tmp_path / "red.npy", np.array((1, 0, 0), np.float32))
    code, _, err = run("live", "-s", "red.npy", "--source", text, "--to", "-", "--model", write_tiny())
    assert (code, err) == (2, f"adain: {text} gives no picture (it cannot be opened); check --camera, or --source\n")


def test_the_size_follows_from_the_rate() -> None:
    controls = Controls([RED], 30, 512)
    assert controls.painted(256, 0.001) == 512  # at most what is shown
    assert controls.painted(256, 0.0283) == 256  # in time
    assert controls.painted(256, 0.113) == 128  # a quarter of the pixels
    assert controls.painted(256, 100) == 96
    assert controls.shown(np.zeros((1080, 1920, 3), np.uint8)) == (512, 288)
    for wrong in ({"looks": []}, {"rate": 0}, {"size": 3}):
        with pytest.raises(OptionError):
            Controls(**({"looks": [RED]} | wrong))  # type: ignore[arg-type]


def test_raw_frames_and_jpegs_to_stdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stylizer: Stylizer) -> None:
    class Stdout:
        written = b""

        def write(self, data: bytes) -> None:
            self.written += data
            if len(self.written) > 100_000:
                raise BrokenPipeError

        def flush(self) -> None:
            pass

    clip = write_clip(tmp_path / "in.mp4", moving(20))
    for format, start in (("raw", b"\xff\x00\x00"), ("mjpeg", b"\xff\xd8")):
        out = Stdout()
        monkeypatch.setattr(screens.sys, "stdout", SimpleNamespace(buffer=out))
        with Camera(str(clip)) as camera:
            controls = Controls([RED], 25, 128, 0, figures=False)
            screen = screens.open_screen("-", (128, 96), 25, format)  # type: ignore[arg-type]
            ran = Live(stylizer, camera, controls).run(screen)
        assert out.written.startswith(start)
        if format == "raw":
            assert len(out.written) == 128 * 96 * 3 * ran.shown
            assert screen.closed


def test_without_a_display_or_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tkinter")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(DeviceError, match="no window can be opened"):
        screens.open_screen("window", (64, 48), 30, "raw")
    pytest.importorskip("pyvirtualcam")
    with pytest.raises(DeviceError, match="there is no virtual camera"):
        screens.open_screen("camera", (64, 48), 30, "raw")
    with pytest.raises(OptionError, match="live pictures go to 'x'"):
        screens.open_screen("x", (64, 48), 30, "raw")  # type: ignore[arg-type]


def test_text_is_written_on_a_copy() -> None:
    picture = np.full((96, 128, 3), 90, np.uint8)
    written = write_on(picture, ["no picture"], dark=True)
    assert (picture == 90).all()
    assert written[:24].max() > 240
    assert (written[40:] == 30).all()


@pytest.mark.parametrize(("problem", "expected"), [("no GPU", "fast"), (None, "large")])
def test_the_small_network_where_there_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, problem: str | None, expected: str
) -> None:
    from adain.cli import live

    class Opened(Exception):
        pass

    def open_model(model: str, device: str, threads: int | None) -> None:
        raise Opened(model)

    monkeypatch.setattr(session, "cuda_problem", lambda: problem)
    monkeypatch.setattr(sys.modules[live.__module__], "Stylizer", open_model)
    with pytest.raises(Opened, match=f"^{expected}$"):
        live(["scream"])
    with pytest.raises(Opened, match="^other$"):
        live(["scream"], model=Path("other"))
