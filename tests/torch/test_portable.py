"""`portable` files of `bytes` files, with onnx alone."""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from replay import Conformance

from adain import shipped
from adain.contract import Contract
from adain.errors import ModelError
from adain.export.portable import convert, to_portable
from adain.onnx_file import read_bytes

# A program in which torch cannot be imported, as where it is not installed.
WITHOUT_TORCH = """
import importlib.util, sys
sys.modules["torch"] = None
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else found(name, *rest)
import adain.cli
adain.cli.main()
"""


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    out = tmp_path_factory.mktemp("portable")
    differences = {}
    convert(shipped.ONNX, out, lambda path, difference: differences.__setitem__(path.stem, difference))
    return out, differences


def test_the_files_compute_the_same(converted):
    out, differences = converted
    assert differences.keys() == {"stylizer", "style_encoder"}
    assert all(difference <= 1 for difference in differences.values())
    conformance = Conformance()
    (case,) = (case for case in conformance.manifest["stylize"] if case["name"] == "full")
    content = conformance.picture(case["contents"][0])  # its sides are multiples of 8
    code = conformance.code(case["styles"][0][0]["code"])
    session = onnxruntime.InferenceSession(out / "stylizer.onnx", providers=["CPUExecutionProvider"])
    pixels = content.transpose(2, 0, 1)[None].astype(np.float32) / 255
    (got,) = session.run(None, {"content": pixels, "style": code[None], "alpha": np.ones(1, np.float32)})
    difference = np.abs(np.rint(got[0].transpose(1, 2, 0) * 255) - conformance.picture(case["expected"][0]))
    assert difference.max() <= 1


@pytest.mark.parametrize("graph", ["stylizer", "style_encoder"])
def test_the_files_keep_the_contract(converted, graph):
    out, _ = converted
    before, after = (Contract.read(read_bytes(folder / f"{graph}.onnx"), graph) for folder in (shipped.ONNX, out))
    assert (before.io, after.io) == ("bytes", "portable")
    assert after.checkpoint_sha256 == before.checkpoint_sha256
    model = onnx.load(out / f"{graph}.onnx")
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Shape", "Mod", "Transpose", "Slice", "Round", "Squeeze"}
    assert (out / f"{graph}.onnx").stat().st_size <= (
        shipped.ONNX / f"{graph}.onnx"
    ).stat().st_size  # compact as it was


def test_what_cannot_be_converted_is_told(converted, tmp_path):
    out, _ = converted
    with pytest.raises(ModelError, match="has no stylizer.onnx"):
        convert(tmp_path, tmp_path / "out")
    with pytest.raises(ModelError, match="give another folder"):
        convert(shipped.ONNX, shipped.ONNX)
    with pytest.raises(ModelError, match="of the kind portable cannot be converted"):
        convert(out, tmp_path / "again")
    model = onnx.load(shipped.ONNX / "stylizer.onnx")
    facts = Contract.read(model.SerializeToString(), "stylizer.onnx")
    for node in model.graph.node:
        if node.op_type == "Round":
            node.op_type = "Floor"
    with pytest.raises(ModelError, match="no Round before"):
        to_portable(model, facts)


def test_the_command_needs_no_torch(tmp_path):
    command = [sys.executable, "-c", WITHOUT_TORCH, "export", "--io", "portable", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("largest difference") == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["style_encoder.onnx", "stylizer.onnx"]
