"""Models on disk: our own safetensors, the `.pth` files of pytorch-AdaIN, and VGGs from elsewhere.

A model file holds every tensor of `StyleTransfer` in float16 (rounded once, on saving; all computing is in
float32) and, in the header's metadata under "adain", a JSON object: version, name, encoder, layers, and what
it was trained with. One file is enough to export, to fine-tune and to go on training.

All files are untrusted input: safetensors, or `torch.load(weights_only=True)`; names and shapes must match.
"""

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from .. import shipped
from ..errors import ModelError
from ..files import replacing
from . import ARCHITECTURES
from .adain import StyleTransfer
from .vgg import CONVS, Encoder, channels, fold_input

DOWNLOADS = {"vgg19": "VGG19_Weights.IMAGENET1K_V1", "torchvision-vgg16": "VGG16_Weights.IMAGENET1K_V1"}

KEY = "adain"  # of our JSON in the safetensors header
VERSION = 1

VGG_LICENSE = "code MIT; encoder derived from VGG (Visual Geometry Group, University of Oxford), CC BY 4.0"
VGG_ATTRIBUTION = (
    "VGG: K. Simonyan and A. Zisserman, arXiv 1409.1556. AdaIN: X. Huang and S. Belongie, arXiv 1703.06868"
)


@dataclass(frozen=True)
class ModelFile:
    """A model read from disk, in evaluation mode and float32, and what its file says of it."""

    model: StyleTransfer
    name: str
    sha256: str
    license: str = VGG_LICENSE
    training: dict[str, Any] = field(default_factory=dict)


def save_model(path: Path, model: StyleTransfer, *, name: str, training: Mapping[str, Any]) -> None:
    """Write a model file, whole or not at all.

    Args:
        path: a .safetensors file.
        model: any float type; stored as float16.
        name: free name, such as "adain-vgg16-multi".
        training: JSON-able facts of the training.
    """
    header = {
        "version": VERSION,
        "name": name,
        "encoder": model.encoder.name,
        "layers": model.layers,
        "training": dict(training),
    }
    tensors = {key: value.detach().half().cpu().contiguous() for key, value in model.state_dict().items()}
    write_safetensors(path, tensors, {KEY: json.dumps(header)})


def load_model(path: Path) -> ModelFile:
    """Read what `save_model` wrote.

    Raises:
        ModelError: no safetensors file, not a model of ours, of another version, or damaged.
    """
    tensors, metadata = read_safetensors(path)
    if KEY not in metadata:
        raise ModelError(
            f"{path} is a safetensors file, but no adain model; expected the model.safetensors of `adain train`"
        )
    try:
        header = json.loads(metadata[KEY])
        version, name, training = header["version"], str(header["name"]), dict(header.get("training", {}))
        encoder, layers = header["encoder"], tuple(header["layers"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} has a damaged header ({error}); copy the file again") from error
    if version != VERSION:
        raise ModelError(
            f"{path} is of model version {version}, this adain reads {VERSION}; use the adain that wrote it"
        )
    if encoder not in tuple(CONVS) or layers not in ARCHITECTURES.values():
        raise ModelError(f"{path} is a network of {encoder} with {layers}, which this adain does not have: update it")
    model = StyleTransfer(encoder, layers)
    fill(model, tensors, str(path))
    return ModelFile(model.eval(), name, sha256(path), training=training)


def load_pytorch_adain(vgg: Path, decoder: Path) -> ModelFile:
    """Read `vgg_normalised.pth` and `decoder.pth` of the pytorch-AdaIN project as a classic VGG-19 model.

    Raises:
        ModelError: a file is not what it should be.
    """
    model = StyleTransfer("vgg19", ("relu4_1",))
    fill(model.encoder, _normalised_vgg(_load_pth(vgg), str(vgg)), str(vgg))
    state, renamed, index = _load_pth(decoder), {}, 1
    block = "4"
    for name, _, _ in reversed(channels("vgg19")):  # Sequential: pad, conv, ReLU each; an upsampling per block
        index += name[0] != block
        block = name[0]
        for part in ("weight", "bias"):
            renamed[f"conv{name}.{part}"] = _take(state, f"{index}.{part}", str(decoder))
        index += 3
    fill(model.decoder, renamed, str(decoder))
    both = hashlib.sha256((sha256(vgg) + sha256(decoder)).encode()).hexdigest()
    license = "decoder: ask whoever trained it; encoder derived from VGG, CC BY 4.0"
    return ModelFile(model.eval(), "pytorch-AdaIN", both, license)


def load_encoder(source: str) -> tuple[Encoder, bool]:
    """Find a pretrained encoder.

    Args:
        source: "vgg16" (the shipped one), "vgg19" or "torchvision-vgg16" (torchvision's weights, downloaded
            once), or a file: a model of ours (.safetensors); a VGG-16 or VGG-19 in the Caffe convention
            (.safetensors with conv1_1.weight and so on; BGR 0..255 minus the mean); torchvision's vgg16 or
            vgg19 (.pth); or vgg_normalised.pth.

    Returns:
        The encoder for RGB 0..1, and whether its channels are normalised already.

    Raises:
        ModelError: unknown name, unusable file, or no internet for the download.
    """
    if source == "vgg16":
        return load_model(shipped.CHECKPOINT).model.encoder, True
    if source in DOWNLOADS:
        return _from_torchvision(_download(source), source), False
    path = Path(source)
    if path.suffix == ".safetensors":
        tensors, metadata = read_safetensors(path)
        if KEY in metadata:
            return load_model(path).model.encoder, True
        return _from_caffe(tensors, source), False
    if path.suffix in (".pth", ".pt"):
        state = _load_pth(path)
        if "features.0.weight" in state:
            return _from_torchvision(state, source), False
        encoder = Encoder("vgg19")
        fill(encoder, _normalised_vgg(state, source), source)
        return encoder, True
    known = ", ".join(("vgg16", *DOWNLOADS))
    raise ModelError(f"encoder {source!r} is unknown; expected {known}, or a .safetensors or .pth file of a VGG")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors of a safetensors file, and its metadata.

    Raises:
        ModelError: missing, or not a safetensors file.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            metadata = stream.metadata() or {}
        return load_file(path), metadata
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist; expected a .safetensors file") from error
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is no readable safetensors file ({error})") from error


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all.

    Raises:
        ModelError: it cannot be written.
    """
    try:
        with replacing(path) as temporary:
            save_file(tensors, temporary, metadata=metadata)
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} cannot be written ({error}); check the folder, its rights and the free space"
        ) from error


def _load_pth(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch has to say of odd pickles; they are refused or fine
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"{path} does not exist; expected a .pth file of tensors") from error
    except Exception as error:  # broken pickles lead the unpickler to any error
        raise ModelError(f"{path} is no .pth file of plain tensors; nothing else is loaded, for safety") from error
    if not isinstance(state, dict) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items()
    ):
        raise ModelError(f"{path} holds something other than named tensors; expected a state dict")
    return state


def _take(state: Mapping[str, Tensor], key: str, file: str) -> Tensor:
    if key not in state:
        raise ModelError(
            f"{file} has no tensor {key}; it has {', '.join(list(state)[:4])} ...: not the expected network"
        )
    return state[key]


def fill(module: torch.nn.Module, tensors: Mapping[str, Tensor], file: str) -> None:
    """Load tensors by name into a module, as float32.

    Raises:
        ModelError: some are missing, unexpected, or of another shape; `file` is for the message.
    """
    wanted = module.state_dict()
    wrong = [f"missing {key}" for key in wanted.keys() - tensors.keys()]
    wrong += [f"unexpected {key}" for key in tensors.keys() - wanted.keys()]
    wrong += [
        f"{key} is {tuple(tensors[key].shape)} in place of {tuple(wanted[key].shape)}"
        for key in wanted.keys() & tensors.keys()
        if tensors[key].shape != wanted[key].shape
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(f"{file} does not fit the network: {', '.join(sorted(wrong)[:3])}{more}")
    module.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})


def _normalised_vgg(state: Mapping[str, Tensor], file: str) -> dict[str, Tensor]:
    """pytorch-AdaIN's Sequential by our names; its 1x1 input convolution is merged into conv1_1."""
    renamed, index, block = {}, 2, "1"
    for name, _, _ in channels("vgg19"):  # pad, conv, ReLU each; a pooling before each next block
        index += name[0] != block
        block = name[0]
        for part in ("weight", "bias"):
            renamed[f"conv{name}.{part}"] = _take(state, f"{index}.{part}", file)
        index += 3
    mix, shift = _take(state, "0.weight", file), _take(state, "0.bias", file)
    first = renamed["conv1_1.weight"]
    if mix.shape != (3, 3, 1, 1) or shift.shape != (3,) or first.shape[1:] != (3, 3, 3):
        raise ModelError(f"{file} does not begin with a 1x1 convolution of 3 channels; expected vgg_normalised.pth")
    renamed["conv1_1.bias"] = renamed["conv1_1.bias"] + first.sum((2, 3)) @ shift
    renamed["conv1_1.weight"] = torch.einsum("okhw,ki->oihw", first, mix[:, :, 0, 0])
    return renamed


def _from_caffe(tensors: Mapping[str, Tensor], file: str) -> Encoder:
    encoder = Encoder("vgg19" if "conv3_4.weight" in tensors else "vgg16")
    fill(encoder, {key: _take(tensors, key, file) for key in encoder.state_dict()}, file)
    fold_input(encoder, scale=255.0, mean=(103.939, 116.779, 123.68), std=(1.0, 1.0, 1.0), bgr=True)
    return encoder


def _from_torchvision(state: Mapping[str, Tensor], file: str) -> Encoder:
    # conv3_4 of VGG-19 stands where VGG-16 has its third pooling.
    encoder = Encoder("vgg19" if "features.16.weight" in state else "vgg16")
    renamed, index, block = {}, 0, "1"
    for name in CONVS[encoder.name]:  # conv, ReLU each; a pooling before each next block
        index += name[0] != block
        block = name[0]
        for part in ("weight", "bias"):
            renamed[f"conv{name}.{part}"] = _take(state, f"features.{index}.{part}", file)
        index += 2
    fill(encoder, renamed, file)
    fold_input(encoder, scale=1.0, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), bgr=False)
    return encoder


def _download(name: str) -> dict[str, Tensor]:
    from torchvision.models import get_weight

    try:
        state: dict[str, Tensor] = get_weight(DOWNLOADS[name]).get_state_dict(progress=True, check_hash=True)
    except Exception as error:  # no network, a proxy's answer, a wrong hash
        raise ModelError(
            f"the weights {DOWNLOADS[name]} of torchvision cannot be downloaded ({error}); "
            "give a local file with --encoder FILE"
        ) from error
    return state
