"""The networks in PyTorch. `architecture`, all that is imported here, loads no torch: the command line reads it."""

from .architecture import ARCHITECTURES, Architecture, architecture_with

__all__ = ["ARCHITECTURES", "Architecture", "architecture_with"]
