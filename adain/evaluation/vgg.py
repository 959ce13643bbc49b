"""VGG-16 in its original scale, which the losses of the metrics are defined on.

The encoder in a model file is normalised: every channel is scaled so that its mean activation is 1
(`adain.network.vgg.normalise`), and the factors are not in the file. They can be had back without it: scaling a
channel scales the norm of its filter, so it is enough to know the norms that the original filters have. Those
1,664 numbers are kept here, and the shipped encoder becomes the original VGG but for the rounding of its weights
in the model file (features of relu4_1 within about 0.5 %). A file of the original weights is exact.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..engines import Device
from ..errors import DeviceError, ModelError
from ..network.pretrained import load_encoder
from ..network.vgg import Encoder

# What `filter_norms` gives for the VGG-16 of Simonyan and Zisserman in the Caffe convention, input folded.
NORMS = Path(__file__).with_name("vgg16_norms.npy")


def load_vgg(file: Path | None, device: str = "cpu") -> Encoder:
    """The VGG-16 of the metrics: RGB float [N,3,H,W] in 0..1 to features in the scale of the Caffe weights.

    Args:
        file: the original weights as safetensors (conv1_1.weight [64,3,3,3], conv1_1.bias and so on, for BGR
            0..255 minus the mean); None restores the scale of the shipped encoder.
        device: of torch, see `torch_device`.

    Raises:
        ModelError: the file is missing, or something else.
    """
    encoder, normalised = load_encoder("vgg16" if file is None else str(file))
    if file is None:
        restore_scale(encoder, np.load(NORMS))
    elif normalised or encoder.name != "vgg16" or file.suffix != ".safetensors":
        raise ModelError(
            f"{file} is not the original VGG-16; expected its Caffe weights as .safetensors (conv1_1.weight, ...), "
            "or leave --vgg out for the encoder of the package"
        )
    return encoder.requires_grad_(False).eval().to(device)


def torch_device(engine: Device) -> str:
    """Where torch computes the metrics beside an engine of ours: on the same hardware; "auto" takes CUDA if it can.

    Raises:
        DeviceError: the engine runs on a GPU, and torch finds none.
    """
    cuda = torch.cuda.is_available()
    if engine in ("cuda", "tensorrt") and not cuda:
        raise DeviceError(f"cannot compute the metrics beside {engine}: torch finds no GPU; give --device cpu")
    return "cuda" if cuda and engine in ("auto", "cuda", "tensorrt") else "cpu"


def filter_norms(encoder: Encoder) -> NDArray[np.float32]:
    """The L2 norms of all filters, in the order of the convolutions, float32 [1664] for VGG-16."""
    norms = [conv.weight.detach().double().flatten(1).norm(dim=1) for _, conv in encoder.convolutions()]
    return torch.cat(norms).float().numpy()


def restore_scale(encoder: Encoder, norms: NDArray[np.float32]) -> None:
    """Undo `normalise` in place: scale every channel so that its filter has the given norm.

    Exact for whatever positive factors the channels were scaled by, because ReLU and max pooling commute with
    them.

    Args:
        encoder: a VGG whose channels were scaled.
        norms: `filter_norms` of it before that.
    """
    wanted = torch.from_numpy(norms).double()
    before = torch.ones(3, dtype=torch.float64)
    with torch.no_grad():
        for _, conv in encoder.convolutions():
            norm, wanted = wanted[: conv.out_channels], wanted[conv.out_channels :]
            weight = conv.weight.double() / before.view(1, -1, 1, 1)
            factor = norm / weight.flatten(1).norm(dim=1)
            conv.weight.copy_(weight * factor.view(-1, 1, 1, 1))
            conv.bias.copy_(conv.bias.double() * factor)  # type: ignore[union-attr]
            before = factor
