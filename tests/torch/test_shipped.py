"""The shipped ONNX files and the checkpoint that they were exported from."""

import numpy as np
import onnx
import pytest
import torch
from checks import photo

from adain import Stylizer, shipped
from adain.bank import bank
from adain.network.model_file import ModelFile, load_model


@pytest.fixture(scope="module")
def source() -> ModelFile:
    return load_model(shipped.CHECKPOINT)


@pytest.mark.parametrize("graph", ["stylizer", "style_encoder", "measure", "paint"])
def test_files_name_their_checkpoint(source, graph):
    model = onnx.load(shipped.ONNX / f"{graph}.onnx")
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    assert metadata["adain.checkpoint_sha256"] == source.sha256
    assert "CC BY 4.0" in metadata["adain.license"]


def test_onnx_equals_pytorch(source):
    style = bank().style("starry-night")
    with torch.no_grad():
        pixels = torch.from_numpy(photo().copy()).permute(2, 0, 1)[None] / 255
        picture = source.model.stylize(pixels, torch.from_numpy(style.code.copy())[None])
        expected = (picture[0].clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(Stylizer(device="cpu").stylize(photo(), style) - expected).max() <= 1
