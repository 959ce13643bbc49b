"""Networks in the layouts of other projects, with random weights."""

from torch import nn

from adain.network.vgg import channels


def pytorch_adain() -> tuple[nn.Sequential, nn.Sequential]:
    """VGG and decoder with the indices and shapes of pytorch-AdaIN's state dicts."""
    vgg, decoder = [nn.Conv2d(3, 3, 1)], []
    for name, before, after in channels("vgg19"):
        if name in ("2_1", "3_1", "4_1"):
            vgg.append(nn.MaxPool2d(2))
        vgg += [nn.ReflectionPad2d(1), nn.Conv2d(before, after, 3), nn.ReLU()]
        undo = [nn.ReflectionPad2d(1), nn.Conv2d(after, before, 3)]
        undo += [] if name == "1_1" else [nn.ReLU()]
        undo += [nn.Upsample(scale_factor=2)] if name in ("2_1", "3_1", "4_1") else []
        decoder = [*undo, *decoder]
    return nn.Sequential(*vgg), nn.Sequential(*decoder)
