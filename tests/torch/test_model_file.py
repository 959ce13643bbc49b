"""Our model files: untrusted, of two versions."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from adain.errors import ModelError
from adain.network import ARCHITECTURES
from adain.network.model_file import load_model, save_model, sha256


def classic():
    return ARCHITECTURES["classic"].build()


def test_save_and_load(tmp_path):
    model = ARCHITECTURES["multi"].build()
    save_model(tmp_path / "model.safetensors", model, name="mine", training={"steps": 3})
    read = load_model(tmp_path / "model.safetensors")
    assert (read.name, read.training, read.model.architecture) == ("mine", {"steps": 3}, model.architecture)
    assert read.sha256 == sha256(tmp_path / "model.safetensors")
    for key, value in read.model.state_dict().items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, model.state_dict()[key].half().float(), rtol=0, atol=0)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("architecture", ["classic", "multi"])
def test_files_of_version_1_told_their_layers(tmp_path, architecture):
    path, model = tmp_path / "model.safetensors", ARCHITECTURES[architecture].build()
    header = {"version": 1, "name": "old", "encoder": "vgg16", "layers": model.architecture.layers}
    save_file(model.half().state_dict(), path, metadata={"adain": json.dumps(header)})
    assert load_model(path).model.architecture.name == architecture


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoder", '"resnet"'),
        ("encoder", "[]"),
        ("architecture", '"unknown"'),
        ("architecture", "5"),
        ("architecture", None),
        ("name", None),
        ("training", "3"),
        ("version", "1"),
    ],
)
def test_odd_headers_are_refused(tmp_path, field, value):
    path = tmp_path / "model.safetensors"
    fields = {"version": "2", "name": '"x"', "encoder": '"vgg16"', "architecture": '"classic"'} | {field: value}
    header = ", ".join(f'"{key}": {text}' for key, text in fields.items() if text is not None)
    save_file(classic().half().state_dict(), path, metadata={"adain": f"{{{header}}}"})
    with pytest.raises(ModelError, match="damaged header|does not have"):
        load_model(path)


@pytest.mark.parametrize("damage", ["no-header", "other-version", "missing", "unexpected", "shape", "text", "absent"])
def test_wrong_model_files_are_refused(tmp_path, damage):
    path = tmp_path / "model.safetensors"
    save_model(path, classic(), name="x", training={})
    tensors = load_file(path)
    header = {"adain": '{"version": 2, "name": "x", "encoder": "vgg16", "architecture": "classic"}'}
    expected = "does not fit the network: "
    if damage == "no-header":
        header, expected = {}, "no adain model"
    elif damage == "other-version":
        header, expected = {"adain": header["adain"].replace("2", "7", 1)}, "version 7"
    elif damage == "missing":
        tensors.pop("decoder.conv4_1.bias")
        expected += "missing decoder.conv4_1.bias"
    elif damage == "unexpected":
        tensors["more"] = torch.zeros(1)
        expected += "unexpected more"
    elif damage == "shape":
        tensors["decoder.conv1_1.bias"] = torch.zeros(4)
        expected += r"decoder.conv1_1.bias is \(4,\) in place of \(3,\)"
    save_file(tensors, path, metadata=header)
    if damage == "text":
        path.write_text("hello")
        expected = "no readable safetensors"
    elif damage == "absent":
        path.unlink()
        expected = "does not exist"
    with pytest.raises(ModelError, match=expected):
        load_model(path)
