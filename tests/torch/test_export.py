"""The export: what the files say, and that they compute what PyTorch computes."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from adain import contract, export
from adain.contract import Contract
from adain.errors import ModelError, OptionError
from adain.network import ARCHITECTURES
from adain.network.model_file import ModelFile, save_model

# What the plainest runtimes take; shape arithmetic is not among it.
PORTABLE = {
    *("Add", "Clip", "Concat", "Conv", "Div", "Max", "MaxPool", "Mul", "Pad", "ReduceMean", "Relu", "Reshape"),
    *("ReduceSum", "Resize", "Split", "Sqrt", "Sub", "Unsqueeze"),
}


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def source(request) -> ModelFile:
    """Random weights that keep their scale through the layers, so that pictures are no flat grey."""
    torch.manual_seed(0)
    model = ARCHITECTURES[request.param].build().eval()
    for parameter in model.parameters():
        if parameter.dim() == 4:
            torch.nn.init.kaiming_normal_(parameter)
    return ModelFile(model.half().float(), "random", "0" * 64)


@pytest.fixture(scope="module")
def exported(source, tmp_path_factory):
    """The bytes files, in fp32."""
    out = tmp_path_factory.mktemp("onnx")
    return out, export.export(source, out)


def test_bytes_files_compute_what_pytorch_computes(exported, source):
    out, files = exported
    assert [file.path for file in files] == [out / f"{graph}.onnx" for graph in contract.GRAPHS]
    assert all(file.difference <= file.bound and file.cases == 6 for file in files)
    # once more, without the exporter's own check: an odd size, batch 2, two codes
    session = onnxruntime.InferenceSession(out / "stylizer.onnx", providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    content = np.repeat(np.repeat(random.integers(0, 256, (2, 9, 7, 3), np.uint8), 3, 1), 5, 2)
    with torch.no_grad():
        code = source.model.encode_style(torch.rand(2, 3, 32, 32))
        pixels = torch.from_numpy(content).permute(0, 3, 1, 2).float() / 255
        padded = torch.nn.functional.pad(pixels, (0, 5, 0, 5), mode="reflect")
        expected = source.model.stylize(padded, code, 0.7)[:, :, :27, :35].clamp(0, 1) * 255
    feeds = {"content": content, "style": code.numpy(), "alpha": np.array([0.7], np.float32)}
    (got,) = session.run(None, feeds)
    assert got.shape == content.shape
    assert expected.std() > 20
    np.testing.assert_allclose(got, expected.permute(0, 2, 3, 1).numpy(), atol=0.51 + 1e-2)


def test_bytes_files_keep_the_contract(exported, source):
    out, _ = exported
    pixels = ["batch", "height", "width", 3]
    style_pixels = ["style_batch", "style_height", "style_width", 3]
    size = source.model.style_size
    shapes = {
        "stylizer": {"content": pixels, "style": ["style_batch", size], "alpha": [1], "stylized": pixels},
        "style_encoder": {"image": pixels, "style": ["batch", size]},
        "adain": {"content": pixels, "style_image": style_pixels, "alpha": [1], "stylized": pixels},
    }
    for graph, expected in shapes.items():
        model = onnx.load(out / f"{graph}.onnx")
        assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", contract.OPSET)]
        assert not model.graph.value_info
        assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
        found = {
            value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
            for value in (*model.graph.input, *model.graph.output)
        }
        assert found == expected
        facts = Contract.from_metadata({prop.key: prop.value for prop in model.metadata_props}, graph)
        assert (facts.graph, facts.io, facts.style_size, facts.stride) == (graph, "bytes", size, 8)
        assert facts.layers == source.model.layers
        assert "CC BY 4.0" in facts.license


def test_portable_files_are_plain(source, tmp_path):
    (file,) = export.export(source, tmp_path, io="portable", graphs=("stylizer",))
    assert file.difference <= file.bound
    model = onnx.load(file.path)
    assert {node.op_type for node in model.graph.node} <= PORTABLE
    for value in (model.graph.input[0], model.graph.output[0]):
        shape = [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        assert shape == [1, 3, "8*height", "8*width"]
    assert not any(node.op_type == "MaxPool" and _attribute(node, "ceil_mode") for node in model.graph.node)


def _attribute(node, name):
    return next((onnx.helper.get_attribute_value(each) for each in node.attribute if each.name == name), None)


def test_half_precision_keeps_statistics_and_doors(source, tmp_path):
    files = export.export(source, tmp_path, precision="fp16", graphs=("stylizer", "style_encoder"))
    assert all(file.difference <= file.bound for file in files)
    model = onnx.shape_inference.infer_shapes(onnx.load(tmp_path / "stylizer.onnx"))
    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.value_info}
    convolutions = {types[node.output[0]] for node in model.graph.node if node.op_type == "Conv"}
    means = {types[node.output[0]] for node in model.graph.node if node.op_type == "ReduceMean"}
    assert convolutions == {onnx.TensorProto.FLOAT16}
    assert means == {onnx.TensorProto.FLOAT}
    doors = {value.name: value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)}
    assert doors["content"] == doors["stylized"] == onnx.TensorProto.UINT8
    assert doors["style"] == doors["alpha"] == onnx.TensorProto.FLOAT


def test_compact_files_are_half_as_large_and_the_same(exported, source, tmp_path):
    out, _ = exported
    (file,) = export.export(source, tmp_path, compact=True, graphs=("style_encoder",))
    assert file.path.stat().st_size < 0.51 * (out / "style_encoder.onnx").stat().st_size
    image = np.random.default_rng(0).integers(0, 256, (1, 33, 40, 3), np.uint8)
    codes = [
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"image": image})[0]
        for path in (out / "style_encoder.onnx", file.path)
    ]
    np.testing.assert_allclose(*codes, rtol=1e-4, atol=1e-5)


def test_a_file_that_differs_is_not_written(source, tmp_path, monkeypatch):
    before = export._to_onnx

    def broken(*arguments):
        model = before(*arguments)
        bias = next(each for each in model.graph.initializer if each.name.endswith("conv1_1.bias"))
        values = onnx.numpy_helper.to_array(bias) + 0.1
        bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
        return model

    monkeypatch.setattr(export, "_to_onnx", broken)
    with pytest.raises(ModelError, match="differs from PyTorch by"):
        export.export(source, tmp_path, graphs=("style_encoder",))
    assert not list(tmp_path.iterdir())


def test_what_read_checkpoint_takes(tmp_path):
    with pytest.raises(ModelError, match="has no model.safetensors; finish the run"):
        export.read_checkpoint(tmp_path)
    with pytest.raises(OptionError, match="give its encoder too, with --vgg"):
        export.read_checkpoint(tmp_path / "decoder.pth")
    save_model(tmp_path / "model.safetensors", ARCHITECTURES["classic"].build(), name="here", training={})
    assert export.read_checkpoint(tmp_path).name == "here"
    assert export.read_checkpoint(tmp_path / "model.safetensors").name == "here"
    with pytest.raises(OptionError, match="--vgg goes with a decoder.pth"):
        export.read_checkpoint(tmp_path, tmp_path / "vgg.pth")


def test_compact_needs_float32(source, tmp_path):
    with pytest.raises(OptionError, match="--compact is for fp32"):
        export.export(source, tmp_path, precision="fp16", compact=True)
