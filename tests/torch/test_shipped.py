"""The shipped ONNX files and the checkpoint that they were exported from."""

import numpy as np
import onnx
import pytest
import torch
from checks import photo

from adain import Stylizer, shipped
from adain.bank import bank
from adain.network.model_file import ModelFile, codes_sha256, load_model

GRAPHS = ("stylizer", "style_encoder", "measure", "paint")


@pytest.fixture(scope="module")
def source() -> ModelFile:
    return load_model(shipped.CHECKPOINT)


@pytest.mark.parametrize(
    ("file", "of"),
    [
        *((shipped.ONNX / f"{graph}.onnx", shipped.CHECKPOINT) for graph in GRAPHS),
        *((file, shipped.FAST / "model.safetensors") for file in sorted(shipped.FAST.glob("*.onnx"))),
    ],
)
def test_files_name_the_model_that_they_are_of(file, of):
    source, model = load_model(of), onnx.load(file)
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    assert metadata["adain.model_sha256"] == source.sha256
    assert metadata["adain.checkpoint_sha256"] == codes_sha256(source.model)
    assert "CC BY 4.0" in metadata["adain.license"]


def test_onnx_equals_pytorch(source):
    style = bank().style("starry-night")
    with torch.no_grad():
        pixels = torch.from_numpy(photo().copy()).permute(2, 0, 1)[None] / 255
        picture = source.model.stylize(pixels, torch.from_numpy(style.code.copy())[None])
        expected = (picture[0].clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(Stylizer(device="cpu").stylize(photo(), style) - expected).max() <= 1
