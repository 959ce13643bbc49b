"""What a training step waits for: the loader and the step, timed apart and together."""

import statistics
import time
from dataclasses import dataclass

import torch

from ..errors import OptionError
from .data import next_batch
from .trainer import Trainer


@dataclass(frozen=True)
class Profile:
    """Medians over the measured batches, in milliseconds for one batch."""

    loader: float  # the loader alone, nothing else running
    step: float  # the training step alone, on a batch that is there already
    together: float  # as in training
    waited: float  # of `together`, what the step waited for the loader


def profile(trainer: Trainer, batches: int = 30, warm_up: int = 5) -> Profile:
    """Measure, without saving anything; the trainer's weights change.

    Args:
        trainer: with at least 2 * (batches + warm_up) batches left.
        batches: measured in each of the three parts.
        warm_up: batches before each that do not count.

    Raises:
        OptionError: too few batches are left.
    """
    count = batches + warm_up
    left = (trainer.settings.steps - trainer.step) * trainer.settings.accumulate
    if left < 2 * count:
        raise OptionError(f"{left} batches are left, {2 * count} are measured; give more --steps with --profile")

    def finish() -> None:
        if trainer.accelerator.device.type == "cuda":
            torch.cuda.synchronize()

    alone, steps, together, waits = [], [], [], []

    loader = trainer.batches()
    for _ in range(count):
        began = time.perf_counter()
        content, style, _ = next_batch(loader)
        alone.append(time.perf_counter() - began)
    for _ in range(count):
        began = time.perf_counter()
        trainer.train_step(content, style)
        finish()
        steps.append(time.perf_counter() - began)
    for _ in range(count):
        began = time.perf_counter()
        content, style, _ = next_batch(loader)
        waits.append(time.perf_counter() - began)
        trainer.train_step(content, style)
        finish()
        together.append(time.perf_counter() - began)
    medians = (1000 * statistics.median(times[warm_up:]) for times in (alone, steps, together, waits))
    return Profile(*medians)
