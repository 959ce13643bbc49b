"""`portable` files of `bytes` files, with onnx alone."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
from replay import FUNCTIONS, Conformance

from adain import shipped
from adain.contract import Contract, read_model
from adain.errors import ModelError
from adain.export.portable import convert, to_portable
from adain.onnx_file import read_bytes
from adain.session import Session

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
    assert differences.keys() == {"stylizer", "style_encoder", "measure", "paint"}
    assert all(difference <= 1 for difference in differences.values())
    graphs = {graph: Session(out / f"{graph}.onnx", graph, "cpu", threads=1) for graph in FUNCTIONS}

    def stylize(contents, codes, alpha):
        return graphs["stylizer"].run(contents, {"style": codes, "alpha": np.array([alpha], np.float32)})

    def measure(contents, codes, alpha, weights):
        inputs = {"style": codes, "alpha": np.array([alpha], np.float32), "weight": weights}
        return graphs["measure"].run(contents, inputs)

    def paint(contents, codes, alpha, statistics):
        inputs = {"style": codes, "alpha": np.array([alpha], np.float32), "statistics": statistics}
        return graphs["paint"].run(contents, inputs)

    def encode_style(images):
        return graphs["style_encoder"].run(images, {})

    results = Conformance().replay(stylize, encode_style, measure=measure, paint=paint)
    assert [result for result in results if not result.passed] == []


@pytest.mark.parametrize("graph", FUNCTIONS)
def test_the_files_keep_the_contract(converted, graph):
    out, _ = converted
    before, after = (Contract.read(read_bytes(folder / f"{graph}.onnx"), graph) for folder in (shipped.ONNX, out))
    assert (before.io, after.io) == ("bytes", "portable")
    assert after.checkpoint_sha256 == before.checkpoint_sha256
    model = onnx.load(out / f"{graph}.onnx")
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Shape", "Mod", "Transpose", "Slice", "Round", "Squeeze"}
    assert (out / f"{graph}.onnx").stat().st_size <= len(
        read_model(shipped.ONNX / f"{graph}.onnx")
    )  # compact as it was
    assert after.weights is None


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
    assert done.stderr.count("largest difference") == 4
    assert {path.stem for path in (tmp_path / "out").iterdir()} == FUNCTIONS.keys()
