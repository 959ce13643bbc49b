"""The training run: it learns, it resumes exactly, it stops cleanly."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from checks import noise_folders
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch._inductor import config as inductor

import adain
from adain.errors import ModelError, OptionError
from adain.network.model_file import load_model
from adain.network.vgg import Encoder
from adain.training import data
from adain.training.checkpoints import newest_checkpoint, read_newest
from adain.training.profile import profile
from adain.training.schedule import learning_rate, parameter_groups, teacher_share
from adain.training.settings import Settings
from adain.training.teacher import load_teacher
from adain.training.trainer import Report, Trainer, trained

SMALL = "--crop 32 --grid-weight 0 --batch-size 2 --workers 0 --precision fp32 --log-every 1"


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """Small and quick: noise pictures, a random VGG that has to be normalised, crops of 32 px, float32."""
    root = tmp_path_factory.mktemp("data")
    noise_folders(root, 6, "content", "style")
    torch.manual_seed(0)
    encoder = Encoder("vgg16")
    for parameter in encoder.parameters():
        if parameter.dim() == 4:
            torch.nn.init.kaiming_normal_(parameter)
    save_file(encoder.state_dict(), root / "vgg.safetensors")
    return Settings(
        content=str(root / "content"),
        style=str(root / "style"),
        encoder=str(root / "vgg.safetensors"),
        arch="multi",
        crop=32,
        content_weight=1.0,
        style_weight=40.0,
        coarse_weight=30.0,
        structure_weight=36.0,
        balanced=False,
        distribution_weight=0.0,
        likeness_weight=0.0,
        cache="memory",
        workers=0,
        batch_size=2,
        steps=4,
        warmup=1,
        precision="fp32",
        log_every=2,
        sample_every=4,
        checkpoint_every=2,
        keep=2,
    )


def quiet(of: Report) -> None:
    pass


def final(run: Path) -> dict[str, torch.Tensor]:
    return load_file(newest_checkpoint(run))


def test_a_run_writes_everything(settings, tmp_path):
    run, reports = tmp_path / "run", []
    trainer = Trainer(replace(settings, accumulate=2), run)
    assert trainer.train(reports.append)
    assert [report.step for report in reports] == [1, 2, 3, 4]
    assert all("total" in report.losses for report in reports[1::2])
    assert {"content", "style", "coarse", "structure", "identity", "total"} <= reports[1].losses.keys()
    assert [path.name for path in sorted((run / "checkpoints").iterdir())] == [
        "step-0000002.safetensors",
        "step-0000004.safetensors",
    ]
    assert json.loads((run / "settings.json").read_text())["crop"] == 32
    with Image.open(run / "samples" / "step-0000004.jpg") as grid:
        assert grid.width > 4 * 64
    assert list((run / "tensorboard").iterdir())
    model = load_model(run / "model.safetensors")
    assert model.name == "adain-vgg16-multi"
    assert model.training["step"] == 4
    assert str(tmp_path) not in json.dumps(model.training)
    with safe_open(run / "model.safetensors", "pt") as stream:
        assert stream.metadata()["adain"]
    # what was saved is the average, with the normalised encoder
    saved = model.model.state_dict()
    for key, value in trainer.averaged.state_dict().items():
        torch.testing.assert_close(saved[key], value, rtol=1e-3, atol=1e-6)
    assert not torch.equal(saved["encoder.conv2_1.weight"], load_file(settings.encoder)["conv2_1.weight"])


@pytest.mark.parametrize("arch", ["multi", "modulated", "fast"])
def test_resumed_equals_uninterrupted(settings, tmp_path, arch):
    settings = replace(settings, arch=arch)
    if arch == "fast":
        settings = replace(settings, crop=64, shift_weight=2.0)
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    Trainer(settings, straight).train(quiet)
    first = Trainer(settings, stopped)

    def interrupt(of: Report) -> None:
        if of.step == 3:  # not a step of a regular checkpoint
            os.kill(os.getpid(), signal.SIGINT)

    assert not first.train(interrupt)
    assert newest_checkpoint(stopped).name == "step-0000003.safetensors"
    (stopped / "checkpoints" / ".adain-0123456789ab.safetensors").write_bytes(b"half")  # by a process that was killed
    torch.rand(7)  # another random state than the first process had
    second = Trainer(read_newest(stopped).settings, stopped, resume=True)
    assert second.step == 3
    assert second.train(quiet)
    assert not list(stopped.rglob(".adain-*"))
    expected, got = final(straight), final(stopped)
    assert expected.keys() == got.keys()
    assert {key.split(".")[0] for key in got} == {"trained", "average", "exp_avg", "exp_avg_sq"}
    for key in expected:
        torch.testing.assert_close(got[key], expected[key], rtol=1e-5, atol=1e-7)
    for key, value in load_file(straight / "model.safetensors").items():
        torch.testing.assert_close(load_file(stopped / "model.safetensors")[key], value)


def test_training_lowers_the_loss(settings, tmp_path):
    # Half of a crop of 32 px is too small for VGG: its style loss swings.
    quick = replace(settings, steps=30, lr=5e-4, coarse_weight=0.0, sample_every=100, checkpoint_every=100)
    trainer = Trainer(quick, tmp_path)
    batches = [next_batch[:2] for next_batch, _ in zip(trainer.batches(), range(8), strict=False)]

    def total() -> float:
        with torch.no_grad():
            pairs = [[data.to_float(crops, torch.device("cpu")) for crops in batch] for batch in batches]
            return sum(float(trainer.losses(*pair)["total"]) for pair in pairs)

    before = total()
    assert trainer.train(quiet)
    assert total() < 0.8 * before


def test_time_limit_saves_and_ends(settings, tmp_path):
    assert not Trainer(settings, tmp_path).train(quiet, minutes=0)
    assert newest_checkpoint(tmp_path).name == "step-0000000.safetensors"
    assert not (tmp_path / "model.safetensors").exists()
    assert Trainer(settings, tmp_path, resume=True).train(quiet)


def test_what_cannot_be_resumed(settings, tmp_path):
    with pytest.raises(OptionError, match="no checkpoint to resume from"):
        Trainer(settings, tmp_path, resume=True)
    Trainer(replace(settings, steps=2), tmp_path).train(quiet)
    with pytest.raises(OptionError, match="holds a run already; add --resume"):
        Trainer(settings, tmp_path)
    with pytest.raises(OptionError, match="the run has --arch multi"):
        Trainer(replace(settings, arch="classic"), tmp_path, resume=True)
    newest_checkpoint(tmp_path).write_text("damaged")
    with pytest.raises(ModelError, match="no readable safetensors"):
        Trainer(settings, tmp_path, resume=True)


def test_init_starts_from_a_model(settings, tmp_path):
    """At a rate of (almost) nothing the result is what it started from; the encoder comes along."""
    Trainer(settings, tmp_path / "first").train(quiet)
    start = tmp_path / "first" / "model.safetensors"
    tuned = replace(settings, init=str(start), encoder=Settings.encoder, lr=1e-12)
    reports: list[Report] = []
    assert Trainer(tuned, tmp_path / "second").train(reports.append)
    assert 0 < reports[1].losses["structure"] < 2
    expected = load_file(start)
    for key, value in load_file(tmp_path / "second" / "model.safetensors").items():
        torch.testing.assert_close(value, expected[key])
    assert Trainer(tuned, tmp_path / "second", resume=True).step == 4  # from its own checkpoint, not from `init`


def test_init_that_does_not_fit(settings, tmp_path):
    with pytest.raises(OptionError, match="leave --encoder away"):
        replace(settings, init="shipped")
    shipped = replace(settings, init="shipped", encoder=Settings.encoder, arch="classic")
    with pytest.raises(OptionError, match="is of --arch modulated, not classic"):
        Trainer(shipped, tmp_path)
    with pytest.raises(ModelError, match="does not exist"):
        Trainer(replace(shipped, init=str(tmp_path / "none.safetensors")), tmp_path)


def test_a_loss_that_is_no_number_stops_the_run(settings, tmp_path):
    with pytest.raises(OptionError, match="try a smaller --lr"):
        Trainer(replace(settings, lr=1e30, steps=20, clip=1e30), tmp_path).train(quiet)


def test_everything_at_once_is_resumed_exactly(settings, tmp_path, monkeypatch):
    """All losses, jitter, degraded pictures and a teacher."""
    (tmp_path / "lessons.py").write_text("def dark(content, style):\n    return content / 2")
    monkeypatch.chdir(tmp_path)
    weights = {f"{name}_weight": 1.0 for name in ("distribution", "contrast", "likeness", "identity_features")}
    rich = replace(
        replace(settings, crop=64, batch_size=1, balanced=True, jitter=True, degrade=0.5, steps=6, log_every=1),
        teacher="lessons:dark",
        **weights,
    )
    reports: list[Report] = []
    Trainer(rich, tmp_path / "straight").train(reports.append)
    assert reports[0].losses.keys() == {"teacher", "teacher_features", "total"}  # for half of the teacher's half
    assert {"teacher", "style", "contrast"} <= reports[2].losses.keys()
    assert "teacher" not in reports[3].losses
    assert {"distribution", "likeness", "identity_features"} <= reports[5].losses.keys()
    assert not Trainer(rich, tmp_path / "stopped").train(quiet, minutes=0)
    stopped = Trainer(rich, tmp_path / "stopped", resume=True)

    def interrupt(of: Report) -> None:
        if of.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    assert not stopped.train(interrupt)
    assert Trainer(rich, tmp_path / "stopped", resume=True).train(quiet)
    expected, got = final(tmp_path / "straight"), final(tmp_path / "stopped")
    for key in expected:
        torch.testing.assert_close(got[key], expected[key], rtol=1e-5, atol=1e-7)


def test_a_teacher_sees_the_photograph_moved(settings, tmp_path, monkeypatch):
    (tmp_path / "copies.py").write_text("def same(content, style):\n    return content")
    monkeypatch.chdir(tmp_path)
    trainer = Trainer(replace(settings, crop=64, shift_weight=1.0, identity=0, teacher="copies:same"), tmp_path / "run")
    seen = []
    monkeypatch.setattr(trainer, "prepared", lambda content, code: content)
    monkeypatch.setattr(trainer, "teacher", lambda content, style: seen.append(content) or content)
    content, style = torch.rand(2, 1, 3, 80, 80)
    losses = trainer.losses(content, style)
    assert losses["teacher"] == losses["teacher_features"] == losses["shift"] == 0  # what is compared shows the same
    assert not torch.equal(seen[0], content[..., :-16, :-16])


def test_the_teacher_gives_way():
    settings = Settings(teacher="a:b", teacher_share=0.5, steps=100)
    assert [teacher_share(settings, step) for step in (0, 25, 40, 50, 99)] == pytest.approx([1, 1, 0.4, 0, 0])
    kept = replace(settings, teacher_kept=0.6)
    assert [teacher_share(kept, step) for step in (0, 25, 40, 50, 99)] == pytest.approx([1, 1, 0.76, 0.6, 0.6])
    assert teacher_share(replace(kept, teacher=""), 0) == 0


@pytest.mark.parametrize("teacher", ["nowhere:function", "math:nothing", "math:pi", "math", ":x"])
def test_teachers_that_cannot_be_found(teacher):
    with pytest.raises(OptionError, match="expected"):
        load_teacher(teacher)


def test_learning_rate():
    settings = Settings(lr=1.0, warmup=10, steps=100, decay=0.5)
    assert [learning_rate(settings, step) for step in (0, 4, 9, 49)] == pytest.approx([0.1, 0.5, 1, 1])
    assert learning_rate(settings, 75) == pytest.approx(0.5)
    assert learning_rate(settings, 99) == pytest.approx(0.5 * (1 + math.cos(math.pi * 0.98)))
    assert learning_rate(replace(settings, decay=0), 99) == 1


def test_a_wide_linear_layer_learns_slowly(settings, tmp_path):
    layers = torch.nn.Sequential(torch.nn.Linear(256, 8), torch.nn.Linear(8, 3), torch.nn.Conv2d(512, 2, 3))
    parts = {
        each: group["part"] for group in parameter_groups(dict(layers.named_parameters())) for each in group["params"]
    }
    assert [parts[each] for each in layers.parameters()] == [0.5, 1, 1, 1, 1, 1]

    trainer = Trainer(replace(settings, arch="modulated", lr=1e-3, warmup=0), tmp_path)
    weight = trainer.network.decoder.modulation.last.bias, trainer.network.decoder.modulation.first.weight
    before = [each.detach().clone() for each in weight]
    for each in weight:  # the first step of Adam is the rate itself
        each.grad = torch.ones_like(each)
    for group in trainer.optimizer.param_groups:
        group["lr"] = group["part"] * 1e-3
    trainer.optimizer.step()
    moved = [(old - new.detach()).mean().item() for old, new in zip(before, weight, strict=True)]
    assert moved == pytest.approx([1e-3, 1e-3 * 128 / trainer.network.style_size], rel=1e-3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arch", "odd"),
        ("crop", 100),
        ("crop", 24),
        ("zoom", 0.5),
        ("zoom_min", 1.5),
        ("identity", 9),
        ("steps", 0),
        ("lr", 0),
        ("decay", 2),
        ("degrade", 2),
        ("teacher_share", 1.5),
        ("teacher_kept", 1.5),
        ("seed", -1),
        ("workers", -1),
        ("clip", float("nan")),
    ],
)
def test_settings_outside_their_range(field, value):
    with pytest.raises(OptionError, match=field):
        Settings(**{field: value})


def test_the_grid_loss_needs_larger_crops():
    with pytest.raises(OptionError, match="too small for grid_weight"):
        Settings(crop=32, grid_weight=1.0)
    with pytest.raises(OptionError, match="crop 64 is too small for grid_weight 1.0; give 80 or more"):
        Settings(crop=64, grid_weight=1.0, shift_weight=1.0)


def test_settings_as_text(tmp_path):
    settings = Settings(content="a", lr=0.5)
    assert Settings.from_json(settings.to_json(), tmp_path) == settings
    for text in ("no", "[]", '{"speed": 3}'):
        with pytest.raises(ModelError, match="holds no settings"):
            Settings.from_json(text, tmp_path)


def test_fp16_without_cuda(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match="fp16 needs a CUDA device"):
        Trainer(replace(settings, precision="fp16"), tmp_path)


def test_profile_times_loader_and_step_apart(settings, tmp_path):
    trainer = Trainer(replace(settings, steps=8), tmp_path)
    with pytest.raises(OptionError, match="8 batches are left, 10 are measured"):
        profile(trainer, batches=4, warm_up=1)
    times = profile(trainer, batches=3, warm_up=1)
    assert times.loader > 0
    assert times.step > times.loader
    assert times.together > times.waited > 0
    assert not (tmp_path / "checkpoints").exists()


def test_two_processes(settings, tmp_path):
    """Through `accelerate launch`, as several GPUs and machines run; resumed once."""
    launch = [
        *(sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"),
        *("--mixed_precision", "no", "--dynamo_backend", "no", "-m", "adain", "train"),
        *(settings.content, settings.style, "--out", str(tmp_path / "run"), "--encoder", settings.encoder),
        *[
            "--crop",
            "32",
            "--grid-weight",
            "0",
            "--batch-size",
            "2",
            "--workers",
            "0",
            "--precision",
            "fp32",
            "--log-every",
            "1",
        ],
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(adain.__file__).parent.parent), "OMP_NUM_THREADS": "1"}
    for more in (["--steps", "1"], ["--steps", "2", "--resume"]):
        done = subprocess.run([*launch, *more], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stderr.count("content: 6 pictures, 0 skipped") == 1  # one process speaks
    assert newest_checkpoint(tmp_path / "run").name == "step-0000002.safetensors"
    assert load_model(tmp_path / "run" / "model.safetensors").training["step"] == 2


@pytest.mark.filterwarnings("ignore")  # of the compiler, about itself
def test_compiled_steps_are_the_same(settings, tmp_path, monkeypatch):
    # As torch.compile does it, but for the machine code, which takes a minute.
    calls, compile = [], torch.compile

    def traced(function, **options):
        calls.append(function)
        return compile(function, backend="eager", **options)

    monkeypatch.setattr(torch, "compile", traced)
    crops = torch.rand(2, 2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    told, slopes = [], []
    for compiled, wrapped in ((False, 0), (True, 4)):  # network, encoder and two losses
        trainer = Trainer(replace(settings, compile=compiled), tmp_path)
        assert len(calls) == wrapped
        assert all(each.grad is None for each in trained(trainer.network).values())
        losses = trainer.losses(*crops)
        losses["total"].backward()
        told.append({name: loss.item() for name, loss in losses.items()})
        slopes.append(torch.cat([each.grad.flatten() for each in trained(trainer.network).values()]))
    assert told[1] == pytest.approx(told[0], rel=1e-4)
    torch.testing.assert_close(slopes[1], slopes[0], rtol=1e-3, atol=1e-4 * slopes[0].abs().max().item())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_machine_code_computes_the_same(settings, tmp_path):
    flat = replace(settings, steps=1, log_every=1)
    told: list[Report] = []
    for compiled in (False, True):
        Trainer(replace(flat, compile=compiled), tmp_path / str(compiled)).train(told.append)
    assert told[1].losses == pytest.approx(told[0].losses, rel=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_machine_without_a_compiler_says_so(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(inductor.cpp, "cxx", (None, str(tmp_path / "absent")))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(OptionError, match="torch.compile failed: .*No working C\\+\\+ compiler"):
        Trainer(replace(settings, compile=True), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_compile_wants_sizes_that_stay(settings):
    with pytest.raises(OptionError, match="sizes that stay"):
        replace(settings, compile=True, jitter=True)
