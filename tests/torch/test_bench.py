"""`adain bench`: what it counts, in which order it measures, what it says; never how fast anything is."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import psutil
import pytest
from checks import one_line
from onnx import TensorProto, helper
from tiny import TINY

import adain
from adain.bank import bank
from adain.bench import arithmetic, machine, measure, memory, worker
from adain.bench.measure import SAME, Outcome, Ratio, Result, Span, Spread
from adain.bench.plan import Group, Job, Model, Size, parse_size, plan, read_model
from adain.bench.report import Report
from adain.bench.run import Benchmark, parse_rivals
from adain.bench.runners import frame, of_package, some_style
from adain.bench.worker import Ready, Worker
from adain.cli import options
from adain.engines.cuda.check import cuda_problem
from adain.errors import AdaINError, DeviceError, ModelError, OptionError, PictureError
from adain.pictures import load

SMALL = Size("16", 16, 16)


@pytest.fixture
def model(write_tiny) -> Model:
    return read_model(write_tiny(), "adain")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", Size("512", 512, 512)),
        ("720p", Size("720p", 1280, 720)),
        ("1080P", Size("1080p", 1920, 1080)),
        ("4k", Size("4K", 3840, 2160)),
        ("640x480", Size("640x480", 640, 480)),
        ("16X4000", Size("16x4000", 16, 4000)),
    ],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "15", "0x512", "512x", "-512", "1e3", "20000x20000", "9" * 30])
def test_sizes_that_are_none(text):
    with pytest.raises(OptionError, match="the size is '.*'; give a side such as 512, a name"):
        parse_size(text)


def test_count_of_one_convolution(tmp_path):
    """4 -> 6 channels in 2 groups, 3 x 5, without padding, on 20 x 30: 18 x 26 places."""
    contract = replace(TINY, io="portable", stride=1)
    weights = helper.make_tensor("w", TensorProto.FLOAT, [6, 2, 3, 5], np.ones(180))
    before = helper.make_tensor("v", TensorProto.FLOAT, [4, 3, 1, 1], np.ones(12))
    nodes = [
        helper.make_node("Conv", ["content", "v"], ["x"]),
        helper.make_node("Conv", ["x", "w"], ["stylized"], group=2),
    ]
    pixels = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, f"{name}_h", f"{name}_w"])
        for name, channels in (("content", 3), ("stylized", 6))
    ]
    graph = helper.make_graph(nodes, "convolutions", pixels[:1], pixels[1:], [weights, before])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(proto, tmp_path / "model.onnx")
    of_first, of_second = 4 * 3 * (20 * 30), 6 * (2 * 3 * 5) * (18 * 26)
    assert arithmetic.count(tmp_path / "model.onnx", contract, width=30, height=20) == 2 * (of_first + of_second)


def test_count_of_nothing(model):
    assert arithmetic.count(model.file, model.contract, 100, 60) == 0


@pytest.mark.parametrize(("width", "height", "padded"), [(512, 512, 512 * 512), (333, 500, 336 * 504)])
def test_count_of_the_shipped_model(width, height, padded):
    by_scale = {  # in x out channels: the encoder's, then the decoder's with what it is handed beside
        1: [3 * 64, 64 * 64, 64 * 64, 64 * 3],
        2: [64 * 128, 128 * 128, (128 + 128) * 128, 128 * 64],
        4: [128 * 256, 256 * 256, 256 * 256, (256 + 256) * 256, 256 * 256, 256 * 128],
        8: [256 * 512, 512 * 256],
    }
    products = sum(9 * sum(channels) * padded // scale**2 for scale, channels in by_scale.items())
    shipped_model = read_model(None)
    assert arithmetic.count(shipped_model.file, shipped_model.contract, width, height) == 2 * products


@pytest.mark.parametrize(("precision", "kind"), [("fp32", TensorProto.FLOAT), ("fp16", TensorProto.FLOAT16)])
def test_peak_graph(tmp_path, precision, kind):
    graph, shape, flop = arithmetic.peak_graph("cpu", precision)
    (tmp_path / "peak.onnx").write_bytes(graph)
    proto = onnx.load(tmp_path / "peak.onnx")
    onnx.checker.check_model(proto, full_check=True)
    assert proto.graph.input[0].type.tensor_type.elem_type == kind
    contract = replace(TINY, io="portable")
    assert arithmetic.count(tmp_path / "peak.onnx", contract, shape[3], shape[2]) == flop > 1e10


def test_summary_and_ratio():
    assert measure.summary([i / 1000 for i in range(1, 102)]) == Span(101, 51, pytest.approx(96), 1)
    a = [{"host": [seconds]} for seconds in (2.0, 8.0, 4.0, 100.0, 6.0)]
    b = [{"host": [1.0, 2.0, 50.0]}] * 5  # the median is 2
    assert measure.ratio(a, b, "host") == Spread(3, 2, 4)


def test_psnr():
    black, grey = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 51, np.uint8)
    assert measure.psnr(black, grey) == pytest.approx(20 * np.log10(5))
    assert measure.psnr(black, black) == SAME
    assert measure.psnr(black, None) is None


def test_turns_are_sized_by_a_clock():
    now = 0.0

    def lasts(seconds: float) -> Any:
        def call() -> None:
            nonlocal now
            now += seconds

        return call

    runner = {"network": lasts(0.0625), "host": lasts(2.0)}
    counts, seconds = worker.warm_up(runner, lambda: now)
    assert counts == {"network": 3, "host": 1}
    assert seconds == 3 * 0.0625 + 2
    assert worker.turn(runner, counts, lambda: now) == {"network": [0.0625] * 3, "host": [2.0]}
    assert worker.warm_up({"network": lasts(2**-20)}, lambda: now)[0] == {"network": worker.MOST}


def test_plan(model):
    other = replace(model, file=Path("half/stylizer.onnx"), name="half")
    groups = plan(model, ["cpu", "cuda"], ["torch", other], [SMALL])
    assert [group.hardware for group in groups] == ["cpu", "gpu"]
    cpu, gpu = groups
    assert [job.label for job in cpu.jobs] == [
        "adain, cpu fp32",
        "PyTorch eager, cpu fp32",
        "half, cpu fp32",
        "peak, cpu fp32",
    ]
    assert [(ours.label, rival.label) for ours, rival in cpu.pairs] == [
        ("adain, cpu fp32", "PyTorch eager, cpu fp32"),
        ("adain, cpu fp32", "half, cpu fp32"),
    ]
    assert [job.label for job in gpu.jobs] == [
        "adain, cuda fp16",
        "adain, cuda fp32",
        "PyTorch eager, cuda fp16",
        "half, cuda fp16",
        "half, cuda fp32",
        "peak, cuda fp16",
        "peak, cuda fp32",
    ]
    assert ("adain, cuda fp32", "half, cuda fp16") not in [(a.label, b.label) for a, b in gpu.pairs]
    assert cpu.memory_gb == pytest.approx(0.65 * 3 * 256e-6)
    assert gpu.memory_gb == 0


def test_a_rival_that_is_ours_runs_once(model):
    (group,) = plan(model, ["cuda", "tensorrt"], ["tensorrt"], [SMALL], peaks=False)
    assert [(job.device, job.rival) for job in group.jobs] == [("cuda", False)] * 2 + [("tensorrt", False)] * 2
    assert [(ours.device, rival.device) for ours, rival in group.pairs] == [("cuda", "tensorrt")] * 2
    assert all(ours.compute == rival.compute for ours, rival in group.pairs)


def test_plan_takes_usual_sizes(model):
    assert [group.size.name for group in plan(model, ["cpu", "cuda"], [])] == [
        *("256", "512", "720p", "1080p"),
        *("256", "512", "720p", "1080p", "4K"),
    ]


def test_plan_without_anyone_to_compare_with(model):
    with pytest.raises(OptionError, match="nothing runs where cpu could be compared with it; give another --device"):
        plan(model, ["cuda"], ["cpu"])


class Standin:
    """A `Worker` without a process; turns take `seconds` of the job's label, growing by the round."""

    order: list[str]

    def __init__(self, seconds: dict[str, float], errors: dict[str, AdaINError] | None = None) -> None:
        self.seconds, self.errors, self.order, self.ended = seconds, errors or {}, [], []

    def __call__(self, job: Job, folder: Path) -> Any:
        name = job.label.partition(",")[0]
        self.order.append(f"start {name}")
        if name in self.errors:
            raise self.errors[name]
        spans = ("network",) if job.kind == "peak" else ("network", "host")
        turns = iter(range(1, 100))

        def turn() -> dict[str, list[float]]:
            self.order.append(name)
            seconds = self.seconds[name] * next(turns)
            return {span: [seconds, seconds] for span in spans}

        return SimpleNamespace(
            ready=Ready(self.seconds[name], np.zeros((16, 16, 3), np.uint8), None, job.precision),
            turn=turn,
            host_mb=lambda: 100.0,
            stop=lambda: self.ended.append(name),
        )


@pytest.fixture
def group(model) -> Group:
    (group,) = plan(model, ["cpu"], ["torch"], [SMALL])
    return group


def test_rounds_go_in_turn(group):
    standin, said = Standin({"adain": 0.25, "PyTorch eager": 0.5, "peak": 0.125}), []
    outcome = measure.measure(group, 3, lambda *each: said.append(each), standin)
    names = ["adain", "PyTorch eager", "peak"]
    assert standin.order == [f"start {name}" for name in names] + names * 3
    assert sorted(standin.ended) == sorted(names)
    assert said[-1] == ("16: peak, cpu fp32", 8, 9)
    ours, theirs = outcome.results
    # rounds took 1, 2 and 3 times as long for all, and the ratios do not show it
    assert ours.spans["host"] == Span(6, 500, 750, 250)
    assert theirs.spans["network"].median_ms == 1000
    (ratio,) = outcome.ratios
    assert ratio.times == {span: Spread(2, 2, 2) for span in ("network", "host")}
    assert ratio.psnr_db is None  # PyTorch has no weights of this model
    assert (outcome.rounds, outcome.failed) == (3, [])


@pytest.mark.parametrize(("seconds", "rounds"), [(0.001, 30), (2.0, 10), (1000.0, 5)])
def test_rounds_fit_into_a_minute(group, seconds, rounds):
    standin = Standin(dict.fromkeys(("adain", "PyTorch eager", "peak"), seconds))
    assert measure.measure(group, worker=standin).rounds == rounds


def test_fraction_of_the_peak(group, monkeypatch):
    standin = Standin({"adain": 3.0, "PyTorch eager": 1.0, "peak": 1.0})
    monkeypatch.setattr(arithmetic, "count", lambda *given: 600)
    monkeypatch.setattr(arithmetic, "peak_graph", lambda *given: (b"", (1,), 1000))
    ours, theirs = measure.measure(group, 2, worker=standin).results
    assert (ours.flop, ours.of_peak) == (600, Spread(*[pytest.approx(0.2)] * 3))  # 200 operations a second of 1000
    assert (theirs.flop, theirs.of_peak) == (600, None)


def test_without_onnx_nothing_is_counted(group, monkeypatch):
    monkeypatch.setattr(measure.util, "find_spec", lambda name: None)
    standin = Standin({"adain": 1.0, "PyTorch eager": 1.0, "peak": 1.0})
    assert [result.flop for result in measure.measure(group, 1, worker=standin).results] == [None, None]


def test_one_that_fails_leaves_the_others(group):
    seconds = {"adain": 1.0, "PyTorch eager": 1.0, "peak": 1.0}
    outcome = measure.measure(group, 1, worker=Standin(seconds, {"PyTorch eager": PictureError("too large")}))
    assert outcome.failed == ["too large"]
    assert [result.job.kind for result in outcome.results] == ["onnx"]
    assert outcome.ratios == []
    standin = Standin(seconds, {"PyTorch eager": DeviceError("not here")})
    with pytest.raises(DeviceError, match="not here"):
        measure.measure(group, 1, worker=standin)
    assert standin.ended == ["adain"]


def test_too_little_memory_is_known_before(group, monkeypatch):
    monkeypatch.setattr(measure, "host_free", lambda: 3.0)
    large = replace(group, size=parse_size("4K"))
    outcome = measure.measure(large, worker=lambda *given: pytest.fail("started"))
    assert outcome.failed == [
        "4K on the cpu needs about 11 GB of memory, 3 GB are free; give a smaller --size or fewer rivals"
    ]


def test_a_process_ends_with_its_worker(model, tmp_path):
    job = Job("onnx", model, "cpu", Size("40x24", 40, 24))
    started = Worker(job, tmp_path)
    picture = started.ready.picture
    assert np.array_equal(picture, np.full((24, 40, 3), 128))  # the tiny model paints the style, and that is 0.5
    times = started.turn()
    assert list(times) == ["network", "host", "file"]
    assert all(seconds > 0 for span in times.values() for seconds in span)
    assert load(tmp_path / "40x24-out.jpg").pixels.shape == (24, 40, 3)
    assert started.host_mb() > 20
    os.kill(started._process.pid, signal.SIGTERM)  # as the system does where memory runs out
    with pytest.raises(PictureError, match="adain, cpu fp32 at 40x24 was ended by the system .exit code -15."):
        started.turn()
    started.stop()


def test_an_error_comes_out_of_the_process(model, tmp_path):
    with pytest.raises(ModelError, match="missing.onnx cannot be read"):
        Worker(Job("onnx", replace(model, file=Path("missing.onnx")), "cpu", SMALL), tmp_path)


def test_portable_files_are_measured_too(write_tiny, tmp_path):
    folder = write_tiny(io="portable")
    started = Worker(Job("onnx", read_model(folder), "cpu", Size("33x17", 33, 17), rival=True), tmp_path)
    assert started.ready.picture.shape == (17, 33, 3)
    assert list(started.turn()) == ["network", "host"]  # a rival's files take as long as ours
    started.stop()


def test_frame():
    picture = frame(Size("40x24", 40, 24))
    assert (picture.shape, picture.dtype) == ((24, 40, 3), np.uint8)
    assert 20 < picture.std() < 100


def test_host_memory():
    text = """if True:
        import numpy
        from adain.bench.memory import host_peak
        before = host_peak()
        numpy.ones(300_000_000, numpy.uint8)
        print(before, host_peak())
    """
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert 10 < before < 200  # whatever this process holds
    assert after == pytest.approx(before + 300, abs=20)
    assert 0 < memory.host_free() < 1e5


def test_device_memory():
    values = [100.0, 150.0, 350.0, 200.0]

    class Standing:
        def used(self) -> float:
            return values.pop(0) if len(values) > 1 else values[0]

    with memory.DevicePeak(Standing()) as peak:
        while len(values) > 1:
            time.sleep(0.001)
    assert peak.megabytes == 250
    with memory.DevicePeak(None) as nothing:
        pass
    assert nothing.megabytes is None


@pytest.mark.parametrize(("visible", "expected"), [("", 0), ("3,1", 3), ("GPU-5", "GPU-5")])
def test_the_gpu_is_the_one_that_cuda_takes(monkeypatch, visible, expected):
    nvml = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetHandleByUUID=lambda name: name,
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(used=5e6),
        nvmlDeviceGetName=lambda handle: f"card {handle}",
        nvmlSystemGetDriverVersion=lambda: "600.1",
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    gpu = memory.find_gpu()
    assert gpu.used() == 5
    assert gpu.facts() == {"gpu": f"card {expected}", "driver": "600.1"}
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert memory.find_gpu() is None


def test_machine():
    facts = machine.facts()
    assert facts["cpu"] and facts["cores"] >= 1
    assert {"python", "numpy", "torch"} <= facts["versions"].keys()
    json.dumps(facts)


@pytest.fixture
def report(model, group) -> Report:
    ours, rival = group.pairs[0]
    spans = {"network": Span(30, 1234.5, 1300, 1200), "host": Span(30, 12.34, 15, 12), "file": Span(30, 1.5, 2, 1)}
    few = {name: spans[name] for name in ("network", "host")}
    results = [
        Result(ours, "fp32", spans, 321.4, None, 253_067_526_144, Spread(0.713, 0.7, 0.72)),
        Result(rival, "fp32", few, 9, 8),
    ]
    ratios = [Ratio(ours, rival, dict.fromkeys(few, Spread(1.854, 1.8, 1.93)), SAME)]
    outcome = Outcome(group, 30, results, ratios, ["4K is too large"])
    facts = {"cpu": "a CPU", "cores": 2, "gpu": "a GPU", "driver": "600.1", "versions": {"python": "3.11"}}
    return Report(model, "adain bench --size 16", {"sizes": ["16"]}, facts, [outcome], ["cuda: no GPU"])


def test_markdown(report):
    lines = report.markdown().splitlines()
    assert lines[0].startswith("`adain bench --size 16` on a CPU, 2 cores; a GPU (driver 600.1); 20")
    assert lines[1] == "Model tiny (000000000000); python 3.11."
    assert (
        lines[5]
        == "| 16 | adain, cpu fp32 | 1234 (1300) | 12.3 (15.0) | 1.50 (2.00) | 81.0 | 321 | n/a | 0.253 | 71 % |"
    )
    assert lines[6] == "| 16 | PyTorch eager, cpu fp32 | 1234 (1300) | 12.3 (15.0) | n/a | 81.0 | 9 | 8 | n/a | n/a |"
    ratios = "1.85 (1.80 to 1.93)"
    assert f"| 16 | PyTorch eager, cpu fp32 | adain, cpu fp32 | {ratios} | {ratios} | same bytes |" in lines
    assert lines[-2:] == ["- left out: cuda: no GPU", "- left out: 4K is too large"]
    for index, line in enumerate(lines):  # every row has the cells of its head
        if line.startswith("| ---"):
            assert line.count("|") == lines[index - 1].count("|") == lines[index + 1].count("|")


def test_json(report, tmp_path):
    report.write(tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == ["bench.json", "bench.md"]
    found = json.loads((tmp_path / "new" / "folder" / "bench.json").read_text())
    assert found["machine"]["cpu"] == "a CPU"
    assert found["model"]["checkpoint_sha256"] == "0" * 64
    ours = found["results"][0]
    assert ours["size"] == {"name": "16", "width": 16, "height": 16}
    assert (ours["engine"], ours["device"], ours["precision"]) == ("adain, cpu fp32", "cpu", "fp32")
    assert ours["spans"]["network"] == {"frames": 30, "median_ms": 1234.5, "p95_ms": 1300, "least_ms": 1200}
    assert ours["frames_per_s"] == pytest.approx(1000 / 12.34)
    assert found["ratios"][0]["times_as_long"]["host"] == {"median": 1.854, "low": 1.8, "high": 1.93}
    assert found["left_out"] == ["cuda: no GPU", "4K is too large"]


def test_rivals(model):
    other = parse_rivals(f"torch, {model.file.parent},torch,cpu,")
    assert other == ["torch", replace(model, name="tiny"), "cpu"]
    with pytest.raises(OptionError, match="--against has 'tensorflow'; give torch, torch-compile, cpu, .* or a folder"):
        parse_rivals("torch,tensorflow")


def test_devices_that_are_not_here_are_left_out(model):
    class NoGpu(Standin):
        def __call__(self, job: Job, folder: Path) -> Any:
            if job.device != "cpu":
                raise DeviceError("no GPU")
            return super().__call__(job, folder)

    standin = NoGpu({"adain": 1.0, "peak": 1.0})
    report = Benchmark(model.file, sizes=["16"], rounds=1, worker=standin).run("adain bench")
    assert "cuda: no GPU" in report.to_dict()["left_out"]
    assert report.failed == []
    assert report.to_dict()["options"]["devices"] == ["cpu"]
    with pytest.raises(DeviceError, match="no GPU"):
        Benchmark(model.file, sizes=["16"], devices=["cpu", "cuda"], rounds=1, worker=standin)
    with pytest.raises(DeviceError, match="no GPU"):
        Benchmark(model.file, sizes=["16"], against="cuda", rounds=1, worker=standin)


def test_command_line(run, write_tiny, tmp_path):
    given = (write_tiny(), "--size", "40x24", "--device", "cpu", "--rounds", "2")
    code, stdout, stderr = run("bench", *given, "--against", write_tiny("other", model="other"), "-o", "out", "--json")
    assert (code, stderr) == (0, "")
    found = json.loads(stdout)
    assert [(each["size"]["name"], each["engine"], each["rounds"]) for each in found["results"]] == [
        ("40x24", "adain, cpu fp32", 2),
        ("40x24", "other, cpu fp32", 2),
    ]
    assert all(each["flop"] == 0 and each["host_mb"] > 20 for each in found["results"])
    assert [each["psnr_db"] for each in found["ratios"]] == [SAME]
    assert found["command"].startswith("adain bench ")
    assert json.loads((tmp_path / "out" / "bench.json").read_text()) == found
    assert "| 40x24 | adain, cpu fp32 | " in (tmp_path / "out" / "bench.md").read_text()


def test_pytorch_paints_the_same_picture(run):
    code, stdout, _ = run("bench", "--size", "48x32", "--device", "cpu", "--rounds", "1", "--against", "torch")
    assert code == 0
    head, ours, theirs, head_of_ratios, ratio = stdout.splitlines()
    assert head.split()[:2] == ["size", "engine"] and head_of_ratios.split()[:2] == ["size", "rival"]
    assert "adain, cpu fp32" in ours and "PyTorch eager, cpu fp32" in theirs
    assert ratio.endswith("same bytes") or float(ratio.split()[-1]) > 50


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
    _, stderr = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()
    assert psutil.wait_procs(children, timeout=20)[1] == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--size", "big"], "the size is 'big'"),
        (["--against", "fast"], "--against has 'fast'"),
        (["--rounds", "0"], "the number of rounds is 0"),
        (["--threads", "0"], "threads is 0"),
        (["missing"], "the model missing cannot be read"),
        (["--out", "file"], "file is a file; --out takes a folder"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, given, said):
    (tmp_path / "file").touch()
    code, stdout, stderr = run("bench", *given)
    assert (code, stdout) == (2, "")
    one_line(stderr)
    assert said in stderr


@pytest.mark.skipif(cuda_problem() is None, reason="there is a GPU")
def test_a_device_that_is_not_here(run):
    code, _, stderr = run("bench", "--device", "cuda", "--size", "64")
    assert code == 2
    one_line(stderr)
    assert "cannot run on cuda" in stderr


def test_pytorch_that_is_not_installed(run, monkeypatch):
    monkeypatch.setattr(options.util, "find_spec", lambda name: None if name == "torch" else name)
    code, _, stderr = run("bench", "--against", "torch-compile", "--size", "64")
    assert (code, stderr) == (2, "adain: this command needs torch; install with: pip install 'adain[train]'\n")


def test_pytorch_does_not_fit_an_invented_model(model, tmp_path):
    with pytest.raises(ModelError, match="whose style codes have 1024 values, not 3"):
        Worker(Job("torch", model, "cpu", SMALL, rival=True), tmp_path)


def test_the_shipped_style_is_taken():
    contract = read_model(None).contract
    assert of_package(contract)
    assert np.array_equal(some_style(contract).code, bank().style("scream").code)
    assert not of_package(TINY)
    assert np.array_equal(some_style(TINY).code, [0.5, 0.5, 0.5])
