"""The Triton repository: Triton's own definition of config.pbtxt reads it, and it keeps Triton's rules."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from google.protobuf import text_format
from tiny import TINY, tiny
from tritonclient.grpc import model_config_pb2
from tritonclient.grpc.model_config_pb2 import ModelConfig

from adain import Stylizer, cli
from adain.errors import ModelError, OptionError
from adain.export import triton
from adain.export.check import Exported

TYPES = {"tensor(uint8)": "TYPE_UINT8", "tensor(float)": "TYPE_FP32"}


def command(monkeypatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["adain", "export", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code or 0


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """Of the shipped model, by the command."""
    with pytest.MonkeyPatch.context() as patch:
        out = tmp_path_factory.mktemp("triton") / "deep" / "models"
        assert command(patch, "--triton", out, "--compact", "-q") == 0
    return out


@pytest.fixture
def tiny_export(monkeypatch):
    """In place of the export: the tiny graphs, which follow the contract and are written at once."""

    def export(source, out, *, io, precision, compact, graphs):
        for graph in graphs:
            path = out / f"{graph}.onnx"
            contract = replace(TINY, graph=graph, io=io)
            path.write_bytes(tiny(contract))
            yield Exported(path, contract, 0.0, 1.0, "steps", 1)

    monkeypatch.setattr(triton, "export", export)


def read(model: Path) -> ModelConfig:
    """As Triton reads it: a field that it does not know is an error."""
    return text_format.Parse((model / "config.pbtxt").read_text("utf-8"), ModelConfig())


def described(tensors) -> dict[str, tuple[str, list[int]]]:
    names = model_config_pb2.DataType.Name
    return {tensor.name: (names(tensor.data_type), list(tensor.dims)) for tensor in tensors}


def session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model / "1" / "model.onnx", options, providers=["CPUExecutionProvider"])


def check_layout(repository: Path) -> None:
    assert sorted(path.name for path in repository.iterdir()) == ["adain", "adain_style_encoder", "adain_stylizer"]
    for model in repository.iterdir():
        assert sorted(path.name for path in model.iterdir()) == ["1", "config.pbtxt"]
        assert (model / "1").is_dir()
        config = read(model)
        assert config.name == model.name
        assert config.max_batch_size == 0
        # Triton leaves a configuration as it is only where both are given
        assert config.input
        assert config.output
        assert not config.instance_group
        assert not config.HasField("scheduling_choice") or config.name == "adain"
        for tensor in (*config.input, *config.output):
            assert tensor.dims
            assert all(axis == -1 or axis > 0 for axis in tensor.dims)
            assert not tensor.HasField("reshape")


def check_models(repository: Path) -> None:
    for name in ("adain_stylizer", "adain_style_encoder"):
        config, file = read(repository / name), session(repository / name)
        assert (config.backend, config.platform, config.default_model_filename) == ("onnxruntime", "", "")
        assert [path.name for path in (repository / name / "1").iterdir()] == ["model.onnx"]
        for tensors, arguments in ((config.input, file.get_inputs()), (config.output, file.get_outputs())):
            assert described(tensors) == {
                each.name: (TYPES[each.type], [-1 if isinstance(axis, str) else axis for axis in each.shape])
                for each in arguments
            }


def fit(one: tuple[str, list[int]], other: tuple[str, list[int]]) -> bool:
    """Whether Triton joins two tensors of an ensemble: of one type and, where both are fixed, of one shape."""
    return one[0] == other[0] and all(a == b or -1 in (a, b) for a, b in zip(one[1], other[1], strict=True))


def check_ensemble(repository: Path) -> None:
    """The rules by which Triton's core accepts an ensemble."""
    config = read(repository / "adain")
    assert (config.platform, config.backend) == ("ensemble", "")
    assert config.WhichOneof("scheduling_choice") == "ensemble_scheduling"
    known = described(config.input)
    for step in config.ensemble_scheduling.step:  # in an order in which each finds its inputs
        model = read(repository / step.model_name)
        assert step.model_version == -1
        assert set(step.input_map) == {tensor.name for tensor in model.input}
        assert set(step.output_map) == {tensor.name for tensor in model.output}
        for name, tensor in described(model.input).items():
            assert fit(known[step.input_map[name]], tensor)
        for name, tensor in described(model.output).items():
            assert step.output_map[name] not in known
            known[step.output_map[name]] = tensor
    for name, tensor in described(config.output).items():
        assert fit(known[name], tensor)
    used = {value for step in config.ensemble_scheduling.step for value in step.input_map.values()}
    assert used >= set(described(config.input))


def test_repository_keeps_the_rules_of_triton(repository):
    check_layout(repository)
    check_models(repository)
    check_ensemble(repository)
    assert not [path for path in repository.parent.iterdir() if path != repository]


def test_bytes_have_free_sizes(repository):
    pixels, style = ("TYPE_UINT8", [-1, -1, -1, 3]), ("TYPE_FP32", [-1, Stylizer().contract.style_size])
    alpha = ("TYPE_FP32", [1])
    stylizer, encoder, ensemble = (read(repository / f"adain{name}") for name in ("_stylizer", "_style_encoder", ""))
    assert described(stylizer.input) == {"content": pixels, "style": style, "alpha": alpha}
    assert described(encoder.input) == {"image": pixels}
    assert described(encoder.output) == {"style": style}
    assert described(ensemble.input) == {"content": pixels, "style_image": pixels, "alpha": alpha}
    assert described(ensemble.output) == described(stylizer.output) == {"stylized": pixels}


def test_ensemble_computes_what_the_stylizer_computes(repository):
    """The steps of the ensemble, followed as Triton does."""
    random = np.random.default_rng(0)
    content, painting = (
        np.kron(random.integers(0, 256, (5, 4, 3), np.uint8), np.ones((7, 5, 1), np.uint8)) for _ in "ab"
    )
    painting = painting[:, :17]
    config = read(repository / "adain")
    tensors = {"content": content[None], "style_image": painting[None], "alpha": np.array([0.8], np.float32)}
    for step in config.ensemble_scheduling.step:
        outputs = list(step.output_map)
        feeds = {key: tensors[value] for key, value in step.input_map.items()}
        for key, value in zip(outputs, session(repository / step.model_name).run(outputs, feeds), strict=True):
            tensors[step.output_map[key]] = value
    stylizer = Stylizer(device="cpu", threads=1)
    expected = stylizer.stylize(content, stylizer.encode_style(painting), alpha=0.8)
    assert expected.std() > 10
    np.testing.assert_allclose(tensors["stylized"][0], expected, atol=1)


def test_options_in_comments_are_valid(repository):
    for name in ("adain_stylizer", "adain_style_encoder"):
        text = (repository / name / "config.pbtxt").read_text("utf-8")
        config = text_format.Parse(re.sub(r"^# (?=\w+ \{)", "", text, flags=re.MULTILINE), ModelConfig())
        # as in the README of the onnxruntime backend
        assert {key: value.string_value for key, value in config.parameters.items()} == {
            "cudnn_conv_algo_search": "1",
            "memory.enable_memory_arena_shrinkage": "gpu:0",
            "intra_op_thread_count": "0",
        }


def test_portable_files_too(tiny_export, tmp_path):
    out = tmp_path / "models"
    out.mkdir()  # an empty folder may be there
    reported = []
    triton.write_repository(None, out, io="portable", report=reported.append)
    check_layout(out)
    check_models(out)
    check_ensemble(out)
    assert described(read(out / "adain_stylizer").input)["content"] == ("TYPE_FP32", [1, 3, -1, -1])
    assert all(exported.path.is_file() for exported in reported)
    assert len(reported) == 2


def test_nothing_is_overwritten(tiny_export, tmp_path, monkeypatch, capsys):
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "mine").touch()
    file.touch()
    for out in (full, file):
        with pytest.raises(OptionError, match="exists and is no empty folder"):
            triton.write_repository(None, out)
        assert command(monkeypatch, "--triton", out) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"adain: {out} exists and is no empty folder")
        assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "mine"]


def test_out_and_triton_exclude_each_other(tmp_path, monkeypatch, capsys):
    assert command(monkeypatch, "--triton", tmp_path / "a", "--out", tmp_path / "b") == 2
    assert capsys.readouterr().err == "adain: --out and --triton exclude each other; leave one out\n"
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing(tiny_export, tmp_path, monkeypatch):
    before = triton.export

    def broken(*arguments, **options):
        yield next(before(*arguments, **options))
        raise ModelError("style_encoder.onnx differs from PyTorch")

    monkeypatch.setattr(triton, "export", broken)
    empty = tmp_path / "empty"
    empty.mkdir()
    for out in (empty, tmp_path / "new"):
        with pytest.raises(ModelError, match="differs"):
            triton.write_repository(None, out)
    assert list(tmp_path.rglob("*")) == [empty]
