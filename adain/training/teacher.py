"""Another network's pictures as a first lesson: ordinary regression, which learns fast and rewards no artefacts."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from .. import shipped
from ..errors import OptionError
from ..network.model_file import load_model

# Content and style, RGB float [N,3,H,W] in 0..1 on the training's device -> the stylised pictures, likewise.
Teacher = Callable[[Tensor, Tensor], Tensor]


def load_teacher(source: str) -> Teacher:
    """The function that "module:function" names; modules of the working directory are found too.

    This runs the module's code, as an import does. "shipped" is the large network of the package, or a
    .safetensors file another one.

    Raises:
        OptionError: there is none.
    """
    if source == "shipped" or source.endswith(".safetensors"):
        return _network(shipped.CHECKPOINT if source == "shipped" else Path(source))
    module, _, name = source.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise OptionError(
            f"teacher {source!r} cannot be found ({error}); expected shipped, MODULE:FUNCTION, or a .safetensors file"
        ) from error
    if not callable(function):
        raise OptionError(f"teacher {source!r} is no function; expected one that takes (content, style)")
    return cast(Teacher, function)


def _network(file: Path) -> Teacher:
    model = load_model(file).model.requires_grad_(False)

    def paint(content: Tensor, style: Tensor) -> Tensor:
        model.to(content.device)
        with torch.no_grad():
            return model.stylize(content, model.encode_style(style)).clamp(0, 1)

    return paint
