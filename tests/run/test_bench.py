"""`adain bench`: what is planned, the process of a job, rounds, the report, and the command."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from checks import one_line
from tiny import TINY

from adain.bank import bank
from adain.bench import machine, measure, plan, worker
from adain.bench.measure import SAME, Outcome, Ratio, Result, Spread
from adain.bench.plan import Group, Job, Model, Size, find_devices, parse_rivals, parse_size, read_model
from adain.bench.report import Report
from adain.bench.runners import frame, some_style
from adain.bench.worker import Ready, Worker
from adain.cli import options
from adain.errors import AdaINError, DeviceError, ModelError, OptionError, how_to_install
from adain.pictures import Picture, load, save

SMALL = Size("16", 16, 16)


@pytest.fixture
def model(write_tiny) -> Model:
    return read_model(write_tiny(), "adain")


@pytest.fixture(autouse=True)
def only_a_cpu(monkeypatch):
    for device in ("openvino", "cuda", "tensorrt"):
        monkeypatch.setattr(plan, f"{device}_problem", lambda: "not here")
    monkeypatch.setattr(plan.util, "find_spec", lambda name: name)  # as if onnx, which makes the peak, were here


# --- plan -----------------------------------------------------------------------------------------------


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


def test_rivals(model):
    other = parse_rivals(f"torch, {model.file.parent},torch,cpu,")
    assert other == ["torch", replace(model, name="tiny"), "cpu"]
    with pytest.raises(OptionError, match="--against has 'tensorflow'; give torch, torch-compile, cpu, .* or a folder"):
        parse_rivals("torch,tensorflow")


def test_devices():
    left_out = [f"{device}: not here" for device in ("openvino", "cuda", "tensorrt")]
    assert find_devices([], ["torch"]) == find_devices(["auto", "cpu"], []) == (["cpu"], left_out)
    assert find_devices(["cpu", "cpu"], []) == (["cpu"], [])
    for asked, rivals in ((["cpu", "cuda"], []), ([], ["cuda"])):
        with pytest.raises(DeviceError, match="cannot run on cuda: not here"):
            find_devices(asked, rivals)
    with pytest.raises(OptionError, match="the device is 'tpu'; give one of auto, cpu"):
        find_devices(["tpu"], [])


def test_plan(model):
    other = replace(model, file=Path("half/stylizer.onnx"), name="half")
    groups = plan.plan(model, ["cpu", "cuda"], ["torch", other], [SMALL])
    assert [group.jobs[0].hardware for group in groups] == ["cpu", "gpu"]
    cpu, gpu = groups
    assert [job.named() for job in cpu.jobs] == [
        "adain, cpu fp32",
        "PyTorch eager, cpu fp32",
        "half, cpu fp32",
    ]
    assert [job.peak for job in cpu.jobs] == [True, False, True]
    assert [(ours.named(), rival.named()) for ours, rival in cpu.pairs] == [
        ("adain, cpu fp32", "PyTorch eager, cpu fp32"),
        ("adain, cpu fp32", "half, cpu fp32"),
    ]
    assert [job.named() for job in gpu.jobs] == [
        "adain, cuda fp16",
        "adain, cuda fp32",
        "PyTorch eager, cuda fp16",
        "half, cuda fp16",
        "half, cuda fp32",
    ]
    assert ("adain, cuda fp32", "half, cuda fp16") not in [(a.named(), b.named()) for a, b in gpu.pairs]


def test_a_rival_that_is_ours_runs_once(model):
    (group,) = plan.plan(model, ["cuda", "tensorrt"], ["tensorrt"], [SMALL])
    assert [job.device for job in group.jobs] == ["cuda"] * 2 + ["tensorrt"] * 2
    assert [(ours.device, rival.device) for ours, rival in group.pairs] == [("cuda", "tensorrt")] * 2
    assert all(ours.compute == rival.compute for ours, rival in group.pairs)


def test_plan_takes_usual_sizes(model):
    assert [group.size.name for group in plan.plan(model, ["cpu", "cuda"], [])] == [
        *("256", "512", "720p", "1080p"),
        *("256", "512", "720p", "1080p", "4K"),
    ]


def test_without_onnx_there_is_no_peak(model, monkeypatch):
    monkeypatch.setattr(plan.util, "find_spec", lambda name: None)
    (group,) = plan.plan(model, ["cpu"], [], [SMALL])
    assert [job.peak for job in group.jobs] == [False]


def test_plan_without_anyone_to_compare_with(model):
    for devices, rivals in ((["cuda"], ["cpu"]), (["cpu"], ["torch", "cpu"])):
        with pytest.raises(OptionError, match="nothing runs where cpu could be compared with it; give another --devi"):
            plan.plan(model, devices, rivals)


# --- the process of a job -------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path) -> Path:
    save(Picture(frame(Size("", 40, 24))), tmp_path / "40x24.jpg")
    return tmp_path / "40x24.jpg"


def test_frame():
    picture = frame(Size("40x24", 40, 24))
    assert (picture.shape, picture.dtype) == ((24, 40, 3), np.uint8)
    assert 20 < picture.std() < 100


def test_turns_are_sized_by_a_clock(monkeypatch):
    now = 0.0
    monkeypatch.setattr(worker.time, "perf_counter", lambda: now)

    def lasts(seconds: float) -> Any:
        def call() -> None:
            nonlocal now
            now += seconds

        return call

    runner = {"network": lasts(0.0625), "host": lasts(2.0)}
    counts = worker.warm_up(runner)
    assert counts == {"network": 3, "host": 1}
    assert worker.turn(runner, counts) == {"network": [0.0625] * 3, "host": [2.0]}
    assert worker.warm_up({"network": lasts(2**-20)}) == {"network": worker.MOST}


def test_a_process_ends_with_its_worker(model, source):
    started = Worker(Job("onnx", model, "cpu", Size("40x24", 40, 24)), source)
    ready = started.ready
    assert np.array_equal(ready.picture, np.full((24, 40, 3), 128))  # the tiny model paints the style, that is 0.5
    assert list(ready.start_ms) == ["imports", "session", "first picture"]
    assert 50 < ready.start_ms["imports"] < sum(ready.start_ms.values()) < 60_000
    assert ready.host_mb > 20
    times = started.turn()
    assert list(times) == ["network", "host", "file"]
    assert all(seconds > 0 for span in times.values() for seconds in span)
    assert load(source.with_name("40x24-out.jpg")).pixels.shape == (24, 40, 3)
    os.kill(started._process.pid, signal.SIGTERM)  # as the system does where memory runs out
    with pytest.raises(AdaINError, match="adain, cpu fp32 at 40x24 was ended by the system .exit code -15."):
        started.turn()
    started.stop()


def test_a_process_that_ends_by_itself_is_not_said_to_lack_memory(model, source, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "nonsense")  # with which Python does not start
    with pytest.raises(AdaINError, match=r"adain, cpu fp32 at 40x24 ended before its time \(exit code 1\)"):
        Worker(Job("onnx", model, "cpu", Size("40x24", 40, 24)), source)


def test_an_error_comes_out_of_the_process(model, source):
    with pytest.raises(ModelError, match="missing.onnx cannot be read"):
        Worker(Job("onnx", replace(model, file=Path("missing.onnx")), "cpu", SMALL), source)


def test_portable_files_are_measured_too(write_tiny, source):
    job = Job("onnx", read_model(write_tiny(io="portable")), "cpu", Size("40x24", 40, 24))
    started = Worker(job, source)
    assert started.ready.picture.shape == (24, 40, 3)
    assert list(started.turn()) == ["network", "host", "file"]
    started.stop()


def test_the_shipped_style_is_taken():
    contract = read_model(None).contract
    assert bank().model == contract.checkpoint_sha256
    assert np.array_equal(some_style(contract).code, bank().style("scream").code)
    assert np.array_equal(some_style(TINY).code, [0.5, 0.5, 0.5])


# --- rounds ---------------------------------------------------------------------------------------------


class Standin:
    """A `Worker` without a process; turns take `seconds` of the job's name, growing by the round."""

    def __init__(self, seconds: dict[str, float], errors: dict[str, AdaINError] | None = None) -> None:
        self.seconds, self.errors = seconds, errors or {}
        self.order: list[str] = []
        self.ended: list[str] = []

    def __call__(self, job: Job, source: Path) -> Any:
        name = job.named().partition(",")[0]
        self.order.append(f"start {name}")
        if name in self.errors:
            raise self.errors[name]
        spans = {"network": 1.0, "host": 1.0} | ({"peak": 0.5} if job.peak else {})
        turns: Iterator[int] = iter(range(1, 100))

        def turn() -> dict[str, list[float]]:
            self.order.append(name)
            seconds = self.seconds[name] * next(turns)
            return {span: [seconds * share] * 2 for span, share in spans.items()}

        return SimpleNamespace(
            ready=Ready(job.precision, {"imports": 500.0}, load(source).pixels, 100.0, None),
            turn=turn,
            stop=lambda: self.ended.append(name),
        )


@pytest.fixture
def group(model) -> Group:
    (group,) = plan.plan(model, ["cpu"], ["torch"], [SMALL])
    return group


def test_percentiles():
    assert Spread.of([float(value) for value in range(1, 102)]) == Spread(101, 26, 51, 76, 96, 1)
    a = [[seconds] for seconds in (2.0, 8.0, 4.0, 100.0, 6.0)]
    b = [[1.0, 2.0, 50.0]] * 5  # the median is 2
    found = measure.ratio(a, b)
    assert (found.low, found.median, found.high) == (2, 3, 4)


def test_psnr():
    black, grey = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 51, np.uint8)
    assert measure.psnr(black, grey) == pytest.approx(20 * np.log10(5))
    assert measure.psnr(black, black) == SAME


def test_rounds_go_in_turn(group, monkeypatch):
    standin, said = Standin({"adain": 0.25, "PyTorch eager": 0.5}), []
    monkeypatch.setattr(measure, "Worker", standin)
    outcome = measure.measure([group], 3, lambda *each: said.append(each))
    names = ["adain", "PyTorch eager"]
    assert standin.order == [f"start {name}" for name in names] + names * 3
    assert sorted(standin.ended) == sorted(names)
    assert said[-1] == ("16: PyTorch eager, cpu fp32", 5, 6)
    ours, theirs = outcome.results
    # rounds took 1, 2 and 3 times as long for all, and the ratios do not show it
    assert (ours.rounds, ours.times["host"]) == (3, Spread(6, 312.5, 500, 687.5, 750, 250))
    assert theirs.times["network"].median == 1000
    (ratio,) = outcome.ratios
    assert ratio.times == {span: Spread(3, 2, 2, 2, 2, 2) for span in ("network", "host")}
    assert ratio.psnr_db == SAME
    theirs.job = replace(theirs.job, model=read_model(None))
    assert ratio.psnr_db is None
    assert outcome.failed == []


@pytest.mark.parametrize(("seconds", "rounds"), [(0.001, 30), (0.8, 8), (1000.0, 5)])
def test_rounds_fit_into_a_minute(group, seconds, rounds, monkeypatch):
    # a turn of both is 9 of these seconds
    monkeypatch.setattr(measure, "Worker", Standin(dict.fromkeys(("adain", "PyTorch eager"), seconds)))
    assert measure.measure([group]).results[0].rounds == rounds


def test_fraction_of_the_peak(group, write_tiny, monkeypatch):
    known = read_model(write_tiny("known", operations=7))
    (group,) = plan.plan(known, ["cpu"], ["torch"], [SMALL])
    monkeypatch.setattr(measure, "peak_flop", lambda hardware: 7168)
    monkeypatch.setattr(measure, "Worker", Standin({"known": 3.0, "PyTorch eager": 1.0}))
    ours, theirs = measure.measure([group], 2).results
    assert ours.of_peak == pytest.approx(7 * 16 * 16 / 7168 / 2)  # the peak took half of the network's time
    assert theirs.of_peak is None


def test_operations_are_those_of_the_padded_frame(write_tiny):
    known = read_model(write_tiny("known", operations=7))
    assert Job("onnx", known, "cpu", Size("33x17", 33, 17)).flop == 7 * 40 * 24  # the stride is 8
    assert Job("onnx", read_model(write_tiny()), "cpu", SMALL).flop is None


def test_one_that_fails_leaves_the_others(group, monkeypatch):
    seconds = {"adain": 1.0, "PyTorch eager": 1.0}
    monkeypatch.setattr(measure, "Worker", Standin(seconds, {"PyTorch eager": DeviceError("not here")}))
    outcome = measure.measure([group], 1)
    assert outcome.failed == ["not here"]
    assert [result.job.kind for result in outcome.results] == ["onnx"]
    assert outcome.ratios == []
    monkeypatch.setattr(measure, "Worker", Standin({}, dict.fromkeys(seconds, ModelError("broken"))))
    nothing = measure.measure([group])
    assert (nothing.results, nothing.failed) == ([], ["broken"] * 2)


def test_too_little_memory_is_known_before(group, monkeypatch):
    def need(size: int) -> None:
        raise MemoryError(f"{size / 1e9:.1f} GB of memory are needed, 3.0 GB are free")

    monkeypatch.setattr(measure, "need_memory", need)
    monkeypatch.setattr(measure, "Worker", lambda *given: pytest.fail("started"))
    outcome = measure.measure([replace(group, size=parse_size("4K"))])
    assert outcome.failed == [
        "4K on the cpu: 22.4 GB of memory are needed, 3.0 GB are free; give a smaller --size or fewer rivals"
    ]  # 8.3 megapixels, twice 1.35 GB each


# --- machine --------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
@pytest.mark.parametrize(("visible", "expected"), [("", "0"), ("3,1", "3"), ("GPU-5", "GPU-5")])
def test_the_gpu_is_the_one_that_cuda_takes(tmp_path, monkeypatch, visible, expected):
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\necho "card ${3#--id=}, 600.1, 100"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.find_gpu() == machine.Gpu(f"card {expected}", "600.1", 100 * 2**20 / 1e6)
    tool.write_text("#!/bin/sh\necho No devices were found\nexit 6\n")
    assert machine.find_gpu() is None
    tool.unlink()
    assert machine.find_gpu() is None


def test_cores_are_those_of_this_process(monkeypatch):
    monkeypatch.setattr(machine, "usable_threads", lambda: 3)
    facts = machine.facts()
    assert facts["cores"] == 3
    assert facts["versions"]["numpy"] == np.__version__
    json.dumps(facts)


# --- the report -----------------------------------------------------------------------------------------


@pytest.fixture
def report(write_tiny) -> Report:
    model = replace(read_model(write_tiny(operations=988_544_000)), name="adain")
    (group,) = plan.plan(model, ["cpu"], ["torch"], [SMALL])

    def times(median: float, p95: float) -> Spread:
        return Spread(30, median, median, median, p95, median)

    ours, rival = group.pairs[0]
    few = {"network": times(1234.5, 1300), "host": times(12.34, 15)}
    picture = np.zeros((16, 16, 3), np.uint8)
    parts = {"imports": 300.0, "session": 200.0, "first picture": 734.4}
    mine = Result(ours, Ready("fp32", parts, picture, 321.4, None), 30, few | {"file": times(1.5, 2)}, 0.713)
    its = Result(rival, Ready("fp32", {"imports": 9.0}, picture, 9, 8), 30, few)
    ratio = Ratio(mine, its, dict.fromkeys(few, Spread(30, 1.8, 1.854, 1.93, 2, 1)))
    outcome = Outcome([mine, its], [ratio], ["4K is too large", "4K is too large"])
    facts = {"cpu": "a CPU", "cores": 2, "gpu": "a GPU", "driver": "600.1", "versions": {"python": "3.11"}}
    return Report(model, "adain bench --size 16", facts, outcome, ["cuda: no GPU"])


def test_markdown(report):
    lines = report.markdown().splitlines()
    assert lines[0].startswith("`adain bench --size 16` on a CPU, 2 cores; a GPU (driver 600.1); 20")
    assert lines[1] == "Model tiny (000000000000); python 3.11."
    times = "1234 (1300) | 12.3 (15.0)"
    assert lines[5] == f"| 16 | adain, cpu fp32 | {times} | 1.50 (2.00) | 81.0 | 1234 | 321 | n/a | 0.253 | 71% |"
    assert lines[6] == f"| 16 | PyTorch eager, cpu fp32 | {times} | n/a | 81.0 | 9 | 9 | 8 | 0.253 | n/a |"
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
    assert found["model"]["model_sha256"] == "0" * 64
    ours = found["results"][0]
    assert ours["size"] == {"name": "16", "width": 16, "height": 16}
    assert (ours["engine"], ours["device"], ours["precision"]) == ("adain, cpu fp32", "cpu", "fp32")
    assert ours["times"]["network"]["median"] == 1234.5
    assert ours["frames_per_s"] == pytest.approx(1000 / 12.34)
    assert found["ratios"][0]["times_as_long"]["host"]["median"] == 1.854
    assert found["left_out"] == ["cuda: no GPU", "4K is too large"]


# --- the command ----------------------------------------------------------------------------------------


def test_command_line(run, write_tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(plan.util, "find_spec", lambda name: None)
    given = (write_tiny(), "--size", "40x24", "--device", "cpu", "--rounds", "2")
    code, stdout, stderr = run("bench", *given, "--against", write_tiny("other", model="other"), "-o", "out", "--json")
    assert (code, stderr) == (0, "")
    found = json.loads(stdout)
    assert [(each["size"]["name"], each["engine"], each["rounds"]) for each in found["results"]] == [
        ("40x24", "adain, cpu fp32", 2),
        ("40x24", "other, cpu fp32", 2),
    ]
    assert all(each["host_mb"] > 20 for each in found["results"])
    assert [each["psnr_db"] for each in found["ratios"]] == [SAME]
    assert found["command"].startswith("adain bench ")
    assert json.loads((tmp_path / "out" / "bench.json").read_text()) == found
    assert "| 40x24 | adain, cpu fp32 | " in (tmp_path / "out" / "bench.md").read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--size", "big"], "the size is 'big'"),
        (["--against", "fast"], "--against has 'fast'"),
        (["--device", "tpu"], "the device is 'tpu'"),
        (["--device", "cuda"], "cannot run on cuda: not here"),
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
    assert said in one_line(stderr)


def test_pytorch_that_is_not_installed(run, monkeypatch):
    monkeypatch.setattr(options.util, "find_spec", lambda name: None if name == "torch" else name)
    code, _, stderr = run("bench", "--against", "torch-compile", "--size", "64")
    assert (code, stderr) == (2, f"adain: this command needs torch; install with: {how_to_install('train')}\n")
