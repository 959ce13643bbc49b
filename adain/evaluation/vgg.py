"""VGG-16 in its original scale, which the losses of the metrics are defined on.

The scale of the shipped encoder is restored (`adain.network.scale`); a file of the original weights is exact.
"""

from pathlib import Path

import torch

from ..engines import GPUS, Device
from ..errors import DeviceError, ModelError
from ..network.pretrained import load_encoder
from ..network.scale import original_norms, restore_scale
from ..network.vgg import Encoder


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
        restore_scale(encoder, original_norms())
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
    if engine in GPUS and not cuda:
        raise DeviceError(f"cannot compute the metrics beside {engine}: torch finds no GPU; give --device cpu")
    return "cuda" if cuda and engine in ("auto", *GPUS) else "cpu"
