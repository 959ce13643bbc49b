"""The conformance set: it belongs to the shipped files, another engine passes it, and faults do not."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import rebuild
import replay
from PIL import Image
from replay import Conformance, OnnxRuntime, compare

from adain import shipped
from adain.bank import bank
from adain.contract import Contract

CONTRACT = replay.HERE.parent / "CONTRACT.md"


@pytest.fixture(scope="module")
def conformance() -> Conformance:
    return Conformance()


@pytest.fixture(scope="module")
def models(conformance) -> dict[str, bytes]:
    return {graph: conformance.model(graph) for graph in ("stylizer", "style_encoder")}


@pytest.fixture(scope="module")
def engine(models) -> OnnxRuntime:
    return OnnxRuntime(**models)


def cases(conformance) -> list[str]:
    return [case["name"] for part in ("encode", "stylize") for case in conformance.manifest[part]]


def failed(results) -> list[str]:
    return [result.name for result in results if not result.passed]


def test_the_shipped_files_give_what_is_expected(conformance, engine):
    results = conformance.replay(engine.stylize, engine.encode_style)
    assert [result.name for result in results] == cases(conformance)
    assert not failed(results), results


def test_the_graphs_without_optimisations_pass(conformance, models):
    engine = OnnxRuntime(**models, optimise=False)
    assert not failed(conformance.replay(engine.stylize, engine.encode_style))


def test_the_set_belongs_to_the_shipped_files(conformance, engine):
    facts = Contract.from_metadata(engine.metadata, "stylizer.onnx")
    manifest = conformance.manifest
    assert manifest["checkpoint_sha256"] == facts.checkpoint_sha256 == bank().model
    assert manifest["contract"] == facts.contract
    for graph, model in manifest["models"].items():
        # not the paths, since the package may be installed elsewhere
        assert (conformance.folder / model["file"]).read_bytes() == (shipped.ONNX / f"{graph}.onnx").read_bytes()
    for name in rebuild.STYLES:
        assert np.array_equal(conformance.code(f"codes/{name}.f32"), np.load(shipped.STYLES / f"{name}.npy"))


def test_files(conformance, engine):
    folder, files = conformance.folder, conformance.manifest["files"]
    there = [path for part in ("pictures", "codes", "expected") for path in (folder / part).iterdir()]
    assert sorted(files) == sorted(path.relative_to(folder).as_posix() for path in there)
    assert sum(len(conformance.read(name)) for name in files) < 1e6  # and each has its SHA-256
    text = json.dumps([conformance.manifest[part] for part in ("encode", "stylize")])
    assert {name for name in files if not name.endswith(".npy")} == set(re.findall(r'"(\w+/[^"]+)"', text))
    for name in files:
        if name.endswith(".png"):
            with Image.open(folder / name) as image:
                assert (image.format, image.mode) == ("PNG", "RGB")
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
    encoded = {case["code"] for case in conformance.manifest["encode"]}
    assert any(part["code"] in encoded for entry in entries for part in entry)


def flip(pixels: np.ndarray) -> np.ndarray:
    """Blue first."""
    return np.ascontiguousarray(pixels[..., ::-1])


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
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_noticed(conformance, engine, fault):
    wrong, expected = FAULTS[fault]
    found = set(failed(conformance.replay(*wrong(engine))))
    if expected is None:
        assert found == {case["name"] for case in conformance.manifest["stylize"]}
    else:
        assert found - {"chain"} == expected


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
