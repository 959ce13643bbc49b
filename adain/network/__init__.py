"""The network in PyTorch. This file itself loads no torch, so that the command line can read its table."""

# Where AdaIN happens, shallow to deep.
ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "classic": ("relu4_1",),  # the paper's
    # relu3_1 carries detail past the bottleneck. relu2_1 and relu1_1 would carry more, and with it the
    # content's own colours: measured, and left out.
    "multi": ("relu3_1", "relu4_1"),
}
