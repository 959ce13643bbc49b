"""The export: what the files say, and that they compute what PyTorch computes."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from adain import contract
from adain.contract import MEMORY, Contract
from adain.errors import ModelError, OptionError
from adain.export import write
from adain.export.graph import leave_weights
from adain.export.write import export, read_checkpoint
from adain.network import ARCHITECTURES
from adain.network.model_file import ModelFile, save_model
from adain.network.vgg import channels
from adain.onnx_file import parse, with_weights

# What the plainest runtimes take; shape arithmetic is not among it.
PORTABLE = {
    *(
        "Add",
        "Clip",
        "Concat",
        "Conv",
        "DepthToSpace",
        "Div",
        "Sigmoid",
        "Max",
        "MaxPool",
        "Mul",
        "Pad",
        "ReduceMean",
        "Relu",
        "Reshape",
    ),
    *("AveragePool", "Gemm", "Neg", "Reciprocal", "ReduceSum", "Resize", "Split", "Sqrt", "Sub", "Unsqueeze"),
}


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def source(request) -> ModelFile:
    return random_model(request.param)


@pytest.fixture(scope="module")
def classic() -> ModelFile:
    return random_model("classic")


def random_model(architecture: str) -> ModelFile:
    """Random weights that keep their scale through the layers, so that pictures are no flat grey."""
    torch.manual_seed(0)
    model = ARCHITECTURES[architecture].build().eval()
    for parameter in model.parameters():
        if parameter.dim() == 4:
            torch.nn.init.kaiming_normal_(parameter)
    return ModelFile(model.half().float(), "random", "0" * 64)


@pytest.fixture(scope="module")
def exported(source, tmp_path_factory):
    """The bytes files, in fp32."""
    out = tmp_path_factory.mktemp("onnx")
    return out, export(source, out)


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
        stride = source.model.architecture.stride
        padded = torch.nn.functional.pad(pixels, (0, -35 % stride, 0, -27 % stride), mode="reflect")
        expected = source.model.stylize(padded, code, 0.7)[:, :, :27, :35].clamp(0, 1) * 255
    feeds = {"content": content, "style": code.numpy(), "alpha": np.array([0.7], np.float32)}
    (got,) = session.run(None, feeds)
    assert got.shape == content.shape
    assert expected.std() > 20
    np.testing.assert_allclose(got, expected.permute(0, 2, 3, 1).numpy(), atol=0.51 + 1e-2)


def run(file, **inputs):
    (output,) = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, inputs)
    return output


def measured(out, content, weight):
    style, alpha = some_style(out), np.array([0.8], np.float32)
    return run(out / "measure.onnx", content=content, style=style, alpha=alpha, weight=weight.astype(np.float32))


def some_style(out):
    return run(out / "style_encoder.onnx", image=blobs(1, 40, 56, seed=5))


def blobs(batch, height, width, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (batch, height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return np.ascontiguousarray(np.repeat(np.repeat(coarse, 8, 1), 8, 2)[:, :height, :width])


def test_painting_after_measuring_is_stylizing(exported):
    out, _ = exported
    style, alpha = some_style(out), np.array([0.8], np.float32)
    for batch, height, width in ((1, 64, 96), (1, 45, 83), (2, 17, 131)):
        content = blobs(batch, height, width)
        statistics = measured(out, content, np.ones((batch, height, width)))
        painted = run(out / "paint.onnx", content=content, style=style, alpha=alpha, statistics=statistics)
        stylized = run(out / "stylizer.onnx", content=content, style=style, alpha=alpha)
        assert stylized.std() > 20
        assert np.abs(painted.astype(int) - stylized).max() <= 1


def test_parts_add_up_and_fit_each_other(exported, source):
    """Where the architecture says so: two parts, each with a halo that does not count, against the whole."""
    if not source.model.architecture.parts_add_up:
        pytest.skip("has statistics of its own output")
    out, _ = exported
    halo = source.model.architecture.halo
    cut = halo + 32  # so that no part is the whole
    width = cut + halo + 45
    content, style, alpha = blobs(1, 61, width), some_style(out), np.array([0.8], np.float32)
    start = cut - halo
    parts = content[:, :, : cut + halo], content[:, :, start:]
    weights = [np.ones(part.shape[:3]) for part in parts]
    weights[0][:, :, cut:] = 0
    weights[1][:, :, : cut - start] = 0
    statistics = sum(measured(out, part, weight) for part, weight in zip(parts, weights, strict=True))
    np.testing.assert_allclose(statistics, measured(out, content, np.ones((1, 61, width))), rtol=1e-4, atol=1e-3)
    left, right = (
        run(out / "paint.onnx", content=part, style=style, alpha=alpha, statistics=statistics) for part in parts
    )
    painted = np.concatenate([left[:, :, :cut], right[:, :, cut - start :]], axis=2)
    whole = run(out / "stylizer.onnx", content=content, style=style, alpha=alpha)
    assert np.abs(painted.astype(int) - whole).max() <= 1


def test_files_are_as_they_say(exported, source):
    _, files = exported
    architecture = source.model.architecture
    for exported_file in files:
        path = exported_file.path
        model = onnx.load(path)
        assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", contract.OPSET)]
        assert not model.graph.value_info
        assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
        facts, head = Contract.read(path.read_bytes(), path.name, path.stem), parse(path.read_bytes())
        assert facts == exported_file.contract
        assert (head.inputs, head.outputs) == (facts.inputs, (facts.output,))
        assert (facts.io, facts.style_size, facts.stride) == ("bytes", source.model.style_size, architecture.stride)
        assert (facts.layers, facts.code) == (architecture.layers, architecture.code)
        assert facts.contract == {"measure": "2", "paint": "2"}.get(path.stem, "1")
        assert "CC BY 4.0" in facts.license


def test_names_of_free_axes(exported):
    out, _ = exported
    pixels, size = ("batch", "height", "width", 3), Contract.read((out / "paint.onnx").read_bytes(), "paint").style_size
    shapes = {each.name: each.shape for each in parse((out / "adain.onnx").read_bytes()).inputs}
    assert shapes == {
        "content": pixels,
        "style_image": ("style_batch", "style_height", "style_width", 3),
        "alpha": (1,),
    }
    shapes = {each.name: each.shape for each in parse((out / "paint.onnx").read_bytes()).inputs}
    assert (shapes["content"], shapes["style"]) == (pixels, ("style_batch", size))
    assert shapes["statistics"][0] == "statistics_batch"


def test_needs_are_counted(exported, source):
    """Arithmetic from the table of channels; memory at least what the largest layer takes in and gives out."""
    facts = {file.contract.graph: file.contract for file in exported[1]}
    strides = {"1": 1, "2": 2, "3": 4, "4": 8}
    encoder = sum(2 * 9 * i * o // strides[name[0]] ** 2 for name, i, o in channels("vgg16"))
    assert facts["style_encoder"].operations == encoder
    least = 2 * 64 * 4
    if source.model.architecture.name == "fast":
        assert facts["stylizer"].operations < encoder / 20
        least = 2 * 3 * 4
    else:
        assert 1.3 * encoder < facts["stylizer"].operations < 3 * encoder
    for each in facts.values():
        memory = dict(each.memory)
        assert memory.keys() == MEMORY.keys()
        assert least <= memory["cpu thrifty"] < memory["cpu"]
    both, one, other = (dict(facts[graph].memory)["cpu"] for graph in ("adain", "style_encoder", "stylizer"))
    assert both < 1.1 * max(one, other)  # one after the other


def test_portable_files_are_plain(source, tmp_path):
    (file,) = export(source, tmp_path, io="portable", graphs=("stylizer",))
    assert file.difference <= file.bound
    model = onnx.load(file.path)
    assert {node.op_type for node in model.graph.node} <= PORTABLE
    for value in (model.graph.input[0], model.graph.output[0]):
        shape = [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        stride = source.model.architecture.stride
        assert shape == [1, 3, f"{stride}*height", f"{stride}*width"]
    assert not any(node.op_type == "MaxPool" and _attribute(node, "ceil_mode") for node in model.graph.node)


def test_portable_halves(classic, tmp_path):
    files = export(classic, tmp_path, io="portable", graphs=("measure", "paint"))
    assert all(file.difference <= file.bound for file in files)
    (weight,) = (each for each in onnx.load(files[0].path).graph.input if each.name == "weight")
    shape = [axis.dim_param or axis.dim_value for axis in weight.type.tensor_type.shape.dim]
    assert shape == [1, "8*height", "8*width"]


def _attribute(node, name):
    return next((onnx.helper.get_attribute_value(each) for each in node.attribute if each.name == name), None)


def test_bytes_files_suit_webgpu(exported):
    """At most 8 tensors at a node (Concat takes them in turns); convolutions of 1 to 4 channels or a multiple of 4."""
    for file in exported[1]:
        model = onnx.load(file.path)
        shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
        for node in model.graph.node:
            tensors = len(node.output) + sum(name not in shapes for name in node.input)
            assert tensors <= 8 or node.op_type == "Concat", node.name
            if node.op_type == "Conv":
                channels = shapes[node.input[1]][1]
                assert channels <= 4 or channels % 4 == 0, node.name


def test_half_precision_keeps_statistics_and_doors(source, tmp_path):
    files = export(source, tmp_path, precision="fp16", graphs=("stylizer", "style_encoder"))
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


def test_compact_files_are_half_as_large_and_the_same(classic, tmp_path):
    out = tmp_path / "plain"
    export(classic, out, graphs=("style_encoder",))
    (file,) = export(classic, tmp_path, compact=True, graphs=("style_encoder",))
    assert file.path.stat().st_size < 0.51 * (out / "style_encoder.onnx").stat().st_size
    image = np.random.default_rng(0).integers(0, 256, (1, 33, 40, 3), np.uint8)
    codes = [
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"image": image})[0]
        for path in (out / "style_encoder.onnx", file.path)
    ]
    np.testing.assert_allclose(*codes, rtol=1e-4, atol=1e-5)


def test_a_file_that_differs_is_not_written(classic, tmp_path, monkeypatch):
    before = write.to_onnx

    def broken(*arguments):
        model, facts = before(*arguments)
        bias = next(each for each in model.graph.initializer if each.name.endswith("conv1_1.bias"))
        values = onnx.numpy_helper.to_array(bias) + 0.1
        bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
        return model, facts

    monkeypatch.setattr(write, "to_onnx", broken)
    with pytest.raises(ModelError, match="differs from PyTorch by"):
        export(classic, tmp_path, graphs=("style_encoder",))
    assert not list(tmp_path.iterdir())


def test_what_read_checkpoint_takes(tmp_path):
    with pytest.raises(ModelError, match="has no model.safetensors; finish the run"):
        read_checkpoint(tmp_path)
    with pytest.raises(OptionError, match="give its encoder too, with --vgg"):
        read_checkpoint(tmp_path / "decoder.pth")
    with pytest.raises(OptionError, match="give its encoder too, with --vgg"):
        read_checkpoint(tmp_path / "decoder_iter_160000.pth.tar")  # as the training of pytorch-AdaIN names it
    save_model(tmp_path / "model.safetensors", ARCHITECTURES["classic"].build(), name="here", training={})
    assert read_checkpoint(tmp_path).name == "here"
    assert read_checkpoint(tmp_path / "model.safetensors").name == "here"
    with pytest.raises(OptionError, match="--vgg goes with a decoder.pth"):
        read_checkpoint(tmp_path, tmp_path / "vgg.pth")


def test_compact_needs_float32(classic, tmp_path):
    with pytest.raises(OptionError, match="--compact is for fp32"):
        export(classic, tmp_path, precision="fp16", compact=True)


def test_weights_that_another_file_has_are_left_out():
    def graph(*names: str, value: float = 1.0) -> onnx.ModelProto:
        tensors = [onnx.numpy_helper.from_array(np.full(3, value, np.float32), name) for name in names]
        return onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], tensors))

    model, source = graph("network.a", "constant", "network.b"), graph("network.a", "network.b", "network.c")
    leave_weights(model, source)
    assert [tensor.name for tensor in model.graph.initializer] == ["constant"]
    joined = onnx.load_model_from_string(with_weights(model.SerializeToString(), source.SerializeToString()))
    assert [each.name for each in joined.graph.initializer] == ["constant", "network.a", "network.b", "network.c"]
    for others in (graph("network.a"), graph("network.a", "network.b", value=2.0)):
        with pytest.raises(ModelError, match=r"the weight network\.[ab] is not in both graphs"):
            leave_weights(graph("network.a", "network.b"), others)
