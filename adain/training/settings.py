"""Everything that decides what a training run does."""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from ..errors import ModelError, OptionError
from ..network import ARCHITECTURES

Cache = Literal["none", "memory", "device"]
Precision = Literal["auto", "bf16", "fp16", "fp32"]

SHIFT = 16  # px over which `shift_weight` moves photographs, the widest grid of a network; crops lose them


@dataclass(frozen=True)
class Settings:
    """Settings of `adain train`, saved in every checkpoint and as RUN/settings.json.

    The command line is built from these fields and their texts.

    Raises:
        OptionError: a value is outside its range.
    """

    content: str = ""  # folders of pictures or tar shards
    style: str = ""
    crop: Annotated[int, "Side of the training crops, in px: a multiple of the network's stride."] = 256
    zoom: Annotated[float, "Crops are cut from squares of up to this many crops' side, then scaled."] = 1.5
    zoom_min: Annotated[float, "And of no less than this many; under 1 they are enlarged."] = 0.4
    cache: Annotated[Cache, "Keep decoded pictures in memory, or on the GPU."] = "none"
    workers: Annotated[int, "Processes that decode and crop."] = 2

    init: Annotated[str, "shipped, or a model.safetensors: start from its weights, not from random ones."] = ""
    encoder: Annotated[str, "vgg16 (shipped), vgg19 or torchvision-vgg16 (downloaded), or a file."] = "vgg16"
    arch: Annotated[str, f"The kind of network: {', '.join(ARCHITECTURES)}."] = "modulated"
    name: Annotated[str, "Name stored in the model; adain-ENCODER-ARCH if none is given."] = ""

    # README.md says which weights make the losses the paper's own.
    content_weight: Annotated[float, "Of the content loss."] = 0.0
    style_weight: Annotated[float, "Of the style loss."] = 3.0
    coarse_weight: Annotated[float, "Of the style loss at half the size, where strokes are twice as large."] = 3.0
    structure_weight: Annotated[float, "Of the structure loss."] = 0.5
    grid_weight: Annotated[float, "Of the grid loss."] = 0.0
    identity_weight: Annotated[float, "Of the identity loss; pixels in 0..1 have small squares."] = 30.0
    identity: Annotated[int, "Crops per batch that are stylised after themselves."] = 1
    balanced: Annotated[bool, "Divide both style losses by their bound, so that layers and pairs count alike."] = True
    palette_weight: Annotated[float, "Of the loss of sorted colours."] = 1.0
    distribution_weight: Annotated[float, "Of the loss of sorted features."] = 1.5
    contrast_weight: Annotated[float, "Of the loss of neighbours' contrasts."] = 0.0
    likeness_weight: Annotated[float, "Of the content loss on features without their statistics."] = 1.2
    identity_features_weight: Annotated[float, "Of the identity loss in features."] = 0.0
    deep: Annotated[str, "Weights of VGG-16's conv4_2 to conv5_1, so that losses see relu5_1 too."] = ""
    jitter: Annotated[bool, "Shift and scale at random what the losses see, against patterns of the grid."] = False
    shift_weight: Annotated[float, "Of the change where the photograph moves; against patterns of the grid too."] = 0.0
    degrade: Annotated[float, "Share of the photographs that get JPEG's faults, or noise."] = 0.0
    teacher: Annotated[
        str, "To be imitated first: shipped, a model.safetensors, or MODULE:FUNCTION, (content, style) -> picture."
    ] = ""
    teacher_weight: Annotated[float, "Of the distance to the teacher's pictures."] = 8.0
    teacher_features_weight: Annotated[float, "Of the distance to the features of the teacher's pictures."] = 2.0
    teacher_share: Annotated[float, "Share of the steps with the teacher; in its second half the losses come in."] = 0.5
    teacher_kept: Annotated[float, "What the teacher's share of the objective falls to; kept to the end."] = 0.0

    steps: Annotated[int, "Steps of the optimiser."] = 20_000
    batch_size: Annotated[int, "Pairs per process and batch."] = 8
    accumulate: Annotated[int, "Batches per step."] = 1
    lr: Annotated[float, "Learning rate of Adam."] = 4e-4
    warmup: Annotated[int, "Steps of linear warm-up."] = 200
    decay: Annotated[float, "Last share of the steps, in which a cosine takes the rate to 0."] = 0.3
    average: Annotated[float, "Decay per step of the moving average of the weights, which is what is saved."] = 0.999
    clip: Annotated[float, "Largest norm of the gradient."] = 1.0
    seed: Annotated[int, "Of everything random."] = 0
    precision: Annotated[Precision, "auto is bf16 where the processor or GPU has it, else fp32."] = "auto"
    compile: Annotated[bool, "Compile steps with torch.compile first; needs a C++ compiler, on a GPU Triton."] = False

    log_every: Annotated[int, "Steps between logged losses."] = 50
    sample_every: Annotated[int, "Steps between sample grids."] = 500
    checkpoint_every: Annotated[int, "Steps between checkpoints."] = 500
    keep: Annotated[int, "Newest checkpoints kept."] = 3

    def __post_init__(self) -> None:
        if self.arch not in ARCHITECTURES:
            raise OptionError(f"arch {self.arch!r} is unknown; expected one of {', '.join(ARCHITECTURES)}")
        for name, known in (("cache", get_args(Cache)), ("precision", get_args(Precision))):
            if (value := getattr(self, name)) not in known:
                raise OptionError(f"{name} {value!r} is unknown; expected one of {', '.join(known)}")
        stride = max(8, ARCHITECTURES[self.arch].stride)
        if self.crop % stride or self.crop < 32:
            raise OptionError(f"crop {self.crop} does not fit; expected a multiple of {stride}, at least 32 px")
        if not 0.25 <= self.zoom_min <= 1 <= self.zoom:
            raise OptionError(
                f"zoom_min {self.zoom_min} and zoom {self.zoom} do not fit; expected 0.25..1, and 1 or more"
            )
        for loss, wanted, smallest in (
            ("grid_weight", self.grid_weight, 64),
            ("contrast_weight", self.contrast_weight, 64),
            ("shift_weight", self.shift_weight, 48),
            ("deep", self.deep, 128),
        ):
            least = smallest + (SHIFT if self.shift_weight else 0)
            if wanted and self.crop < least:
                raise OptionError(f"crop {self.crop} is too small for {loss} {wanted}; give {least} or more")
        if self.compile and (self.jitter or (self.shift_weight and self.teacher)):
            raise OptionError("compile needs sizes that stay; jitter, and shift_weight with a teacher, change them")
        if self.init and self.encoder != "vgg16":
            raise OptionError("init brings its own encoder; leave --encoder away")
        if not 0 <= self.identity <= self.batch_size:
            raise OptionError(f"identity {self.identity} is not within the batch of {self.batch_size}")
        if not 0 <= self.average < 1:
            raise OptionError("average must be in 0..1, below 1")
        for name in ("decay", "degrade", "teacher_share", "teacher_kept"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"{name} must be in 0..1, not {getattr(self, name)}")
        for name in ("steps", "batch_size", "accumulate", "log_every", "sample_every", "checkpoint_every", "keep"):
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
