"""Everything that decides what a training run does."""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

from ..errors import ModelError, OptionError
from ..network import ARCHITECTURES

Cache = Literal["none", "memory", "device"]
Precision = Literal["auto", "bf16", "fp16", "fp32"]


@dataclass(frozen=True)
class Settings:
    """Settings of `adain train`, saved in every checkpoint and as RUN/settings.json.

    Raises:
        OptionError: a value is outside its range.
    """

    # data
    content: str = ""  # folders of pictures or tar shards
    style: str = ""
    crop: int = 256  # px, a multiple of 8
    zoom: float = 1.5  # crops are cut from squares of up to this many times `crop`, then scaled
    zoom_min: float = 0.4  # and of no less than this many; under 1 they are enlarged
    cache: Cache = "none"  # keep decoded pictures in memory, or on the GPU
    workers: int = 2  # processes that decode and crop

    # network
    init: str = ""  # "shipped" or a model file: start from its weights
    encoder: str = "vgg16"
    arch: str = "multi"
    name: str = ""  # stored in the model; "" is adain-ENCODER-ARCH

    # losses; README.md says which weights make it the paper's own
    content_weight: float = 1.0
    style_weight: float = 40.0
    coarse_weight: float = 30.0  # of the style loss at half the size: strokes twice as large
    structure_weight: float = 36.0
    grid_weight: float = 5.0
    identity_weight: float = 30.0  # pixels in 0..1 have small squares
    identity: int = 1  # crops in each batch that are stylised after themselves

    # optimisation
    steps: int = 20_000
    batch_size: int = 8  # per process
    accumulate: int = 1  # batches per step
    lr: float = 4e-4
    warmup: int = 200  # steps from 0 to lr
    decay: float = 0.3  # the last share of the steps, in which a cosine takes lr to 0
    average: float = 0.999  # decay per step of the moving average of the weights, which is what is saved
    clip: float = 1.0  # largest norm of the gradient
    seed: int = 0
    precision: Precision = "auto"  # bf16 where the processor or GPU has it, else fp32

    # output
    log_every: int = 50  # steps
    sample_every: int = 500
    checkpoint_every: int = 500
    keep: int = 3  # newest checkpoints

    def __post_init__(self) -> None:
        if self.arch not in ARCHITECTURES:
            raise OptionError(f"arch {self.arch!r} is unknown; expected one of {', '.join(ARCHITECTURES)}")
        for name, known in (("cache", get_args(Cache)), ("precision", get_args(Precision))):
            if (value := getattr(self, name)) not in known:
                raise OptionError(f"{name} {value!r} is unknown; expected one of {', '.join(known)}")
        if self.crop % 8 or self.crop < 32:
            raise OptionError(f"crop {self.crop} does not fit; expected a multiple of 8, at least 32 px")
        if not 0.25 <= self.zoom_min <= 1 <= self.zoom:
            raise OptionError(
                f"zoom_min {self.zoom_min} and zoom {self.zoom} do not fit; expected 0.25..1, and 1 or more"
            )
        if self.crop < 64 and self.grid_weight:
            raise OptionError(f"crop {self.crop} is too small for the grid loss; give 64 or more, or --grid-weight 0")
        if self.init and self.encoder != "vgg16":
            raise OptionError("init brings its own encoder; leave --encoder away")
        if not 0 <= self.identity <= self.batch_size:
            raise OptionError(f"identity {self.identity} is not within the batch of {self.batch_size}")
        if not 0 <= self.decay <= 1 or not 0 <= self.average < 1:
            raise OptionError("decay must be in 0..1 and average in 0..1, below 1")
        for name in (
            "steps",
            "batch_size",
            "accumulate",
            "log_every",
            "sample_every",
            "checkpoint_every",
            "keep",
        ):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} is {getattr(self, name)}; expected at least 1")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
                raise OptionError(f"{field.name} is {value}; expected a number of 0 or more")
        if self.seed >= 2**32:
            raise OptionError(f"seed {self.seed} is too large; expected less than 2**32")
        if self.lr <= 0 or self.clip <= 0:
            raise OptionError(f"lr {self.lr} and clip {self.clip} must be above 0")

    def to_json(self) -> str:
        """As indented JSON text."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, file: Path) -> Self:
        """Read what `to_json` wrote; `file` is for the message.

        Raises:
            ModelError: no JSON of settings.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            unknown = values.keys() - {field.name for field in fields(cls)}
            if unknown:
                raise ValueError(f"unknown {', '.join(sorted(unknown))}")
            return cls(**values)
        except (AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"{file} holds no settings of `adain train` ({error})") from error
