"""What the contract says of a file, and what is read from the bytes of one."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from checks import photo
from onnx_writer import model as onnx_model
from onnx_writer import node, tensor, value
from tiny import TINY, tiny

from adain import onnx_file, shipped
from adain.bank import bank
from adain.contract import GRAPHS, KINDS, Contract, read_model
from adain.errors import ModelError

MODEL = tiny()


@pytest.mark.parametrize("graph", ["stylizer", "style_encoder"])
def test_a_head_is_what_onnxruntime_reads(graph: str) -> None:
    model = (shipped.ONNX / f"{graph}.onnx").read_bytes()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    head = onnx_file.parse(model)
    assert head.metadata == session.get_modelmeta().custom_metadata_map
    types = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}
    for ours, theirs in ((head.inputs, session.get_inputs()), (head.outputs, session.get_outputs())):
        assert [(each.name, types[each.type], list(each.shape)) for each in ours] == [
            (each.name, each.type, each.shape) for each in theirs
        ]


def test_the_shipped_files_are_as_the_contract_says() -> None:
    for graph in ("stylizer", "style_encoder", "measure", "paint"):
        model = (shipped.ONNX / f"{graph}.onnx").read_bytes()
        contract, head = Contract.read(model, graph), onnx_file.parse(model)
        assert (contract.inputs, (contract.output,)) == (head.inputs, head.outputs)


def test_weights_of_another_file() -> None:
    """Of those alone, by their names, and whatever else is there."""
    inputs, outputs = [value("x", 1, [2])], [value("y", 1, [2])]
    lean = onnx_model([node("Add", ["x", "network.w"], ["a"]), node("Add", ["a", "c"], ["y"])], inputs, outputs)
    lean += onnx_model([], [], [], [tensor("c", np.array([1, 2], np.float32))])[2:]
    constants = {"network.w": [10, 20], "c": [5, 5], "network.unused": [7]}
    source = onnx_model([], [], [], [tensor(name, np.array(v, np.float32)) for name, v in constants.items()])
    joined = onnx_file.with_weights(lean, source)
    session = onnxruntime.InferenceSession(joined, providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.zeros(2, np.float32)})[0].tolist() == [11, 22]


def test_shared_weights_are_those_of_one_model(tmp_path: Path) -> None:
    whole = tmp_path / "stylizer.onnx"
    whole.write_bytes(MODEL)
    lean = tmp_path / "paint.onnx"
    lean.write_bytes(tiny(replace(TINY, weights="stylizer")))
    assert read_model(whole) == MODEL
    assert Contract.read(read_model(lean), "f").weights == "stylizer"
    whole.write_bytes(tiny(replace(TINY, checkpoint_sha256="1" * 64)))
    with pytest.raises(ModelError, match="which holds its weights, are of different models"):
        read_model(lean)
    whole.unlink()
    with pytest.raises(ModelError, match=r"stylizer\.onnx cannot be read"):
        read_model(lean)
    lean.write_bytes(tiny(metadata=TINY.to_metadata() | {"adain.weights": "../../secret"}))
    with pytest.raises(ModelError, match=r"incomplete adain metadata \(weights ../../secret\)"):
        read_model(lean)


def test_the_shipped_halves_make_the_whole() -> None:
    def run(graph: str, **inputs: np.ndarray) -> np.ndarray:
        session = onnxruntime.InferenceSession(
            read_model(shipped.ONNX / f"{graph}.onnx"), providers=["CPUExecutionProvider"]
        )
        return session.run(None, inputs)[0]

    content = photo()[None]
    given = {"content": content, "style": bank().style("scream").code[None], "alpha": np.array([0.7], np.float32)}
    statistics = run("measure", **given, weight=np.ones(content.shape[:3], np.float32))
    assert statistics.shape == (1, 1 + 9 + 2 * (128 + 256 + 512))
    difference = np.int16(run("paint", **given, statistics=statistics)) - run("stylizer", **given)
    assert np.abs(difference).max() <= 1


def test_every_tensor_has_a_kind() -> None:
    assert {name for inputs, output in GRAPHS.values() for name in (*inputs, output)} == set(KINDS)


@pytest.mark.parametrize("end", range(0, len(MODEL), 7))
def test_a_file_that_is_cut_off_is_refused_or_lacks_what_was_cut(end: int) -> None:
    try:
        contract = Contract.read(MODEL[:end], "f")
    except ModelError as error:
        assert str(error).startswith("f ")
    else:
        assert contract == TINY


@pytest.mark.parametrize(
    "model",
    [
        b"",
        b"hello",
        bytes(100),
        b"\xff" * 100,
        b"\x3a\xff\xff\xff\xff\x0f",  # a graph of 4 GB
        b"\x3a\x00\x72\x04\x0a\x02\xff\xff",  # a key that is no text
    ],
)
def test_what_is_no_onnx_file(model: bytes) -> None:
    with pytest.raises(ModelError, match="f is no ONNX file that can be run here"):
        Contract.read(model, "f")


def facts(**fields: Any) -> Contract:
    return replace(TINY, **fields)


def test_metadata_round_trip_and_refusals() -> None:
    metadata = TINY.to_metadata()
    assert Contract.from_metadata(metadata, "f") == TINY
    assert Contract.from_metadata(metadata | {"adain.note": "of a later adain"}, "f") == TINY
    assert all(isinstance(value, str) for value in metadata.values())
    with pytest.raises(ModelError, match=r"f is an ONNX file, but not one of adain's"):
        Contract.from_metadata({"author": "me"}, "f")
    with pytest.raises(ModelError, match="contract version 9, this adain knows version"):
        Contract.from_metadata(facts(contract="9").to_metadata(), "f")
    with pytest.raises(ModelError, match="incomplete"):
        Contract.from_metadata(metadata | {"adain.stride": "eight"}, "f")
    with pytest.raises(ModelError, match="incomplete"):
        Contract.from_metadata(metadata | {"adain.precision": "int8"}, "f")
    assert asdict(TINY)["layers"] == ("relu4_1",)
