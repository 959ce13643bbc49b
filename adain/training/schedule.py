"""What changes from step to step."""

import math

from .settings import Settings


def learning_rate(settings: Settings, step: int) -> float:
    """Linear warm-up, then constant, then a cosine to 0 over the last `decay` share of the steps."""
    rate = settings.lr * min(1.0, (step + 1) / max(1, settings.warmup))
    start = settings.steps * (1 - settings.decay)
    if step >= start and settings.decay:
        rate *= 0.5 * (1 + math.cos(math.pi * (step - start) / (settings.steps - start)))
    return rate


def teacher_share(settings: Settings, step: int) -> float:
    """How much of the objective is the teacher's: 1 for half of its steps, then falling evenly to 0."""
    end = settings.teacher_share * settings.steps
    if not settings.teacher or step >= end:
        return 0.0
    return min(1.0, 2 * (1 - step / end))
