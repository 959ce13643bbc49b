"""How fast what is trained changes: from weight to weight, and from step to step."""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from torch import nn

from .settings import Settings

WIDE = 128  # inputs of a linear layer above which it is trained with a lower rate


def parameter_groups(parameters: Mapping[str, nn.Parameter]) -> list[dict[str, Any]]:
    """Groups for an optimiser, with the `part` of the learning rate that each is trained with.

    Adam moves every weight by about the rate, so what a linear layer gives moves by the rate times its inputs. Those of
    a style code are 1,801, and at a rate that suits the convolutions they made the network forget the other styles
    at every step. Hence a rate in inverse proportion to the inputs (Yang et al., arXiv 2203.03466).
    """
    groups = defaultdict(list)
    for parameter in parameters.values():
        groups[min(1.0, WIDE / parameter.shape[1]) if parameter.ndim == 2 else 1.0].append(parameter)
    return [{"params": group, "part": part} for part, group in groups.items()]


def learning_rate(settings: Settings, step: int) -> float:
    """Linear warm-up, then constant, then a cosine to 0 over the last `decay` share of the steps."""
    rate = settings.lr * min(1.0, (step + 1) / max(1, settings.warmup))
    start = settings.steps * (1 - settings.decay)
    if step >= start and settings.decay:
        rate *= 0.5 * (1 + math.cos(math.pi * (step - start) / (settings.steps - start)))
    return rate


def teacher_share(settings: Settings, step: int) -> float:
    """How much of the objective is the teacher's: 1 for half of its steps, then falling evenly to what it keeps."""
    if not settings.teacher:
        return 0.0
    end, kept = settings.teacher_share * settings.steps, settings.teacher_kept
    return kept + (1 - kept) * min(1.0, 2 * (1 - step / end)) if step < end else kept
