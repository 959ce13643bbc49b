"""Our own model files, in safetensors.

A model file holds every tensor of a `StyleTransfer` in float16 (rounded once, on saving; all computing is in
float32) and, in the header's metadata under "adain", a JSON object: version, name, encoder, architecture, and what
it was trained with. One file is enough to export, to fine-tune and to go on training.

All files are untrusted input; names and shapes must match.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import ModelError
from ..replacing import replacing
from .architecture import ARCHITECTURES, Architecture, architecture_with
from .model import StyleTransfer
from .vgg import CONVS

KEY = "adain"  # of our JSON in the safetensors header
VERSION = 2  # version 1 told the architecture by its layers

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
        "architecture": model.architecture.name,
        "training": dict(training),
    }
    tensors = {key: value.detach().half().cpu().contiguous() for key, value in model.state_dict().items()}
    write_safetensors(path, tensors, {KEY: json.dumps(header)})


def load_model(path: Path) -> ModelFile:
    """Read what `save_model` wrote, now or in version 1.

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
        if version not in (1, VERSION):
            raise ModelError(
                f"{path} is of model version {version}, this adain reads up to {VERSION}; use the adain that wrote it"
            )
        encoder, kind = header["encoder"], header["layers" if version == 1 else "architecture"]
        architecture = _architecture(kind)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} has a damaged header ({error}); copy the file again") from error
    if encoder not in tuple(CONVS) or architecture is None:
        raise ModelError(f"{path} is a network of {encoder}, {kind}, which this adain does not have: update it")
    model = architecture.build(encoder)
    fill(model, tensors, str(path))
    return ModelFile(model.eval(), name, sha256(path), training=training)


def _architecture(kind: object) -> Architecture | None:
    """By its name, or by the layers of a file of version 1."""
    if isinstance(kind, str):
        return ARCHITECTURES.get(kind)
    if isinstance(kind, list):
        return architecture_with(tuple(kind))
    raise TypeError(f"{kind} is no architecture")


def codes_sha256(model: StyleTransfer) -> str:
    """A SHA-256 of what decides on style codes: their layout and the encoder's weights, in float16 as they are saved.

    Networks that were trained with one encoder take each other's codes.
    """
    digest = hashlib.sha256(json.dumps(model.architecture.code).encode())
    for name, tensor in sorted(model.encoder.state_dict().items()):
        digest.update(name.encode() + tensor.detach().half().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


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
