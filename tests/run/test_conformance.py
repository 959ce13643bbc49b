"""The conformance set: it belongs to the shipped files, another engine passes it, and faults do not."""

import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import reading
import rebuild
import replay
from PIL import Image
from replay import Conformance, OnnxRuntime, compare, read_models

from adain import Stylizer, shipped
from adain.bank import bank
from adain.contract import Contract
from adain.errors import PictureError
from adain.pictures import load

CONTRACT = replay.HERE.parent / "CONTRACT.md"


@pytest.fixture(scope="module")
def conformance() -> Conformance:
    return Conformance()


@pytest.fixture(scope="module")
def models() -> dict[str, bytes]:
    return read_models()


@pytest.fixture(scope="module")
def engine(models) -> OnnxRuntime:
    return OnnxRuntime(models)


def cases(conformance) -> list[str]:
    manifest = conformance.manifest
    paintings = [f"{case['name']}-{part}" for case in manifest["paintings"] for part in ("shrunk", "code")]
    return (
        [case["name"] for case in manifest["encode"]]
        + paintings
        + [case["name"] for kind in ("stylize", "fast", "measure", "paint") for case in manifest[kind]]
    )


def failed(results) -> list[str]:
    return [result.name for result in results if not result.passed]


def test_the_shipped_files_give_what_is_expected(conformance, engine):
    small = OnnxRuntime(read_models(replay.FAST))
    results = conformance.replay(**engine.functions(), fast=small.stylize)
    assert [result.name for result in results] == cases(conformance)
    assert not failed(results), results


def test_the_stylizer_shrinks_paintings_as_the_set_says(conformance):
    stylizer = Stylizer(threads=1)
    for case in conformance.manifest["paintings"]:
        painting, expected = conformance.picture(case["image"]), conformance.code(case["code"])
        style = stylizer.encode_style(painting, case["size"])
        assert compare(case["name"], style.code, expected, conformance.tolerance("painting")).passed
        if case["size"] == 512:  # by default
            assert np.array_equal(stylizer.encode_style(painting).code, style.code)


def test_pictures_are_read_as_the_set_says(conformance):
    for case in conformance.manifest["reading"]:
        data = conformance.read(case["file"])
        if case["expected"] is None:
            with pytest.raises(PictureError):
                load(data)
            continue
        image = load(data).to_pil()
        on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
        got, expected = np.asarray(on_white.convert("RGB")), conformance.picture(case["expected"])
        assert compare(case["name"], got, expected, conformance.tolerance("reading")).passed


def test_files_to_read_are_made_again_the_same(conformance):
    known = {case["name"]: case["expected"] for case in conformance.manifest["reading"]}
    made = reading.contents()
    assert known.keys() == made.keys()
    for name in known:  # those without loss: how a JPEG is encoded depends on the library
        if name.endswith(".png") and known[name]:
            with Image.open(io.BytesIO(made[name])) as new, Image.open(conformance.folder / "reading" / name) as old:
                assert (new.mode, new.tobytes(), new.getexif()) == (old.mode, old.tobytes(), old.getexif())


def test_the_graphs_without_optimisations_pass(conformance, models):
    engine = OnnxRuntime(models, optimise=False)
    assert not failed(conformance.replay(**engine.functions()))


def test_the_set_belongs_to_the_shipped_files(conformance, engine):
    facts = Contract.from_metadata(engine.metadata, "stylizer.onnx")
    manifest = conformance.manifest
    assert manifest["checkpoint_sha256"] == facts.checkpoint_sha256 == bank().model
    assert manifest["contract"] == facts.contract
    for graph, model in manifest["models"].items():
        # not the paths, since the package may be installed elsewhere
        file = shipped.FAST / "stylizer.onnx" if graph == "fast" else shipped.ONNX / f"{graph}.onnx"
        assert (conformance.folder / model["file"]).read_bytes() == file.read_bytes()
    for name in rebuild.STYLES:
        assert np.array_equal(conformance.code(f"codes/{name}.f32"), np.load(shipped.STYLES / f"{name}.npy"))


def test_files(conformance, engine):
    folder, files = conformance.folder, conformance.manifest["files"]
    there = [path for part in (*rebuild.GIVEN, *rebuild.MADE) for path in (folder / part).iterdir()]
    assert sorted(files) == sorted(path.relative_to(folder).as_posix() for path in there)
    assert sum(len(conformance.read(name)) for name in files) < 1.6e6  # and each has its SHA-256
    parts = ("encode", "paintings", "stylize", "fast", "measure", "paint", "reading")
    text = json.dumps([conformance.manifest[part] for part in parts])
    assert {name for name in files if not name.endswith(".npy")} == set(re.findall(r'"(\w+/[^"]+)"', text))
    weights = {name for case in conformance.manifest["measure"] for name in case["weights"] or ()}
    for name in files:
        if name.endswith(".png") and not name.startswith("reading/"):
            with Image.open(folder / name) as image:
                assert (image.format, image.mode) == ("PNG", "L" if name in weights else "RGB")
        elif name.endswith(".npy"):
            code = np.load(folder / name)
            assert (code.dtype.str, code.shape) == ("<f4", (int(engine.metadata["adain.style_size"]),))
            assert np.isfinite(code).all()
            assert np.array_equal(code, conformance.code(name.replace(".npy", ".f32")))


def test_cases_cover_the_contract(conformance):
    names = cases(conformance)
    assert len(set(names)) == len(names)
    stylize = conformance.manifest["stylize"]
    sizes = {conformance.picture(case["contents"][0]).shape[:2] for case in stylize}
    assert (16, 16) in sizes
    assert any(height % 8 == width % 8 == 0 and height != width for height, width in sizes)
    assert any(height % 2 == width % 2 == 1 for height, width in sizes)
    assert {0.0, 0.5, 1.0} <= {case["alpha"] for case in stylize}
    assert {(1, 1), (2, 1), (2, 2)} == {(len(case["contents"]), len(case["styles"])) for case in stylize}
    entries = [entry for case in stylize for entry in case["styles"]]
    assert any(len(entry) > 1 for entry in entries)
    assert all(sum(part["weight"] for part in entry) == 1 for entry in entries)
    for part in ("encode", "paintings"):
        encoded = {case["code"] for case in conformance.manifest[part]}
        assert any(part["code"] in encoded for entry in entries for part in entry)
    paintings = conformance.manifest["paintings"]
    shapes = {(case["size"], *conformance.picture(case["image"]).shape[:2]) for case in paintings}
    assert any(size == 512 < height < width for size, height, width in shapes)
    assert any(size <= width < height for size, height, width in shapes)
    assert any((2 * width * size) % height == 0 != (width * size) % height for size, height, width in shapes)


def flip(pixels: np.ndarray) -> np.ndarray:
    """Blue first."""
    return np.ascontiguousarray(pixels[..., ::-1])


def bicubic(image: np.ndarray, size: int) -> np.ndarray:
    """A painting shrunk by another filter."""
    height, width, _ = replay.shrink(image, size).shape
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


# name: a wrong engine made of a right one, and the cases that it fails (None: all)
FAULTS = {
    "blue first": (
        lambda run: (lambda x, c, a: flip(run.stylize(flip(x), c, a)), run.encode_style),
        None,
    ),
    "alpha ignored": (
        lambda run: (lambda x, c, a: run.stylize(x, c, 1.0), run.encode_style),
        {"alpha-half", "alpha-0", "batch-2-one-style"},
    ),
    "first code for all": (lambda run: (lambda x, c, a: run.stylize(x, c[:1], a), run.encode_style), {"batch-2"}),
    "one code off": (
        lambda run: (run.stylize, lambda x: run.encode_style(x) + np.float32(0.003)),
        {"encode", "encode-odd", "encode-smallest"},
    ),
    "another filter": (
        lambda run: (run.stylize, run.encode_style, bicubic),
        {"large-shrunk", "large-code", "half-shrunk", "half-code", "tall-shrunk", "tall-code"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_noticed(conformance, engine, fault):
    wrong, expected = FAULTS[fault]
    found = set(failed(conformance.replay(*wrong(engine))))
    if expected is None:
        assert found == {case["name"] for case in conformance.manifest["stylize"]}
    else:
        assert found - {"chain", "large-painting"} == expected, found


def test_what_is_wrong_with_measure_or_paint_is_noticed(conformance, engine):
    assert failed(conformance.replay(measure=lambda x, c, a, w: engine.measure(x, c, a, np.ones_like(w)))) == [
        "measure-weight"
    ]
    assert failed(conformance.replay(measure=lambda x, c, a, w: engine.measure(x, c, a, w) * np.float32(1.002))) == [
        *rebuild.MEASURE
    ]

    def measuring_itself(contents, codes, alpha, statistics):
        ones = np.ones(contents.shape[:3], np.float32)
        return engine.paint(contents, codes, alpha, engine.measure(contents, codes, alpha, ones))

    assert failed(conformance.replay(paint=measuring_itself)) == ["paint-weight", "paint-other"]


def test_one_wrong_pixel_or_number_is_noticed(conformance):
    picture = conformance.picture("expected/full.png")
    bounds = conformance.tolerance("pixels")
    assert compare("same", picture, picture, bounds) == replay.Result("same", 0, 0, True)
    wrong = picture.copy()
    wrong[5, 7, 1] ^= 128
    assert not compare("one pixel", wrong, picture, bounds).passed
    assert not compare("every pixel by 1", picture ^ 1, picture, bounds).passed
    code, bounds = conformance.code("codes/painting.f32"), conformance.tolerance("style")
    assert compare("same", code, code, bounds).passed
    for value in (code[3] + 0.01, np.nan, np.inf):
        wrong = code.copy()
        wrong[3] = value
        assert not compare("one number", wrong, code, bounds).passed
    with pytest.raises(ValueError, match=r"got uint8 \(120, 80, 3\), expected uint8 \(120, 160, 3\)"):
        compare("half", picture[:, :80], picture, bounds)
    with pytest.raises(ValueError, match="got float64"):
        compare("type", code.astype(float), code, bounds)


def test_a_changed_file_is_noticed(tmp_path, conformance):
    folder = shutil.copytree(conformance.folder, tmp_path / "set")
    file = folder / "codes" / "scream.f32"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"scream.f32 has SHA-256 \w+, the manifest names"):
        Conformance(folder).code("codes/scream.f32")


def test_replay_as_a_program():
    done = subprocess.run([sys.executable, replay.HERE / "replay.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(cases(Conformance()))
    assert "FAIL" not in done.stdout


def test_a_folder_is_replayed_as_a_program(models, tmp_path):
    (tmp_path / "style_encoder.onnx").write_bytes(models["style_encoder"])
    done = subprocess.run([sys.executable, replay.HERE / "replay.py", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split()[:2] for line in done.stdout.splitlines()]
    assert lines == [["ok", name] for name in cases(Conformance())[: len(lines)]]
    assert len(lines) == len(rebuild.ENCODE) + 2 * len(rebuild.PAINTINGS)


def test_the_python_of_the_contract(conformance, tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", CONTRACT.read_text("utf-8"), re.DOTALL)
    assert len(example.splitlines()) <= 10
    (case,) = (case for case in conformance.manifest["stylize"] if case["name"] == "chain")
    (painting,) = (
        each["image"] for each in conformance.manifest["encode"] if each["code"] == case["styles"][0][0]["code"]
    )
    # PNG files, whatever their names say: Pillow looks at the content, and JPEG would change the pixels.
    (tmp_path / "photo.jpg").write_bytes(conformance.read(case["contents"][0]))
    (tmp_path / "painting.jpg").write_bytes(conformance.read(painting))
    (tmp_path / "onnx").symlink_to(shipped.ONNX)
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "stylized.png") as image:
        got = np.asarray(image)
    expected = conformance.picture(case["expected"][0])
    assert compare("contract", got, expected, conformance.tolerance("pixels")).passed
