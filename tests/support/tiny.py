"""A model that follows the contract and computes what a test can compute with numpy."""

from collections.abc import Mapping, Sequence

import numpy as np
from onnx_writer import FLOAT, UINT8, model, node, tensor, value

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
    model_sha256="0" * 64,
    license="none",
    attribution="none",
    adain_version="0",
)
WHITE = tensor("white", np.array(255, np.float32))


def _pixels(name: str, io: str) -> bytes:
    if io == "bytes":
        return value(name, UINT8, ["batch", "height", "width", 3])
    return value(name, FLOAT, [1, 3, "height", "width"])


def tiny(
    contract: Contract = TINY,
    *,
    metadata: Mapping[str, str] | None = None,
    picture: str | None = None,
    before: Sequence[bytes] = (),
    constants: Sequence[bytes] = (WHITE,),
) -> bytes:
    """The content of an ONNX file:

    stylizer:       content * (1 - alpha) + alpha * style, a style being three channels in 0..1
    style_encoder:  the mean of each channel, in 0..1

    In `portable` files, sides that are no multiple of the stride fail, and nothing is clipped.

    For broken files:

    Args:
        metadata: in place of the contract's.
        picture: name of the first input, in place of the contract's.
        before: nodes that make "changed" of the first input.
        constants: with "white", which is 255.
    """
    byte, axes = contract.io == "bytes", [1, 2] if contract.io == "bytes" else [2, 3]
    name = picture or ("content" if contract.graph == "stylizer" else "image")
    first = "changed" if before else name
    if byte:
        nodes = [node("Cast", [first], ["float"], to=FLOAT), node("Div", ["float", "white"], ["x"])]
    else:
        nodes = [
            node("SpaceToDepth", [first], ["deep"], blocksize=contract.stride),
            node("DepthToSpace", ["deep"], ["x"], blocksize=contract.stride),
        ]
    style, alpha = value("style", FLOAT, ["n" if byte else 1, 3]), value("alpha", FLOAT, [1])
    if contract.graph == "style_encoder":
        nodes.append(node("ReduceMean", ["x", "axes"], ["style"], keepdims=0))
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
                node("Cast", ["round"], ["stylized"], to=UINT8),
            ]
        inputs, outputs = [_pixels(name, contract.io), style, alpha], [_pixels("stylized", contract.io)]
    return model(
        [*before, *nodes],
        inputs,
        outputs,
        [*constants, tensor("axes", np.array(axes, np.int64))],
        contract.to_metadata() if metadata is None else metadata,
    )
