"""Networks from elsewhere, with random weights in the layouts of other projects; all of them untrusted."""

import pickle
from pathlib import Path

import pytest
import torch
from foreign import pytorch_adain
from safetensors.torch import save_file
from torch import nn

from adain.errors import ModelError
from adain.network.pretrained import load_encoder, load_pytorch_adain
from adain.network.vgg import Encoder


def test_pytorch_adain_files(tmp_path):
    torch.manual_seed(0)
    vgg, decoder = pytorch_adain()
    assert [key for key in vgg.state_dict() if key.endswith("weight")][-1] == "29.weight"
    assert [key for key in decoder.state_dict() if key.endswith("weight")] == [
        f"{index}.weight" for index in (1, 5, 8, 11, 14, 18, 21, 25, 28)
    ]
    torch.save(vgg.state_dict(), tmp_path / "vgg_normalised.pth")
    torch.save(decoder.state_dict(), tmp_path / "decoder.pth")
    model = load_pytorch_adain(tmp_path / "vgg_normalised.pth", tmp_path / "decoder.pth").model
    picture, features = torch.rand(1, 3, 32, 48), torch.rand(1, 512, 4, 6)
    torch.testing.assert_close(model.encoder(picture)[-1], vgg(picture))
    torch.testing.assert_close(model.decoder([features]), decoder(features))
    encoder, normalised = load_encoder(str(tmp_path / "vgg_normalised.pth"))
    assert normalised
    torch.testing.assert_close(encoder(picture)[-1], vgg(picture))


def test_swapped_pytorch_adain_files_are_refused(tmp_path):
    vgg, decoder = pytorch_adain()
    torch.save(vgg.state_dict(), tmp_path / "vgg.pth")
    torch.save(decoder.state_dict(), tmp_path / "decoder.pth")
    with pytest.raises(ModelError, match=r"decoder\.pth has no tensor|does not"):
        load_pytorch_adain(tmp_path / "decoder.pth", tmp_path / "vgg.pth")


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_torchvision_files(tmp_path, name):
    from torchvision import models

    theirs = models.get_model(name, weights=None).features.eval()
    state = {f"features.{key}": value for key, value in theirs.state_dict().items()}
    torch.save(state, tmp_path / "vgg.pth")
    encoder, normalised = load_encoder(str(tmp_path / "vgg.pth"))
    assert (encoder.name, normalised) == (name, False)
    picture = torch.rand(1, 3, 64, 64)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (picture - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    for layer in theirs[: {"vgg16": 19, "vgg19": 21}[name]]:  # to relu4_1
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode, layer._reversed_padding_repeated_twice = "reflect", [1, 1, 1, 1]
        x = layer(x)
    torch.testing.assert_close(encoder(picture)[-1], x, rtol=1e-3, atol=1e-5)


def test_caffe_files(tmp_path):
    source = Encoder("vgg16")
    save_file(source.state_dict(), tmp_path / "vgg.safetensors")
    encoder, normalised = load_encoder(str(tmp_path / "vgg.safetensors"))
    assert not normalised
    picture = torch.rand(1, 3, 32, 32)
    original = picture.flip(1) * 255 - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    torch.testing.assert_close(encoder(picture)[-1], source(original)[-1], rtol=1e-3, atol=1e-4)


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("pwned"),)


def test_a_pickle_that_runs_code_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"0.weight": Evil()}, "evil.pth")
    with pytest.raises(ModelError, match="plain tensors"):
        load_encoder("evil.pth")
    Path("raw.pth").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelError, match="plain tensors"):
        load_encoder("raw.pth")
    assert not Path("pwned").exists()


def test_unknown_encoder():
    with pytest.raises(ModelError, match="expected vgg16, vgg19, torchvision-vgg16, or"):
        load_encoder("resnet")


@pytest.mark.parametrize("data", [b"\x80\x02h\x05.", b"\x80\x02.", b"", b"\x80\x02]q\x00."])
def test_odd_pickles_are_refused(tmp_path, data):
    (tmp_path / "vgg.pth").write_bytes(data)
    with pytest.raises(ModelError, match="expected a state dict|plain tensors"):
        load_encoder(str(tmp_path / "vgg.pth"))


@pytest.mark.parametrize("key", ["layer1.weight", "features.0.weight", "conv1_1.weight", "0.weight"])
def test_other_networks_are_refused(tmp_path, key):
    save_file({key: torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="other.safetensors has no tensor"):
        load_encoder(str(tmp_path / "other.safetensors"))
