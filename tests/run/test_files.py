import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from checks import grey, pixel
from PIL import Image, features

from adain.apps import files
from adain.errors import OptionError, PictureError
from adain.look import Look
from adain.pictures import Picture, load, save
from adain.styles import Style
from adain.stylizer import Stylizer

RED = Look.of(Style(np.array([1, 0, 0], np.float32), "red"))


def test_a_job_reads_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, stdout = grey(tmp_path / "photo.png"), io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=photo.open("rb")))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=stdout))
    for content, output in ((str(photo), str(tmp_path / "out.png")), ("-", "-")):
        job = files.Job(content, output, RED, size=20)
        assert job.to_stdout == (output == "-")
        content = job.read()
        (picture,) = content.frames
        assert (picture.width, picture.height) == (20, 15)
        job.write(content)
    assert pixel(tmp_path / "out.png") == pixel(io.BytesIO(stdout.getvalue())) == ((20, 15), (100, 100, 100))
    sys.stdin.buffer.close()
    with pytest.raises(OptionError, match="the size is 0"):
        files.Job("-", "-", RED, size=0)


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "x" * 250 + ".jfif", "\u5199" * 83 + ".jpg", "x" * 242 + ".webp"])
def test_names_as_long_as_a_file_system_takes(name: str, tmp_path: Path, write_tiny: Callable[..., Path]) -> None:
    photo = grey(tmp_path / "in" / name)
    jobs = files.plan([str(photo)], str(tmp_path / "out") + "/", RED)
    assert [each.error for each in files.run(Stylizer(write_tiny(), "cpu"), jobs)] == [None]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


@pytest.mark.parametrize(("suffix", "form"), [(".jfif", "JPEG"), (".avif", "AVIF")])
def test_formats_that_are_read_are_written(
    suffix: str, form: str, tmp_path: Path, write_tiny: Callable[..., Path]
) -> None:
    if not features.check("avif") and form == "AVIF":
        pytest.skip("this Pillow has no AVIF")
    photo = grey(tmp_path / f"photo{suffix}")
    jobs = files.plan([str(photo)], str(tmp_path / "out") + "/", RED)
    assert [each.error for each in files.run(Stylizer(write_tiny(), "cpu"), jobs)] == [None]
    with Image.open(tmp_path / "out" / photo.name) as image:
        assert (image.format, image.size) == (form, (40, 30))
        assert np.abs(np.asarray(image.convert("RGB"))[15, 20].astype(int) - (255, 0, 0)).max() < 9


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="there is no /dev/null")
def test_a_device_gets_a_png(tmp_path: Path, write_tiny: Callable[..., Path]) -> None:
    jobs = files.plan([str(grey(tmp_path / "photo.png"))], "/dev/null", RED)
    assert [each.error for each in files.run(Stylizer(write_tiny(), "cpu"), jobs)] == [None]
    with pytest.raises(OptionError, match="there is no file suffix"):
        files.plan([str(tmp_path / "photo.png")], str(tmp_path / "result"), RED)


def test_every_job_has_its_look(tmp_path: Path, write_tiny: Callable[..., Path]) -> None:
    photo = str(grey(tmp_path / "photo.png"))
    blue = Look.of(np.full((16, 16, 3), (0, 0, 255), np.uint8))
    jobs = [
        files.Job(photo, str(tmp_path / f"{name}.png"), look)
        for name, look in (("red", RED), ("blue", blue), ("half", Look.of(RED, 0.5)))
    ]
    done = list(files.run(Stylizer(write_tiny(), "cpu"), jobs))
    assert [(each.job, each.width, each.height, each.error) for each in done] == [(job, 40, 30, None) for job in jobs]
    assert [pixel(Path(job.output))[1] for job in jobs] == [(255, 0, 0), (0, 0, 255), (178, 50, 50)]


def test_a_look_is_encoded_once(
    tmp_path: Path, write_tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stylizer, encoded = Stylizer(write_tiny(), "cpu"), []
    encode = stylizer.encode_style
    monkeypatch.setattr(stylizer, "encode_style", lambda *args: (encoded.append(args), encode(*args))[1])
    photos = [str(grey(tmp_path / "in" / f"{name}.png")) for name in "abc"]
    jobs = files.plan(photos, str(tmp_path / "out"), Look.of(photos[0]))
    assert all(each.error is None for each in files.run(stylizer, jobs))
    assert len(encoded) == 1


def test_a_bad_style_is_not_a_bad_content(tmp_path: Path, write_tiny: Callable[..., Path]) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    jobs = files.plan([str(grey(tmp_path / "photo.png"))], "-", Look.of(tmp_path / "text.jpg"))
    with pytest.raises(PictureError, match=r"text\.jpg is not a picture"):
        list(files.run(Stylizer(write_tiny(), "cpu"), jobs))


def test_pictures_keep_their_transparency(tmp_path: Path, write_tiny: Callable[..., Path]) -> None:
    alpha = np.arange(1, 241, dtype=np.uint8).reshape(15, 16).repeat(2, 0)
    job = files.Job(str(tmp_path / "a.png"), str(tmp_path / "b.png"), RED)
    save(Picture(np.full((30, 16, 3), 100, np.uint8), alpha), job.content)
    assert [each.error for each in files.run(Stylizer(write_tiny(), "cpu"), [job])] == [None]
    result = load(job.output).alpha
    assert result is not None
    np.testing.assert_array_equal(result, alpha)
