"""What a run minimises: a table of losses and their weights."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..network.adain import adain, statistics
from . import losses
from .perception import Features, Seen
from .settings import Settings

DEEPEST = "relu4_1"  # of the paper's content loss
DISTRIBUTED = ("relu2_1", "relu3_1", "relu4_1")  # layers of the loss of sorted features
CONTRASTED = ("relu2_1", "relu3_1", "relu4_1")
DIRECTIONS = 64
COLOUR_DIRECTIONS = 8
ANCHORS = 8


@dataclass(frozen=True)
class Pairs:
    """A batch as the losses take it: N contents, as many styles, and what the network made of them."""

    content: Tensor  # RGB [N,3,H,W] in 0..1
    style: Seen
    reference: Seen  # the content in the colours that are asked for; `StyleTransfer.reference`
    output: Seen
    same: int  # the first so many styles are the contents themselves
    random: np.random.Generator  # of this step


Loss = Callable[[Pairs], Tensor]


class Objective:
    """The losses that have a weight in `settings`."""

    def __init__(self, settings: Settings) -> None:
        style = losses.balanced_style_loss if settings.balanced else losses.style_loss
        structure = losses.structure_loss
        if settings.compile:
            style, structure = torch.compile(style, dynamic=False), torch.compile(structure, dynamic=False)
        same = 1.0 if settings.identity else 0.0
        table: dict[str, tuple[float, Loss]] = {
            "content": (settings.content_weight, _content),
            "likeness": (settings.likeness_weight, _likeness),
            "style": (settings.style_weight, lambda of: style(of.output.features, of.style.features)),
            "coarse": (settings.coarse_weight, lambda of: style(of.output.coarse, of.style.coarse)),
            "distribution": (settings.distribution_weight, _distribution),
            "palette": (settings.palette_weight, _palette),
            "contrast": (settings.contrast_weight, _contrast),
            "structure": (settings.structure_weight, lambda of: structure(of.output.picture, of.reference.picture)),
            "grid": (settings.grid_weight, lambda of: losses.grid_loss(of.output.picture)),
            "identity": (settings.identity_weight * same, _identity),
            "identity_features": (settings.identity_features_weight * same, _identity_features),
        }
        self.losses = {name: (weight, loss) for name, (weight, loss) in table.items() if weight}

    def __call__(self, pairs: Pairs) -> dict[str, Tensor]:
        """All losses, unweighted, and their weighted sum as "total"."""
        values = {name: loss(pairs) for name, (_, loss) in self.losses.items()}
        total = sum((weight * values[name] for name, (weight, _) in self.losses.items()), pairs.content.new_zeros(()))
        return values | {"total": total}


def _content(of: Pairs) -> Tensor:
    """The target is the paper's: what AdaIN makes of the content's deepest features."""
    content, style = of.reference.features[DEEPEST], of.style.features[DEEPEST]
    return losses.content_loss(of.output.features[DEEPEST], adain(content, statistics(content), statistics(style)))


def _likeness(of: Pairs) -> Tensor:
    layers = [layer for layer in (DEEPEST, "relu5_1") if layer in of.output.features]
    return torch.stack(
        [losses.likeness_loss(of.output.features[layer], of.reference.features[layer]) for layer in layers]
    ).mean()


def _distribution(of: Pairs) -> Tensor:
    features = of.output.features
    directions = {layer: _directions(of, DIRECTIONS, features[layer].shape[1]) for layer in DISTRIBUTED}
    return losses.distribution_loss(features, of.style.features, directions)


def _palette(of: Pairs) -> Tensor:
    return losses.palette_loss(of.output.picture, of.style.picture, _directions(of, COLOUR_DIRECTIONS, 3))


def _directions(of: Pairs, count: int, channels: int) -> Tensor:
    """Random unit vectors, [count,channels]."""
    drawn = torch.from_numpy(of.random.standard_normal((count, channels), np.float32))
    return normalize(drawn.to(of.content.device, non_blocking=True))


def _contrast(of: Pairs) -> Tensor:
    def anchors(features: Tensor) -> Tensor:
        height, width = features.shape[2:]
        drawn = [of.random.integers(1, side - 1, ANCHORS) for side in (height, width)]
        return torch.from_numpy(np.stack(drawn)).to(features.device, non_blocking=True)

    features = of.output.features
    return losses.contrast_loss(
        features, of.reference.features, {layer: anchors(features[layer]) for layer in CONTRASTED}
    )


def _identity(of: Pairs) -> Tensor:
    return losses.identity_loss(of.output.picture[: of.same], of.content[: of.same])


def _identity_features(of: Pairs) -> Tensor:
    def first(features: Features) -> Features:
        return {layer: each[: of.same] for layer, each in features.items()}

    return losses.identity_features_loss(first(of.output.features), first(of.style.features))
