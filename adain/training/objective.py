"""What a run minimises: a table of losses and their weights."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..network.adain import adain, statistics
from .losses import content_loss, grid_loss, identity_loss, structure_loss, style_loss
from .perception import Seen
from .settings import Settings

DEEPEST = "relu4_1"


@dataclass(frozen=True)
class Pairs:
    """A batch as the losses take it: N contents, as many styles, and what the network made of them."""

    content: Tensor  # RGB [N,3,H,W] in 0..1
    style: Seen
    reference: Seen  # the content in the colours that are asked for; `StyleTransfer.reference`
    output: Seen
    same: int  # the first so many styles are the contents themselves


class Objective:
    """The losses that have a weight in `settings`."""

    def __init__(self, settings: Settings) -> None:
        table: dict[str, tuple[float, Callable[[Pairs], Tensor]]] = {
            "content": (settings.content_weight, _content),
            "style": (settings.style_weight, lambda of: style_loss(of.output.features, of.style.features)),
            "coarse": (settings.coarse_weight, lambda of: style_loss(of.output.coarse, of.style.coarse)),
            "structure": (
                settings.structure_weight,
                lambda of: structure_loss(of.output.picture, of.reference.picture),
            ),
            "grid": (settings.grid_weight, lambda of: grid_loss(of.output.picture)),
            "identity": (
                settings.identity_weight if settings.identity else 0.0,
                lambda of: identity_loss(of.output.picture[: of.same], of.content[: of.same]),
            ),
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
    return content_loss(of.output.features[DEEPEST], adain(content, statistics(content), statistics(style)))
