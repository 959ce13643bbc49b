"""The state of a run on disk: everything that a later step depends on.

A checkpoint is a safetensors file whose tensors are named PART.NAME: average (the whole network, with the averaged
weights), trained (the weights in training), exp_avg and exp_avg_sq (Adam's moments).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ModelError, OptionError
from ..network.model_file import read_safetensors, write_safetensors
from ..network.vgg import CONVS
from .settings import Settings

KEY = "adain_checkpoint"  # of our JSON in a checkpoint's header
MOMENTS = ("exp_avg", "exp_avg_sq")

Parts = dict[str, dict[str, Tensor]]


@dataclass(frozen=True)
class State:
    """A checkpoint that was read."""

    path: Path
    parts: Parts
    header: dict[str, Any]  # step, adam_steps, encoder, scaler, settings
    settings: Settings


def newest_checkpoint(run: Path) -> Path | None:
    """The newest checkpoint in a run folder, if any."""
    return max(_checkpoints(run), default=None)


def read_newest(run: Path) -> State:
    """Read the newest checkpoint in a run folder.

    Raises:
        OptionError: there is none.
        ModelError: it is damaged, or no checkpoint of ours.
    """
    path = newest_checkpoint(run)
    if path is None:
        raise OptionError(f"{run} has no checkpoint to resume from; leave --resume away to start a run there")
    tensors, metadata = read_safetensors(path)
    try:
        header = json.loads(metadata[KEY])
        if header["encoder"] not in tuple(CONVS):
            raise ValueError(f"encoder {header['encoder']}")
        settings = Settings.from_json(json.dumps(header["settings"]), path)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no checkpoint of `adain train`, or damaged ({error})") from error
    parts: Parts = {}
    for key, tensor in tensors.items():
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = tensor
    return State(path, parts, header, settings)


def write_checkpoint(run: Path, parts: Mapping[str, Mapping[str, Tensor]], header: dict[str, Any], keep: int) -> None:
    """Write a checkpoint, whole or not at all, then drop all but the `keep` newest ones."""
    tensors = {
        f"{part}.{name}": tensor.detach().cpu().contiguous()
        for part, named in parts.items()
        for name, tensor in named.items()
    }
    write_safetensors(
        run / "checkpoints" / f"step-{header['step']:07d}.safetensors", tensors, {KEY: json.dumps(header)}
    )
    for old in _checkpoints(run)[:-keep]:
        old.unlink()


def moments_of(optimizer: torch.optim.Optimizer, trained: Mapping[str, nn.Parameter]) -> tuple[Parts, int]:
    """Adam's moments by parameter, and its steps: fewer than ours in fp16, where the scaler skips some."""
    # Adam has no moments before the first step.
    known = {name: optimizer.state[parameter] for name, parameter in trained.items() if parameter in optimizer.state}
    steps = {int(each["step"]) for each in known.values()}
    return {moment: {name: each[moment] for name, each in known.items()} for moment in MOMENTS}, max(steps, default=0)


def restore(state: State, trained: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
    """Put weights and moments of a checkpoint in place.

    Raises:
        ModelError: they do not fit.
    """
    try:
        steps = int(state.header["adam_steps"])
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(state.parts["trained"][name])
                if steps:
                    optimizer.state[parameter] = {
                        "step": torch.tensor(float(steps), device=parameter.device),
                        **{key: torch.empty_like(parameter).copy_(state.parts[key][name]) for key in MOMENTS},
                    }
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"{state.path} does not fit these settings ({error}); resume with the run's own") from error


def _checkpoints(run: Path) -> list[Path]:
    found = (run / "checkpoints").glob("step-*.safetensors")
    return sorted(path for path in found if re.fullmatch(r"step-\d{7}", path.stem))
