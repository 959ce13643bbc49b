"""The network in PyTorch. This file itself loads no torch, so that the command line can read its table."""

# Where AdaIN happens, shallow to deep; "colours" is the picture itself, going in and coming out.
ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "classic": ("relu4_1",),  # the paper's
    # relu2_1 and relu3_1 carry detail past the bottleneck. They would carry the content's own colours too, so
    # these get the style's statistics before anything else.
    "multi": ("colours", "relu2_1", "relu3_1", "relu4_1"),
}
