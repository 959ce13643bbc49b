import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adain.apps import files
from adain.errors import PictureError
from adain.look import Look
from adain.pictures import Animation, Picture, is_animated, load, load_all, read, save_all
from adain.styles import Style
from adain.stylizer import Stylizer

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
FRAMES = [np.full((20, 30, 3), colour, np.uint8) for colour in COLOURS]
MOVING = Animation(tuple(Picture(frame) for frame in FRAMES), (40.0, 100.0, 250.0), 0)
RED = Look(Style(np.array([1, 0, 0], np.float32), "red"), alpha=0.5)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
@pytest.mark.parametrize("loop", [0, 3, None])
def test_frames_and_timing_are_kept(tmp_path: Path, suffix: str, loop: int | None) -> None:
    path = tmp_path / f"a.{suffix}"
    save_all(replace(MOVING, loop=loop), path)
    found = load_all(path)
    assert found.moves
    assert found.durations == MOVING.durations
    assert found.loop == (loop if loop is not None or suffix == "gif" else 1)
    for frame, colour in zip(found.frames, COLOURS, strict=True):
        assert np.abs(frame.pixels[5, 5].astype(int) - colour).max() <= (6 if suffix == "webp" else 0)
    assert is_animated(path)
    assert np.abs(load(path).pixels[5, 5].astype(int) - COLOURS[0]).max() <= 6  # the first one


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_transparent_frames_do_not_pile_up(tmp_path: Path, suffix: str) -> None:
    frames = []
    for number, colour in enumerate(COLOURS):
        alpha = np.zeros((20, 30), np.uint8)
        alpha[:, 10 * number : 10 * number + 10] = 255
        frames.append(Picture(np.full((20, 30, 3), colour, np.uint8), alpha))
    save_all(replace(MOVING, frames=tuple(frames)), tmp_path / f"a.{suffix}")
    for number, frame in enumerate(load_all(tmp_path / f"a.{suffix}").frames):
        assert frame.alpha is not None
        np.testing.assert_array_equal(frame.alpha, frames[number].alpha)


def test_what_does_not_move_has_one_palette(tmp_path: Path) -> None:
    still = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    frames = tuple(Picture(np.concatenate([still, np.full_like(still, shade)], 1)) for shade in (0, 90, 255))
    save_all(Animation(frames, (50.0,) * 3, 0), tmp_path / "a.gif")
    first, second, third = (frame.pixels[:, :40] for frame in load_all(tmp_path / "a.gif").frames)
    for other in (second, third):  # dithering carries a little of the rest over
        assert (first != other).any(2).mean() < 0.1


def test_pages_of_their_own_sizes(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (30, 20), "red"), Image.new("L", (16, 50), 90), Image.new("RGB", (8, 8))]
    pages[2].encoderinfo = {"tiffinfo": {254: 1}}  # a preview
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:], dpi=(300, 300))
    found = load_all(tmp_path / "a.tiff")
    assert not found.moves
    assert [(page.width, page.height) for page in found.frames[:2]] == [(30, 20), (16, 50)]
    save_all(found, tmp_path / "b.tiff")
    with Image.open(tmp_path / "b.tiff") as image:
        assert image.n_frames == len(found.frames)
        assert image.info["dpi"] == (300, 300)


def test_single_pictures(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.gif")
    assert not is_animated(tmp_path / "a.gif")
    assert not is_animated(tmp_path / "absent.gif")
    for source in (tmp_path / "a.gif", (tmp_path / "a.gif").read_bytes(), FRAMES[0]):
        found = load_all(source)
        assert (len(found.frames), found.moves) == (1, False)


def test_too_many_frames_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (30, 20)).save(stream, "GIF", save_all=True, append_images=[Image.new("RGB", (30, 20), "red")] * 2)
    monkeypatch.setattr(read, "MAX_PIXELS", 1000)
    with pytest.raises(PictureError, match="the picture has 2 frames of 30 x 20 pixels; at most 1,000 are read"):
        load_all(stream.getvalue())
    assert load(stream.getvalue()).width == 30


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_cut_off_frames_are_told(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
    save_all(replace(MOVING, frames=tuple(map(Picture, noise))), tmp_path / f"a.{suffix}")
    data = (tmp_path / f"a.{suffix}").read_bytes()
    with pytest.raises(PictureError, match="is broken or cut short|not a picture"):
        load_all(data[: len(data) * 2 // 3])


def test_pages_and_stills_through_a_model(tmp_path: Path, write_tiny: Callable[..., Path]) -> None:
    save_all(Animation(MOVING.frames), tmp_path / "in" / "pages.tiff")
    save_all(Animation(MOVING.frames[:1]), tmp_path / "in" / "still.gif")
    jobs = files.plan([str(tmp_path / "in")], str(tmp_path / "out"), RED)
    assert [each.error for each in files.run(Stylizer(write_tiny(), "cpu"), jobs)] == [None, None]
    found = load_all(tmp_path / "out" / "pages.tiff")
    assert [frame.pixels[3, 3].tolist() for frame in found.frames] == [[228, 15, 15], [142, 100, 15], [142, 15, 100]]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["pages.tiff", "still.png"]


def test_an_animation_becomes_one(tmp_path: Path) -> None:
    shared = tmp_path / "moving"
    save_all(MOVING, shared / "a.gif")
    stylizer = Stylizer(device="cpu")
    jobs = files.plan([str(shared)], str(tmp_path / "out"), Look("scream"))
    (done,) = files.run(stylizer, jobs)
    assert (done.error, done.width, done.height) == (None, 30, 20)
    found = load_all(tmp_path / "out" / "a.gif")
    assert (len(found.frames), found.durations, found.loop) == (3, MOVING.durations, 0)
    assert all(np.abs(a.pixels - b.astype(int)).mean() > 5 for a, b in zip(found.frames, FRAMES, strict=True))
    jobs = files.plan([str(shared / "a.gif")], str(tmp_path / "first.jpg"), Look("scream"))
    assert [each.error for each in files.run(stylizer, jobs)] == [None]  # JPEG has room for one
