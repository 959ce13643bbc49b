"""Fixtures that several tests share."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
from accelerate.state import AcceleratorState
from onnx import TensorProto, helper

from adain import engines
from adain.contract import Contract

TINY = Contract(
    graph="stylizer",
    io="bytes",
    precision="fp32",
    model="tiny",
    encoder="vgg16",
    layers=("relu4_1",),
    style_size=3,
    stride=8,
    checkpoint_sha256="0" * 64,
    license="none",
    attribution="none",
    adain_version="0",
)


def _pixels(name: str, io: str) -> Any:
    if io == "bytes":
        return helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", "height", "width", 3])
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "height", "width"])


def tiny(contract: Contract) -> onnx.ModelProto:
    """A model that follows the contract and computes what a test can compute with numpy.

    stylizer:       content * (1 - alpha) + alpha * style, a style being three channels in 0..1
    style_encoder:  the mean of each channel, in 0..1

    In `portable` files, sides that are no multiple of the stride fail, and nothing is clipped.
    """
    node, floats = helper.make_node, TensorProto.FLOAT
    style = helper.make_tensor_value_info("style", floats, ["n", 3])
    alpha = helper.make_tensor_value_info("alpha", floats, [1])
    byte, axes = contract.io == "bytes", [1, 2] if contract.io == "bytes" else [2, 3]
    name = "content" if contract.graph == "stylizer" else "image"
    if byte:
        nodes = [node("Cast", [name], ["float"], to=floats), node("Div", ["float", "white"], ["x"])]
    else:
        nodes = [
            node("SpaceToDepth", [name], ["deep"], blocksize=contract.stride),
            node("DepthToSpace", ["deep"], ["x"], blocksize=contract.stride),
        ]
    if contract.graph == "style_encoder":
        nodes += [node("ReduceMean", ["x", "axes"], ["style"], keepdims=0)]
        inputs, outputs = [_pixels(name, contract.io)], [style]
    else:
        nodes += [
            node("Unsqueeze", ["style", "axes"], ["colour"]),
            node("Sub", ["colour", "x"], ["way"]),
            node("Mul", ["way", "alpha"], ["step"]),
            node("Add", ["x", "step"], ["y" if byte else "stylized"]),
        ]
        if byte:
            nodes += [
                node("Mul", ["y", "white"], ["steps"]),
                node("Round", ["steps"], ["round"]),
                node("Cast", ["round"], ["stylized"], to=TensorProto.UINT8),
            ]
        inputs, outputs = [_pixels(name, contract.io), style, alpha], [_pixels("stylized", contract.io)]
    constants = [
        helper.make_tensor("white", floats, [], [255.0]),
        helper.make_tensor("axes", TensorProto.INT64, [2], axes),
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, contract.to_metadata())
    return model


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    """accelerate keeps the precision of its first use for the whole process; each test begins anew."""
    AcceleratorState._reset_state()


@pytest.fixture
def write_tiny(tmp_path: Path) -> Callable[..., Path]:
    """`write_tiny(io="portable")` writes both tiny graphs into a folder; so do other fields."""

    def write(folder: str = "tiny", **fields: Any) -> Path:
        out = tmp_path / folder
        out.mkdir(exist_ok=True)
        for graph in ("stylizer", "style_encoder"):
            model = tiny(replace(TINY, **{"graph": graph, **fields}))
            (out / f"{graph}.onnx").write_bytes(model.SerializeToString())
        return out

    return write


@pytest.fixture(autouse=True)
def no_openvino(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests mean the same where OpenVINO is installed, which "auto" would take, and where it is not."""
    if request.module.__name__ != "test_openvino":
        monkeypatch.setattr(engines, "openvino_problem", lambda: "it is not installed")
