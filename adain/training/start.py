"""The network that a run begins with: from a checkpoint, from a model file, or new."""

from pathlib import Path

import torch
from torch import Tensor

from .. import shipped
from ..errors import OptionError
from ..network import ARCHITECTURES
from ..network.model import StyleTransfer
from ..network.model_file import fill, load_model
from ..network.pretrained import load_encoder
from ..network.vgg import mean_activations, normalise
from .checkpoints import State
from .data import Pictures, sample
from .settings import Settings

NORMALISE_PICTURES = 256  # of each folder, for an encoder that is not normalised yet
NORMALISE_SIZE = 256  # px, a multiple of every stride
CODES = 256  # paintings whose codes a new network learns of


def first_network(settings: Settings, state: State | None, contents: Pictures, styles: Pictures) -> StyleTransfer:
    """See the module.

    Raises:
        AdaINError: what it begins with cannot be read, or does not fit the settings.
    """
    if state:
        return _of_checkpoint(state, settings)
    if settings.init:
        return _of_file(settings)
    return _new(settings, contents, styles)


def _of_checkpoint(state: State, settings: Settings) -> StyleTransfer:
    """With the averaged weights."""
    for name in ("encoder", "arch"):
        if (saved := getattr(state.settings, name)) != (given := getattr(settings, name)):
            raise OptionError(f"the run has --{name} {saved}, which cannot change to {given}")
    network = ARCHITECTURES[settings.arch].build(state.header["encoder"])
    fill(network, state.parts.get("average", {}), str(state.path))
    return network


def _of_file(settings: Settings) -> StyleTransfer:
    path = shipped.CHECKPOINT if settings.init == "shipped" else Path(settings.init)
    network = load_model(path).model
    if (kind := network.architecture.name) != settings.arch:
        raise OptionError(f"{path} is of --arch {kind}, not {settings.arch}; give that")
    return network


def few_pictures(folders: tuple[Pictures, ...], count: int) -> list[Tensor]:
    """`count` pictures of each folder, RGB float [1,3,H,W] in 0..1, sides up to NORMALISE_SIZE."""
    return [
        picture[None].cpu().float() / 255 for folder in folders for picture in sample(folder, count, NORMALISE_SIZE)
    ]


def _new(settings: Settings, contents: Pictures, styles: Pictures) -> StyleTransfer:
    """Random weights around a pretrained encoder, which is normalised on the pictures if it has not been."""
    encoder, normalised = load_encoder(settings.encoder)
    if not normalised:
        normalise(encoder, mean_activations(encoder, few_pictures((contents, styles), NORMALISE_PICTURES)))
    network = ARCHITECTURES[settings.arch].build(encoder.name)
    # As it will be stored: every user of the checkpoint then computes with the same numbers.
    network.encoder = encoder.half().float()
    with torch.no_grad():
        network.learn_codes(network.encode_style(each) for each in few_pictures((styles,), CODES))
    return network
