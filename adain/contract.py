"""The ONNX contract, version 1: names, ranges and metadata of the three graphs.

Everything that reads or writes our ONNX files takes its names from here. `export/CONTRACT.md` says the
same for readers in other languages.

    graph            inputs                                       output
    stylizer         content pixels, style float32 [1 or N,S],    stylized pixels
                     alpha float32 [1] in 0..1
    style_encoder    image pixels                                 style float32 [N,S]
    adain            content pixels, style_image pixels, alpha    stylized pixels

Pixels are uint8 [N,H,W,3] sRGB in `bytes` files (any N; any H, W >= MIN_SIDE) and float32 [1,3,H,W] RGB
0..1 in `portable` files (H and W multiples of the stride, at least MIN_SIDE).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, Self, get_args

from .errors import ModelError
from .onnx_file import Tensor, parse

VERSION = "1"
OPSET = 18
MIN_SIDE = 16  # below this, relu4_1 is one pixel wide and cannot be padded by reflection

Graph = Literal["stylizer", "style_encoder", "adain"]
Io = Literal["bytes", "portable"]
Precision = Literal["fp32", "fp16"]

GRAPHS: dict[Graph, tuple[tuple[str, ...], str]] = {
    "stylizer": (("content", "style", "alpha"), "stylized"),
    "style_encoder": (("image",), "style"),
    "adain": (("content", "style_image", "alpha"), "stylized"),
}

Kind = Literal["pixels", "code", "strength"]
KINDS: dict[str, Kind] = {
    "content": "pixels",
    "image": "pixels",
    "style_image": "pixels",
    "stylized": "pixels",
    "style": "code",
    "alpha": "strength",
}

PREFIX = "adain."  # of every metadata key


@dataclass(frozen=True)
class Contract:
    """What a file says of itself, in its `metadata_props` under `adain.NAME`."""

    graph: Graph
    io: Io
    precision: Precision  # of the convolutions; statistics and doors are the same in both
    model: str  # free name of the model, such as "adain-vgg16-multi"
    encoder: str  # "vgg16" or "vgg19"
    layers: tuple[str, ...]  # where AdaIN happens, such as ("relu4_1",)
    style_size: int  # S, the length of a style code
    stride: int  # portable files: H and W must be multiples of this
    checkpoint_sha256: str  # of the model.safetensors that the file was exported from
    license: str
    attribution: str
    adain_version: str  # of the package that wrote the file
    contract: str = VERSION

    def to_metadata(self) -> dict[str, str]:
        """All fields as strings under `adain.NAME`; lists as JSON."""
        values = asdict(self) | {"layers": json.dumps(self.layers)}
        return {PREFIX + name: str(value) for name, value in values.items()}

    @classmethod
    def read(cls, model: bytes, file: str, graph: Graph | None = None) -> Self:
        """What an ONNX file says of itself; nothing of it is run.

        Args:
            model: the bytes of the file, untrusted.
            file: its name, for messages.
            graph: which one it has to be; None takes any.

        Raises:
            ModelError: no ONNX file, not one of ours, another graph, or tensors that are not the contract's.
        """
        try:
            head = parse(model)
        except ValueError as error:
            raise ModelError(
                f"{file} is no ONNX file that can be run here ({error}); "
                "give a file or folder that `adain export` wrote"
            ) from error
        contract = cls.from_metadata(head.metadata, file)
        if graph not in (None, contract.graph):
            raise ModelError(f"{file} is the graph {contract.graph}; {graph}.onnx was expected")
        expected = {each.name: each.type for each in (*contract.inputs, contract.output)}
        found = {each.name: each.type for each in (*head.inputs, *head.outputs)}
        if found != expected or contract.stride < 1 or contract.style_size < 1:
            raise ModelError(
                f"{file} does not keep the contract that it names: it has {found}, "
                f"{expected} was expected; export it again"
            )
        return contract

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The graph's inputs, in order."""
        return tuple(self._tensor(name, "style_" if name.startswith("style") else "") for name in GRAPHS[self.graph][0])

    @property
    def output(self) -> Tensor:
        """The graph's output."""
        return self._tensor(GRAPHS[self.graph][1], "")

    def _tensor(self, name: str, prefix: str) -> Tensor:
        """What the contract says of a tensor; `prefix` keeps the free axes of the style apart from the content's."""
        batch, height, width = (prefix + axis for axis in ("batch", "height", "width"))
        # In portable files "8*height": tract takes it by its word, and so knows that half of it doubled is the same.
        shapes: dict[tuple[Kind, Io], tuple[str, tuple[int | str, ...]]] = {
            ("pixels", "bytes"): ("uint8", (batch, height, width, 3)),
            ("pixels", "portable"): ("float32", (1, 3, f"{self.stride}*{height}", f"{self.stride}*{width}")),
            ("code", "bytes"): ("float32", (batch, self.style_size)),
            ("code", "portable"): ("float32", (1, self.style_size)),
            ("strength", "bytes"): ("float32", (1,)),
            ("strength", "portable"): ("float32", (1,)),
        }
        return Tensor(name, *shapes[KINDS[name], self.io])

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> Self:
        """Read what `to_metadata` wrote.

        Args:
            metadata: the `metadata_props` of an ONNX file.
            file: its name, for messages.

        Raises:
            ModelError: not one of our files, or of a contract version that this package does not know.
        """
        version = metadata.get(PREFIX + "contract")
        if version is None:
            raise ModelError(
                f"{file} is an ONNX file, but not one of adain's (it has no adain.contract entry); "
                "give a file or folder that `adain export` wrote"
            )
        if version != VERSION:
            raise ModelError(
                f"{file} follows contract version {version}, this adain knows version {VERSION}; "
                "install the adain that wrote it, or export it again"
            )
        known = {PREFIX + field.name: field.name for field in fields(cls)}
        values = {known[key]: text for key, text in metadata.items() if key in known}
        try:
            for key, known_values in (("graph", GRAPHS), ("io", get_args(Io)), ("precision", get_args(Precision))):
                if values[key] not in known_values:
                    raise ValueError(f"{key} {values[key]}")
            return cls(
                **values  # type: ignore[arg-type]
                | {
                    "layers": tuple(json.loads(values["layers"])),
                    "style_size": int(values["style_size"]),
                    "stride": int(values["stride"]),
                }
            )
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"{file} has incomplete adain metadata ({error}); export it again") from error
