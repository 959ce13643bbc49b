"""`adain bench` against PyTorch, and what needs the packages onnx and psutil."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import microast
import numpy as np
import onnx
import psutil
import pytest
import torch
from checks import psnr

import adain
from adain import shipped
from adain.bench.measure import measure
from adain.bench.plan import Job, Size, parse_rivals, plan, read_model
from adain.bench.runners import frame, halve, peak_flop, peak_graph, some_style, start
from adain.bench.worker import Worker
from adain.errors import ModelError
from adain.export.doors import folded, wrap
from adain.network.fast import Pixels
from adain.network.model_file import load_model
from adain.pictures import Picture, load, save


@pytest.mark.parametrize(("precision", "kind"), [("fp32", np.float32), ("fp16", np.float16)])
def test_peak_graph(precision, kind):
    graph, values = peak_graph("cpu", precision)
    model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(graph))
    onnx.checker.check_model(model, full_check=True)
    (given,) = model.graph.input
    assert (values.dtype, values.shape) == (kind, tuple(axis.dim_value for axis in given.type.tensor_type.shape.dim))
    shapes = {
        each.name: [axis.dim_value for axis in each.type.tensor_type.shape.dim] for each in model.graph.value_info
    }
    weights = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    products = sum(
        int(np.prod(shapes[node.output[0]])) * int(np.prod(weights[node.input[1]][1:])) for node in convolutions
    )
    assert peak_flop("cpu") == 2 * products > 1e10


def test_pytorch_paints_the_same_picture(run):
    code, stdout, _ = run("bench", "--size", "48x32", "--device", "cpu", "--rounds", "1", "--against", "torch")
    assert code == 0
    head, ours, theirs, head_of_ratios, ratio = stdout.splitlines()
    assert head.split()[:2] == ["size", "engine"] and head_of_ratios.split()[:2] == ["size", "rival"]
    assert "adain, cpu fp32" in ours and "PyTorch eager, cpu fp32" in theirs
    assert ratio.endswith("same bytes") or float(ratio.split()[-1]) > 50


def test_pytorch_computes_no_kernels_anew(tmp_path, monkeypatch):
    """As our own file, which was exported with them: the rival has no more to do."""
    source = tmp_path / "48.jpg"
    save(Picture(frame(Size("48", 48, 48))), source)
    job = Job("torch", read_model(shipped.FAST, "fast"), "cpu", Size("48", 48, 48))
    spans, _ = start(job, source)
    expected = load_model(shipped.FAST / shipped.CHECKPOINT.name).model  # which computes them at every call
    module = wrap("stylizer", expected, "bytes")
    style, alpha = torch.from_numpy(some_style(job.model.contract).code[None].copy()), torch.ones(1)
    with torch.inference_mode():
        picture = module(torch.from_numpy(load(source).pixels.copy())[None], style, alpha)[0].numpy()

    def refuse(self):
        raise AssertionError("kernels computed anew")

    monkeypatch.setattr(Pixels, "kernels", refuse)
    assert np.abs(spans["host"]().astype(int) - picture).max() <= 1


@pytest.mark.parametrize("checkpoint", shipped.CHECKPOINTS, ids=["large", "fast"])
def test_pytorch_in_half_precision(checkpoint):
    """As it runs on a GPU."""
    network = load_model(checkpoint).model
    style = torch.from_numpy(np.load(shipped.STYLES / "scream.npy")[None])
    picture, alpha = torch.from_numpy(frame(Size("64", 64, 64)))[None], torch.ones(1)
    with torch.inference_mode():
        plain = wrap("stylizer", network, "bytes")(picture, style, alpha)
        module = halve(wrap("stylizer", folded(network), "bytes"))
        half = module(picture, style, alpha)
    assert any(each.dtype == torch.float16 for each in module.parameters())
    assert psnr(half, plain) > 50


def test_a_network_of_microasts_shape(write_tiny, tmp_path):
    microast.write(tmp_path / "microast")
    rivals = parse_rivals(str(tmp_path / "microast"))
    # as of the published network's layers, but for its encoder of styles
    assert rivals[0].contract.operations * 512**2 == pytest.approx(14.6e9, rel=0.01)
    (group,) = plan(read_model(write_tiny(), "adain"), ["cpu"], rivals, [Size("small", 96, 64)])
    outcome = measure([group], rounds=1)
    assert not outcome.failed
    (ratio,) = outcome.ratios
    assert ratio.rival.engine == "microast, cpu fp32"
    assert ratio.rival.ready.picture.shape == (64, 96, 3)
    assert ratio.psnr_db is None  # another network


def test_pytorch_does_not_fit_an_invented_model(write_tiny, tmp_path):
    save(Picture(frame(Size("16", 16, 16))), tmp_path / "16.jpg")
    job = Job("torch", read_model(write_tiny(), "adain"), "cpu", Size("16", 16, 16))
    with pytest.raises(ModelError, match="is of none of adain's own model.safetensors; leave torch out"):
        Worker(job, tmp_path / "16.jpg")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
def test_ctrl_c_leaves_nothing(write_tiny, tmp_path):
    command = [sys.executable, "-m", "adain", "bench", write_tiny(), "--size", "64", "--device", "cpu", "-o", "out"]
    environment = os.environ | {"PYTHONPATH": str(Path(adain.__file__).parent.parent)}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child would inherit that it is ignored
    started = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    signal.signal(signal.SIGINT, before)
    process, children = psutil.Process(started.pid), []
    while not children and started.poll() is None:
        children = process.children()
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does
    _, stderr = started.communicate(timeout=300)
    assert started.returncode == 130
    assert "Traceback" not in stderr, stderr
    assert not (tmp_path / "out").exists()
    assert psutil.wait_procs(children, timeout=60)[1] == []
