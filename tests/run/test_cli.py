"""The command line as a user runs it: what is written, what is said, which exit code."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from checks import grey, one_line, pixel
from PIL import Image
from tiny import tiny

from adain.styles import Style


@pytest.fixture
def model(write_tiny) -> Path:
    """A model that blends the content towards a colour, the style."""
    return write_tiny()


@pytest.fixture
def red(tmp_path) -> Path:
    path = tmp_path / "red.npy"
    Style(np.array([1, 0, 0], np.float32), "red").save(path)
    return path


# --- what every command does ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        ("stylize", "", "-s", "red.npy"),
        ("stylize", "p.png", "-s", "", "-o", "o.png"),
        ("stylize", "p.png", "-s", "red.npy", "-o", ""),
        ("stylize", "p.png", "-s", "red.npy", "--model", ""),
        ("styles", ""),
        ("info", ""),
    ],
)
def test_an_empty_argument_is_not_the_present_folder(run, red, tmp_path, call):
    photo = grey(tmp_path / "p.png")
    code, _, err = run(*call)
    assert code == 2
    assert "an argument is empty" in one_line(err)
    assert sorted(tmp_path.iterdir()) == [photo, red]


# --- stylize --------------------------------------------------------------------------------------------


def test_one_picture(run, model, red, tmp_path):
    photo = grey(tmp_path / "photo.png")
    code, out, err = run("stylize", photo, "--style", red, "--model", model, "-o", "out.png")
    assert (code, out) == (0, "")
    assert err.startswith("out.png  40x30, ")
    assert err.rstrip().endswith(("on cpu", "on openvino"))
    assert pixel(tmp_path / "out.png") == ((40, 30), (255, 0, 0))


def test_default_name_alpha_and_size(run, model, red, tmp_path):
    photo = grey(tmp_path / "in" / "photo.png")
    assert run("stylize", photo, "-s", red, "--model", model, "--alpha", "0.5", "--size", "32", "-q") == (0, "", "")
    assert pixel(tmp_path / "photo-red.png") == ((32, 24), (178, 50, 50))


def test_size_never_enlarges(run, model, red, tmp_path):
    run("stylize", grey(tmp_path / "p.png"), "-s", red, "--model", model, "--size", "4000", "-o", "o.png")
    assert pixel(tmp_path / "o.png")[0] == (40, 30)


def test_mix_of_a_file_and_a_picture(run, model, red, tmp_path):
    blue = tmp_path / "blue.png"
    Image.new("RGB", (32, 32), (0, 0, 255)).save(blue)
    photo = grey(tmp_path / "p.png")
    run("stylize", photo, "-s", red, "-s", blue, "--mix", "1,3", "--model", model, "-o", "o.png")
    assert pixel(tmp_path / "o.png")[1] == (64, 0, 191)
    run("stylize", photo, "-s", red, "-s", blue, "--model", model)
    assert pixel(tmp_path / "p-red+blue.png")[1] == (128, 0, 128)


def test_a_folder_goes_into_a_folder_with_its_shape(run, model, red, tmp_path):
    grey(tmp_path / "in" / "a.png")
    grey(tmp_path / "in" / "deep" / "B.JPG")
    grey(tmp_path / "in" / "deep" / "c.gif")
    code, _, err = run("stylize", tmp_path / "in", "-s", red, "--model", model, "-o", "out")
    assert code == 0, err
    found = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert found == ["a.png", "deep/B.JPG", "deep/c.png"]


def test_a_batch_goes_on_over_bad_files(run, model, red, tmp_path):
    for name in ("a.png", "z.png"):
        grey(tmp_path / "in" / name)
    (tmp_path / "in" / "bad.jpg").write_text("no picture")
    grey(tmp_path / "in" / "thin.png", size=(100, 5))
    code, out, err = run("stylize", tmp_path / "in", "-s", red, "--model", model, "-o", "out", "--json")
    assert code == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "z.png"]
    report = json.loads(out)
    assert (report["model"], report["style"]) == ("tiny", "red")
    assert report["device"] in ("cpu", "openvino")
    by_name = {Path(entry["content"]).name: entry for entry in report["pictures"]}
    assert by_name["a.png"]["width"] == 40
    assert "error" not in by_name["a.png"]
    assert "bad.jpg" in by_name["bad.jpg"]["error"]
    assert "too small" in by_name["thin.png"]["error"]
    assert "2 of 4 pictures failed" in err


def test_results_of_an_earlier_call_are_no_contents(run, model, red, tmp_path):
    grey(tmp_path / "in" / "a.png")
    for _ in range(2):
        assert run("stylize", "in", "-s", red, "--model", model, "-o", "in/out")[0] == 0
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("out/*")] == ["in/out/a.png"]


def test_a_full_disk_is_one_line(model, red, tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    photo = grey(tmp_path / "p.png")
    command = [sys.executable, "-m", "adain", "stylize", photo, "-s", red, "--model", model, "-o", "-"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(list(map(str, command)), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "No space left on device" in one_line(done.stderr)


def test_stdin_to_stdout(model, red, tmp_path):
    photo = grey(tmp_path / "p.jpg")
    command = [sys.executable, "-m", "adain", "stylize", "-", "--style", str(red), "--model", str(model)]
    done = subprocess.run(command, input=photo.read_bytes(), capture_output=True, check=True)
    assert pixel(io.BytesIO(done.stdout)) == ((40, 30), (255, 0, 0))
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["photo.png", "-s", "red.npy", "--alpha", "2"], "alpha is 2.0; give a number from 0"),
        (["photo.png", "-s", "starry-nigth"], "did you mean starry-night"),
        (["absent.png", "-s", "red.npy"], "absent.png does not exist"),
        (["text.jpg", "-s", "red.npy"], "text.jpg"),
        (["cut.jpg", "-s", "red.npy"], "cut.jpg"),
        (["empty", "-s", "red.npy"], "the folder empty holds no picture"),
        (["photo.png", "-s", "red.npy", "-s", "red.npy", "--mix", "1"], "1 shares for 2 styles"),
        (["photo.png", "-s", "red.npy", "--mix", "half"], "--mix 'half' is no list of numbers"),
        (["photo.png", "-s", "red.npy", "-o", "photo.png"], "photo.png would be overwritten"),
        (["photo.png", "-s", "red.npy", "-o", "out.xyz"], "'.xyz' is unknown; pictures are written as .png"),
        (["photo.png", "cut.jpg", "-s", "red.npy", "-o", "out.png"], "cannot go into one file"),
        (["photo.png", "photo.jpg", "-s", "red.npy", "-o", "-"], "cannot go to stdout"),
        (["photo.png", "-s", "red.npy", "-o", "a.png", "--format", "jpg"], "--format is for files in a folder"),
        (["photo.png", "-s", "red.npy", "--tile", "3"], "the tile is 3; give auto, off, or 64 px or more"),
        (
            ["photo.png", "-s", "red.npy", "--tile", "large"],
            "--tile 'large' is no whole number; give one, or",
        ),
        (["photo.png", "-s", "red.npy", "--tile", "nan"], "--tile 'nan' is no whole number; give one, or auto or off"),
        (["photo.png", "-s", "red.npy", "--stroke-size", "big"], "--stroke-size 'big' is no number; give one, or full"),
        (["photo.png", "-s", "red.npy", "--stroke-size", "nan"], "the stroke size is nan; give a number from 0.1"),
        (["photo.png", "-s", "red.npy", "--mask", "absent.png"], "absent.png cannot be read"),
        (["photo.png", "-s", "red.npy", "--feather", "-1"], "the feather is -1.0; give the width of edges in px"),
        (["photo.png", "-s", "red.npy", "--color", "content"], "hold no colours that could be exchanged"),
        (["photo.png", "-s", "red.npy", "--mask", "photo.png"], "measure.onnx cannot be read"),
        (["photo.png", "-s", "red.npy", "--tile", "64"], "measure.onnx cannot be read"),
        (["photo.png", "-s", "red.npy", "--mix", "1", "--regions", "photo.png"], "regions have one style each"),
        (["photo.png", "-s", "red.npy", "--format", "svg"], "the format '.svg' is unknown"),
        (["photo.png", "-s", "paint.png", "-o", "paint.png"], "paint.png would be overwritten"),
        (["-", "-", "-s", "red.npy", "-o", "out"], "give - once"),
        (["-", "-s", "red.npy", "-o", "out.foo"], "the format '.foo' is unknown"),
        (["-", "-s", "red.npy", "--json"], "cannot both go to stdout"),
        (["photo.png", "-s", "red.npy", "-o", "photo.png/out.png"], "cannot be written"),
        (["photo.png", "-s", "red.npy", "--size", "0"], "the size is 0"),
        (["photo.png", "-s", "long.npy"], "long has 5 values, the model tiny takes 3"),
        (["photo.png", "-s", "red.npy", "--device", "cuda"], "cannot run on cuda: "),
        (["photo.png", "-s", "red.npy", "--model", "foreign.onnx"], "not one of adain's"),
        (["photo.png", "-s", "red.npy", "--model", "text.jpg"], "no ONNX file"),
        (["photo.png", "-s", "red.npy", "--model", "tiny/style_encoder.onnx"], "is the graph style_encoder"),
        (["photo.png", "-s", "red.npy", "--model", "absent"], "cannot be read"),
        # What needs no model is told before one is opened.
        (["photo.png", "-s", "red.npy", "--model", "absent", "-o", "out.xyz"], "the format '.xyz' is unknown"),
        (["photo.png", "-s", "red.npy", "--model", "absent", "--size", "0"], "the size is 0"),
        (["photo.png", "-s", "starry-nigth", "--model", "absent"], "did you mean starry-night"),
        (["absent.png", "-s", "red.npy", "--model", "absent"], "absent.png does not exist"),
    ],
)
def test_mistakes_give_one_line_and_code_2(run, model, red, tmp_path, monkeypatch, arguments, message):
    monkeypatch.setattr("adain.engines.cuda.check.gpu_problem", lambda: "this machine has no NVIDIA GPU")
    for name in ("photo.png", "photo-red.png", "paint.png"):
        grey(tmp_path / name)
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(whole, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[:900])
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty").mkdir()
    grey(tmp_path / "twins" / "a.gif")
    grey(tmp_path / "twins" / "a.png")
    Style(np.zeros(5, np.float32), "long").save(tmp_path / "long.npy")
    (tmp_path / "foreign.onnx").write_bytes(tiny(metadata={}))
    before = sorted(tmp_path.rglob("*"))
    if "--model" not in arguments:
        arguments = [*arguments, "--model", "tiny"]
    code, out, err = run("stylize", *arguments)
    assert (code, out) == (2, "")
    assert message in one_line(err)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "a", "b", "-o", "c", "--cache", "disk"], "'disk' is not one of 'none', 'memory', 'device'"),
        (["stylize", "a", "-s", "b", "--alpha", "half"], "'half'"),
        (["stylize", "a", "-s", "b", "--size", "1e3"], "'1e3'"),
        (["stylize", "a", "-s", "b", "--device", "gpu"], "'gpu' is not one of 'auto', 'cpu', "),
        (["stylize", "a", "-s"], "requires an argument"),
        (["stylize", "a"], "Missing option '--style' / '-s'; see adain stylize --help"),
        (["info"], "Missing argument"),
        (["styles", "a", "b", "c"], "unexpected extra argument"),
        (["bench", "--treads", "1"], "No such option: --treads"),
        (["evalute"], "evaluate"),
    ],
)
def test_bad_options_are_one_line_that_says_what_came(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in one_line(err)


# --- styles, info ---------------------------------------------------------------------------------------


def test_list_styles(run):
    code, out, _ = run("styles")
    assert code == 0
    assert "starry-night" in out
    code, out, _ = run("styles", "--json")
    styles = json.loads(out)
    assert len(styles) >= 12
    assert set(styles["starry-night"]) == {"title", "artist", "year", "movement"}


def test_save_a_style(run, model, tmp_path):
    Image.new("RGB", (32, 32), (51, 0, 255)).save(tmp_path / "paint.png")
    code, _, err = run("styles", "paint.png", "--model", model)
    assert (code, err) == (0, "paint.npy  3 numbers\n")
    np.testing.assert_allclose(np.load(tmp_path / "paint.npy"), [0.2, 0, 1], atol=1e-5)
    code, _, err = run("styles", "paint.png", "--model", model, "-o", "paint.txt")
    assert code == 2
    assert "saved as a .npy file" in one_line(err)


def test_info(run, model, tmp_path):
    code, out, _ = run("info", model / "stylizer.onnx")
    assert code == 0
    for line in ("graph stylizer", "io bytes", "style_size 3", "input content uint8 batch, height, width, 3"):
        assert line in " ".join(out.split())
    code, out, _ = run("info", model / "style_encoder.onnx", "--json")
    assert json.loads(out)["inputs"] == [
        {"name": "image", "type": "uint8", "shape": ["batch", "height", "width", 3]},
    ]
    (tmp_path / "text.onnx").write_text("hello")
    code, _, err = run("info", "text.onnx")
    assert code == 2
    assert "no ONNX file" in one_line(err)


def test_without_the_train_extra(run, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else object())
    for command in (["train", "a", "b", "--out", "c"], ["export"]):
        code, _, err = run(*command)
        assert code == 2
        assert "needs torch; install with: pip install '" in one_line(err)
        assert " 'torch>=2.9'" in err  # adain itself is on no index


def test_a_bad_pair_of_names_does_not_stop_a_folder(run, model, red):
    for name in ("in/a.png", "in/a.tga", "in/b.png", "photo.png", "photo-red.png"):
        grey(Path(name))
    code, _, error = run("stylize", "in", "-s", red, "-o", "out", "--model", model)
    assert (code, sorted(path.name for path in Path("out").iterdir())) == (2, ["a.png", "b.png"])
    assert "in/a.png and in/a.tga would both become out/a.png; rename one" in error
    assert "1 of 3 pictures failed" in error
    code, _, error = run("stylize", "photo.png", "photo-red.png", "-s", red, "--model", model)
    assert (code, Path("photo-red-red.png").exists()) == (2, True)
    assert "photo-red.png would be overwritten" in error
    assert pixel(Path("photo-red.png"))[1] == (100, 100, 100)


def test_results_of_a_call_are_no_contents_of_the_next(run, model, red):
    """Beside what they were made of, by the style's name or that of built-in ones."""
    for name in ("one.png", "shirt-red.png"):
        grey(Path(name))
    Path("scream.npy").write_bytes(red.read_bytes())

    def after(style: str) -> set[str]:
        assert run("stylize", ".", "-s", style, "--model", model, "-q") == (0, "", "")
        return {path.stem for path in Path().glob("*.png")}

    first = after("red.npy")
    assert first == {"one", "shirt-red", "one-red", "shirt-red-red"}
    assert after("red.npy") == first
    Path("one-red.png").rename("one-great-wave+scream.png")
    Path("shirt-red-red.png").unlink()
    assert after("scream.npy") == {"one", "shirt-red", "one-great-wave+scream", "one-scream", "shirt-red-scream"}


def test_what_is_there_is_skipped(run, model, red):
    for name in ("in/a.png", "in/b.png"):
        grey(Path(name))
    grey(Path("out/a.jpg"))
    call = ("stylize", "in", "-s", red, "-o", "out", "--model", model, "--format", "jpg", "--skip-existing")
    code, _, error = run(*call)
    assert (code, pixel(Path("out/a.jpg"))[1]) == (0, (100, 100, 100))
    assert pixel(Path("out/b.jpg"))[1][1:] < (9, 9)
    assert "out/a.jpg  is there, left as it is" in error
    code, out, _ = run(*call, "--json")
    assert (code, [each["skipped"] for each in json.loads(out)["pictures"]]) == (0, [True, True])


def test_metadata_is_kept_or_stripped(run, model, red):
    exif = Image.Exif()
    exif[271], exif[274] = "Camera", 6
    exif.get_ifd(34853)[1] = "N"
    for suffix in ("jpg", "png", "tiff", "webp"):
        grey(Path(f"a.{suffix}"), exif=exif, dpi=(300, 300))
        place = None if suffix == "tiff" else "N"
        for options, kept in (((), True), (("--strip",), False)):
            assert run("stylize", f"a.{suffix}", "-s", red, "-o", f"b.{suffix}", "--model", model, *options)[0] == 0
            with Image.open(f"b.{suffix}") as image:
                found = image.getexif()
                assert image.size == (30, 40)
                assert (found.get(271), found.get(274, 1), dict(found.get_ifd(34853)).get(1)) == (
                    ("Camera", 1, place) if kept else (None, 1, None)
                )
                if suffix != "webp":
                    assert (round(image.info.get("dpi", (0,))[0]) == 300) == kept
