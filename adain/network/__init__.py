"""The network in PyTorch. This file itself loads no torch, so that the command line can read its table."""

# Where AdaIN happens, shallow to deep.
ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "classic": ("relu4_1",),  # the paper's
    "multi": ("relu2_1", "relu3_1", "relu4_1"),  # the shallower layers carry detail past the bottleneck
}
