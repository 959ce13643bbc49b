"""Another network's pictures as a first lesson: ordinary regression, which learns fast and rewards no artefacts."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from torch import Tensor

from ..errors import OptionError

# Content and style, RGB float [N,3,H,W] in 0..1 on the training's device -> the stylised pictures, likewise.
Teacher = Callable[[Tensor, Tensor], Tensor]


def load_teacher(source: str) -> Teacher:
    """The function that "module:function" names; modules of the working directory are found too.

    This runs the module's code, as an import does.

    Raises:
        OptionError: there is none.
    """
    module, _, name = source.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise OptionError(f"teacher {source!r} cannot be found ({error}); expected MODULE:FUNCTION") from error
    if not callable(function):
        raise OptionError(f"teacher {source!r} is no function; expected one that takes (content, style)")
    return cast(Teacher, function)
