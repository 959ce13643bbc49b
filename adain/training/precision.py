"""What a run finds on its machine: number types."""

import torch

from ..errors import OptionError
from .settings import Precision


def accelerate_precision(precision: Precision) -> str:
    """The name that accelerate has for a precision of the settings.

    Raises:
        OptionError: this machine cannot compute in it.
    """
    cuda = torch.cuda.is_available()
    if precision == "auto":
        return "bf16" if _has_bf16(cuda) else "no"
    if precision == "fp16" and not cuda:
        raise OptionError("precision fp16 needs a CUDA device; on this machine give bf16 or fp32")
    return {"fp32": "no"}.get(precision, precision)


def _has_bf16(cuda: bool) -> bool:
    if cuda:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if not hasattr(torch.cpu, "get_capabilities"):  # added after 2.9
        return False
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
