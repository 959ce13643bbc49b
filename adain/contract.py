"""The ONNX contract, version 2: names, ranges and metadata of the graphs.

Everything that reads or writes our ONNX files takes its names from here. `export/CONTRACT.md` says the
same for readers in other languages.

    graph            inputs                                       output
    stylizer         content, style, alpha                        stylized
    style_encoder    image                                        style
    adain            content, style_image, alpha                  stylized
    measure          content, style, alpha, weight                statistics
    paint            content, style, alpha, statistics            stylized

    content, image, style_image, stylized: pixels, uint8 [N,H,W,3] sRGB in `bytes` files (any N; any H, W of at least
        `smallest_side`), float32 [1,3,H,W] RGB 0..1 in `portable` files (H and W multiples of the stride too)
    style: float32 [1 or N,S]
    alpha: float32 [1] in 0..1
    weight: float32 [N,H,W] in 0..1, what each pixel counts
    statistics: float32 [1 or N,T], weighted sums; those of the parts of a picture add up if `parts_add_up`
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

from .errors import ModelError
from .onnx_file import Tensor, parse, read_bytes, with_weights

OPSET = 18
MIN_SIDE = 16  # px, of version 1

Graph = Literal["stylizer", "style_encoder", "adain", "measure", "paint"]
Io = Literal["bytes", "portable"]
Precision = Literal["fp32", "fp16"]

GRAPHS: dict[Graph, tuple[tuple[str, ...], str]] = {
    "stylizer": (("content", "style", "alpha"), "stylized"),
    "style_encoder": (("image",), "style"),
    "adain": (("content", "style_image", "alpha"), "stylized"),
    "measure": (("content", "style", "alpha", "weight"), "statistics"),
    "paint": (("content", "style", "alpha", "statistics"), "stylized"),
}
# The version of the contract that a reader has to know to use a graph: the first three are as they always were.
VERSIONS: dict[Graph, str] = {"stylizer": "1", "style_encoder": "1", "adain": "1", "measure": "2", "paint": "2"}

Kind = Literal["pixels", "code", "strength", "weights", "statistics"]
KINDS: dict[str, Kind] = {
    "content": "pixels",
    "image": "pixels",
    "style_image": "pixels",
    "stylized": "pixels",
    "style": "code",
    "alpha": "strength",
    "weight": "weights",
    "statistics": "statistics",
}

_OWN_AXES = {"style": "style_", "style_image": "style_", "statistics": "statistics_"}

PREFIX = "adain."  # of every metadata key


Layout = tuple[tuple[str, int], ...]  # names and numbers, such as the lengths of the parts of a vector, in order

# How a graph is run on a CPU: the names by which a file says, and an engine asks, what memory that takes.
Use = Literal["cpu", "cpu thrifty", "openvino bf16", "openvino fp32"]
# Bytes for each pixel of the first model, measured on 1 to 4 megapixels: with onnxruntime 1,250 to 1,300, 530 without
# its arena; with OpenVINO 520 in bfloat16, 1,090 in float32.
MEMORY: dict[Use, int] = {"cpu": 1350, "cpu thrifty": 600, "openvino bf16": 600, "openvino fp32": 1200}


@dataclass(frozen=True)
class Contract:
    """What a file says of itself, in its `metadata_props` under `adain.NAME`.

    The defaults hold for files that do not say more, which are of version 1 and of the model that shipped then.
    """

    graph: Graph
    io: Io
    precision: Precision  # of the convolutions; inputs, outputs and statistics never change
    model: str  # free name of the model, such as "adain-vgg16-multi"
    encoder: str  # "vgg16" or "vgg19"
    layers: tuple[str, ...]  # where AdaIN happens, such as ("relu4_1",)
    style_size: int  # S, the length of a style code
    stride: int  # portable files: H and W must be multiples of this
    checkpoint_sha256: str  # of what makes style codes: files with the same one take each other's codes
    license: str
    attribution: str
    adain_version: str  # of the package that wrote the file
    model_sha256: str = ""  # of the model.safetensors that the file was exported from
    contract: str = "1"  # version that a reader has to know, see `VERSIONS`
    architecture: str = ""  # see `adain.network.ARCHITECTURES`
    smallest_side: int = MIN_SIDE  # px, of a picture
    code: Layout = ()  # of a style code
    statistics: Layout = ()  # what `measure` sums up, the weights first
    parts_add_up: bool = False  # statistics of the parts of a picture add up to those of the whole
    halo: int = 0  # px around a part of a picture within which the rest of the picture has influence on it
    painting: int = 512  # px, to which the shorter side of a painting is shrunk before it is encoded
    operations: int | None = None  # of the convolutions for each pixel; a multiplication and an addition are two
    memory: Layout = tuple(MEMORY.items())  # bytes for each pixel of the larger picture, by `Use`
    weights: Graph | None = None  # in whose file, beside this one, the weights are; None: in this one

    def to_metadata(self) -> dict[str, str]:
        """All fields as strings under `adain.NAME`; lists, numbers and the like as JSON."""
        return {
            PREFIX + name: value if isinstance(value, str) else json.dumps(value)
            for name, value in asdict(self).items()
            if value is not None
        }

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

    def bytes_for(self, use: Use) -> int:
        """Memory for each pixel, as the file says, or else that of the first model."""
        return dict(self.memory).get(use, MEMORY[use])

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The graph's inputs, in order."""
        return tuple(self._tensor(name, _OWN_AXES.get(name, "")) for name in GRAPHS[self.graph][0])

    @property
    def output(self) -> Tensor:
        """The graph's output."""
        return self._tensor(GRAPHS[self.graph][1], "")

    def _tensor(self, name: str, prefix: str) -> Tensor:
        """What the contract says of a tensor; `prefix` keeps its free axes apart from those of the content."""
        batch, height, width = (prefix + axis for axis in ("batch", "height", "width"))
        # In portable files "8*height": tract takes it by its word, and so knows that half of it doubled is the same.
        shapes: dict[tuple[Kind, Io], tuple[str, tuple[int | str, ...]]] = {
            ("pixels", "bytes"): ("uint8", (batch, height, width, 3)),
            ("pixels", "portable"): ("float32", (1, 3, f"{self.stride}*{height}", f"{self.stride}*{width}")),
            ("code", "bytes"): ("float32", (batch, self.style_size)),
            ("code", "portable"): ("float32", (1, self.style_size)),
            ("weights", "bytes"): ("float32", (batch, height, width)),
            ("weights", "portable"): ("float32", (1, f"{self.stride}*{height}", f"{self.stride}*{width}")),
            ("statistics", "bytes"): ("float32", (batch, sum(length for _, length in self.statistics))),
            ("statistics", "portable"): ("float32", (1, sum(length for _, length in self.statistics))),
        }
        return Tensor(name, *shapes.get((KINDS[name], self.io), ("float32", (1,))))  # the strength

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
        if version not in VERSIONS.values():
            raise ModelError(
                f"{file} follows contract version {version}, this adain knows versions 1 and 2; "
                "install the adain that wrote it, or export it again"
            )
        known = {PREFIX + field.name: field.name for field in fields(cls)}
        values = {known[key]: text for key, text in metadata.items() if key in known}
        try:
            kinds = {"graph": GRAPHS, "io": get_args(Io), "precision": get_args(Precision), "weights": GRAPHS}
            for key, known_values in kinds.items():
                if key not in values and key == "weights":
                    continue
                if values[key] not in known_values:
                    raise ValueError(f"{key} {values[key]}")
            return cls(**{name: _READERS.get(name, str)(text) for name, text in values.items()})
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"{file} has incomplete adain metadata ({error}); export it again") from error


def read_model(file: Path) -> bytes:
    """The bytes of one of our ONNX files, with the weights that are in the file of another graph beside it.

    Raises:
        ModelError: it cannot be read, is not one of ours, or those weights are of another model.
    """
    model = read_bytes(file)
    contract = Contract.read(model, str(file))
    if contract.weights is None:
        return model
    beside = file.with_name(f"{contract.weights}.onnx")
    source = read_bytes(beside)
    if Contract.read(source, str(beside)).checkpoint_sha256 != contract.checkpoint_sha256:
        raise ModelError(f"{file} and {beside}, which holds its weights, are of different models; export both anew")
    return with_weights(model, source)


def _layout(text: str) -> Layout:
    return tuple((str(name), int(length)) for name, length in json.loads(text))


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text]


# How the fields that are no text are read from it.
_READERS: dict[str, Callable[[str], Any]] = {
    "layers": lambda text: tuple(map(str, json.loads(text))),
    **dict.fromkeys(("style_size", "stride", "smallest_side", "halo", "painting", "operations"), int),
    **dict.fromkeys(("code", "statistics", "memory"), _layout),
    "parts_add_up": _flag,
}
