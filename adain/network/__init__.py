"""The networks in PyTorch.

What they have in common is in `model`. The kinds, by their names in `architecture.ARCHITECTURES`:

    classic      layered.py: AdaIN at relu4_1, and the encoder mirrored (the paper's)
    multi        layered.py: colours, and AdaIN at relu2_1 to relu4_1, which the mirrored encoder gets on its way up
    modulated    modulated.py: AdaIN at relu2_1 to relu4_1, and a decoder that the style modulates (shipped as "large")
    fast         fast.py: the same codes for a small encoder and decoder of its own (shipped as "fast")

They are made of `vgg` (the encoder, and `scale` for its channels), `adain` (statistics, and giving them), `colour` and
`modulation` (functions of a style code), with `constants` on their device. `model_file` reads and writes
model.safetensors, `pretrained` others' weights.

`architecture`, all that is imported here, loads no torch: the command line reads it.
"""

from .architecture import ARCHITECTURES, Architecture, architecture_with

__all__ = ["ARCHITECTURES", "Architecture", "architecture_with"]
