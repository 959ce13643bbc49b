"""Networks from elsewhere: VGGs of four kinds as encoders, and the files of pytorch-AdaIN as a model.

All files are untrusted input: safetensors, or `torch.load(weights_only=True)`; names and shapes must match.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from .. import shipped
from ..errors import ModelError
from .architecture import ARCHITECTURES
from .model_file import KEY, ModelFile, fill, load_model, read_safetensors, sha256
from .vgg import CONVS, Encoder, fold_input

DOWNLOADS = {"vgg19": "VGG19_Weights.IMAGENET1K_V1", "torchvision-vgg16": "VGG16_Weights.IMAGENET1K_V1"}

State = Mapping[str, Tensor]


def load_encoder(source: str) -> tuple[Encoder, bool]:
    """Find a pretrained encoder.

    Args:
        source: "vgg16" (the shipped one), "vgg19" or "torchvision-vgg16" (torchvision's weights, downloaded
            once), or a .safetensors or .pth file: a model of ours, or one of the `FORMATS`.

    Returns:
        The encoder for RGB 0..1, and whether its channels are normalised already.

    Raises:
        ModelError: unknown name, unusable file, or no internet for the download.
    """
    if source == "vgg16":
        return load_model(shipped.CHECKPOINT).model.encoder, True
    path = Path(source)
    if source in DOWNLOADS:
        state = _download(source)
    elif path.suffix == ".safetensors":
        state, metadata = read_safetensors(path)
        if KEY in metadata:
            return load_model(path).model.encoder, True
    elif path.suffix in (".pth", ".pt"):
        state = _load_pth(path)
    else:
        known = ", ".join(("vgg16", *DOWNLOADS))
        raise ModelError(f"encoder {source!r} is unknown; expected {known}, or a .safetensors or .pth file of a VGG")
    for key, convert, normalised in FORMATS:
        if key in state:
            return convert(state, source), normalised
    raise ModelError(f"{source} has no tensor {', '.join(key for key, *_ in FORMATS)}: it is no VGG that we know")


def load_pytorch_adain(vgg: Path, decoder: Path) -> ModelFile:
    """Read `vgg_normalised.pth` and `decoder.pth` of the pytorch-AdaIN project as a classic VGG-19 model.

    Raises:
        ModelError: a file is not what it should be.
    """
    model = ARCHITECTURES["classic"].build("vgg19")
    model.encoder = _normalised_vgg(_load_pth(vgg), str(vgg))
    # pad, conv, ReLU each; an upsampling after each block
    renamed = _renamed(_load_pth(decoder), "{}", tuple(reversed(CONVS["vgg19"])), 1, 3, str(decoder))
    fill(model.get_submodule("decoder"), renamed, str(decoder))
    both = hashlib.sha256((sha256(vgg) + sha256(decoder)).encode()).hexdigest()
    license = "decoder: ask whoever trained it; encoder derived from VGG, CC BY 4.0"
    return ModelFile(model.eval(), "pytorch-AdaIN", both, license)


def _from_torchvision(state: State, file: str) -> Encoder:
    # conv3_4 of VGG-19 stands where VGG-16 has its third pooling.
    encoder = Encoder("vgg19" if "features.16.weight" in state else "vgg16")
    # conv, ReLU each; a pooling after each block
    fill(encoder, _renamed(state, "features.{}", CONVS[encoder.name], 0, 2, file), file)
    fold_input(encoder, scale=1.0, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), bgr=False)
    return encoder


def _from_caffe(state: State, file: str) -> Encoder:
    encoder = Encoder("vgg19" if "conv3_4.weight" in state else "vgg16")
    fill(encoder, {key: _take(state, key, file) for key in encoder.state_dict()}, file)
    fold_input(encoder, scale=255.0, mean=(103.939, 116.779, 123.68), std=(1.0, 1.0, 1.0), bgr=True)
    return encoder


def _normalised_vgg(state: State, file: str) -> Encoder:
    """pytorch-AdaIN's Sequential; its 1x1 input convolution is merged into conv1_1."""
    encoder = Encoder("vgg19")
    # the 1x1 convolution; pad, conv, ReLU each; a pooling after each block
    renamed = _renamed(state, "{}", CONVS["vgg19"], 2, 3, file)
    mix, shift = _take(state, "0.weight", file), _take(state, "0.bias", file)
    first = renamed["conv1_1.weight"]
    if mix.shape != (3, 3, 1, 1) or shift.shape != (3,) or first.shape[1:] != (3, 3, 3):
        raise ModelError(f"{file} does not begin with a 1x1 convolution of 3 channels; expected vgg_normalised.pth")
    renamed["conv1_1.bias"] = renamed["conv1_1.bias"] + first.sum((2, 3)) @ shift
    renamed["conv1_1.weight"] = torch.einsum("okhw,ki->oihw", first, mix[:, :, 0, 0])
    fill(encoder, renamed, file)
    return encoder


# What a file is, by a tensor that it has: torchvision's vgg16 or vgg19; those of Simonyan and Zisserman, for Caffe
# (BGR 0..255 minus the mean); vgg_normalised.pth. With each: how it is read, and whether it is normalised.
FORMATS: tuple[tuple[str, Callable[[State, str], Encoder], bool], ...] = (
    ("features.0.weight", _from_torchvision, False),
    ("conv1_1.weight", _from_caffe, False),
    ("0.weight", _normalised_vgg, True),
)


def _renamed(state: State, key: str, convs: tuple[str, ...], first: int, step: int, file: str) -> dict[str, Tensor]:
    """Tensors of an nn.Sequential by our names.

    Args:
        state: the tensors.
        key: of a layer, with {} for its index.
        convs: names such as "3_2" in the order of the layers.
        first: index of the first convolution.
        step: from one convolution to the next; one more from block to block.
        file: for messages.
    """
    return {
        f"conv{name}.{part}": _take(state, f"{key.format(index)}.{part}", file)
        for name, index in _numbered(convs, first, step)
        for part in ("weight", "bias")
    }


def _numbered(convs: tuple[str, ...], index: int, step: int) -> Iterator[tuple[str, int]]:
    for _, block in groupby(convs, key=lambda name: name[0]):
        for name in block:
            yield name, index
            index += step
        index += 1


def _take(state: State, key: str, file: str) -> Tensor:
    if key not in state:
        raise ModelError(
            f"{file} has no tensor {key}; it has {', '.join(list(state)[:4])} ...: not the expected network"
        )
    return state[key]


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
