"""Files that are broken in thousands of ways: each is read, or refused with an error of adain's; no part of the tests.

Each file is made by a seed of its own from a small one that is whole. Processes read some hundred each, so that a
crash is seen and named; a file may take 10 s of processor time and 4 GB.

    python tests/soak_mutations.py pictures --count 10000
    python tests/soak_mutations.py models --count 2000
    python tests/soak_mutations.py batch pictures 4711 4712     # one again, with all that it says
"""

import contextlib
import copy
import faulthandler
import io
import json
import logging
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import typer
from support.mutating import mutated
from support.seeds import picture_seeds
from support.soaking import files_of

from adain import Stylizer, cli, shipped
from adain.apps import dataset
from adain.apps.journal import Journal, Result
from adain.apps.manifest import write_manifest
from adain.errors import AdaINError
from adain.pictures import load, load_all, read_size
from adain.session import Session
from adain.styles import Style
from adain.video.parts import Parts

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
SECONDS, MEGABYTES = 10, 4096
EVERY = 20  # picture that `adain stylize` gets too


@dataclass(frozen=True)
class Target:
    """What reads mutated files.

    Attributes:
        seeds: whole files, by name.
        read: given the name of the seed and the mutated file.
    """

    seeds: dict[str, bytes]
    read: Callable[[str, bytes], object]


def pictures(folder: Path) -> list[Target]:
    """Pictures: their size, all their frames, and what is made of one in 20 by `adain stylize`."""
    numbers, stylizer = iter(range(10**9)), Stylizer("fast", "cpu", threads=1)

    def read(name: str, data: bytes) -> None:
        outcomes = []
        for use in (read_size, load, load_all):
            try:
                outcomes.append(use(data))
            except AdaINError as error:
                outcomes.append(error)
        if next(numbers) % EVERY == 0:
            stylize(name, data)
        if isinstance(outcomes[1], AdaINError):
            raise outcomes[1]
        stylizer.stylize(
            outcomes[1].part(slice(64), slice(64)).to_pil(), "scream"
        )  # fails where the array is no picture

    def stylize(name: str, data: bytes) -> None:
        """As a user does: the exit code, one line, a whole picture or none."""
        shutil.rmtree(folder / "out", ignore_errors=True)
        (folder / "in").write_bytes(data)
        arguments = [
            str(folder / "in"),
            "--style",
            "scream",
            "--model",
            "fast",
            "--size",
            "64",
            "-o",
            str(folder / "out/a.png"),
        ]
        sys.argv = ["adain", "stylize", *arguments, "--device", "cpu", "--threads", "1", "-q"]
        err = io.StringIO()
        with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
            try:
                cli.main()
            except SystemExit as end:
                code = end.code or 0
        files = files_of(folder / "out") if (folder / "out").is_dir() else {}
        assert code in (0, 2) and (code == 0) == ("a.png" in files), (
            f"exit code {code}, {list(files)}, {err.getvalue()}"
        )
        assert "Traceback" not in err.getvalue(), err.getvalue()
        for data in files.values():
            load(data)

    return [Target(picture_seeds(), read)]


def models(folder: Path) -> list[Target]:
    """Graphs, model files, checkpoints, codes, and what runs of data sets and of videos have noted."""
    return [graphs(folder), networks(folder), checkpoints(folder), codes(), journals(folder), parts(folder)]


def graphs(folder: Path) -> Target:
    """ONNX files: tiny ones, and those of the shipped small network, whose weights are in a file beside them."""
    sys.path.append(str(Path(__file__).parent / "support"))  # modules there import each other as tests do
    from tiny import TINY, tiny

    seeds = {
        f"{graph} {io}": tiny(replace(TINY, graph=graph, io=io))
        for graph in ("stylizer", "style_encoder")
        for io in ("bytes", "portable")
    }
    shipped_ones = {
        f"{name} of fast": (shipped.MODELS["fast"] / f"{name}.onnx").read_bytes() for name in ("measure", "paint")
    }
    shutil.copy(shipped.MODELS["fast"] / "stylizer.onnx", folder)

    def read(name: str, data: bytes) -> None:
        file = folder / "mutated.onnx"
        file.write_bytes(data)
        session = Session(file, name.split()[0], "cpu", threads=1)
        _, *others = session.contract.inputs
        session.run(np.zeros((1, 32, 32, 3), np.uint8), {each.name: zeros(each.shape) for each in others})

    def zeros(shape: tuple[int | str | None, ...]) -> np.ndarray:
        return np.zeros(
            [axis if isinstance(axis, int) else 1 if "batch" in str(axis) else 32 for axis in shape], np.float32
        )

    return Target(seeds | shipped_ones, read)


def networks(folder: Path) -> Target:
    """Model files of both shipped networks."""
    from adain.network.model_file import load_model

    def read(name: str, data: bytes) -> None:
        (folder / "model.safetensors").write_bytes(data)
        load_model(folder / "model.safetensors")

    return Target({"model.safetensors": (shipped.MODELS["fast"] / "model.safetensors").read_bytes()}, read)


def checkpoints(folder: Path) -> Target:
    """Of a network with one layer, since what is read and what is put in place is the same for any."""
    import torch

    from adain.network.model_file import fill
    from adain.training.checkpoints import moments_of, read_newest, restore, write_checkpoint
    from adain.training.settings import Settings

    def network() -> tuple[Any, Any, Any]:
        layer = torch.nn.Linear(4, 4)
        return layer, dict(layer.named_parameters()), torch.optim.Adam(layer.parameters())

    layer, trained, optimizer = network()
    layer(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    moments, steps = moments_of(optimizer, trained)
    settings = asdict(Settings(content="a", style="b", encoder="c"))
    header = {"step": 1, "adam_steps": steps, "encoder": "vgg16", "scaler": {}, "settings": settings}
    write_checkpoint(folder, {"average": copy.deepcopy(layer.state_dict()), "trained": trained, **moments}, header, 1)
    (file,) = (folder / "checkpoints").iterdir()

    def read(name: str, data: bytes) -> None:
        file.write_bytes(data)
        layer, trained, optimizer = network()
        state = read_newest(folder)
        fill(layer, state.parts.get("average", {}), str(file))
        restore(state, trained, optimizer)
        layer(torch.ones(1, 4)).sum().backward()
        optimizer.step()

    return Target({"checkpoint": file.read_bytes()}, read)


def codes() -> Target:
    """Style codes, of the shipped ones and of other types."""
    stream = io.BytesIO()
    np.save(stream, np.linspace(0, 1, 3, dtype=">f8"))
    seeds = {"code": (shipped.STYLES / "scream.npy").read_bytes(), "code of float64": stream.getvalue()}
    return Target(seeds, lambda name, data: Style.load(data))


def journals(folder: Path) -> Target:
    """What a data-set run finds of an earlier one: it makes what is missing, and a manifest."""
    from PIL import Image

    for number in range(3):
        (folder / "contents").mkdir(exist_ok=True)
        Image.new("RGB", (20, 20)).save(folder / "contents" / f"{number}.png")
    out = folder / "set"
    plan = dataset.plan(dataset.Job(folder / "contents", out), "0" * 64)

    def finish() -> None:
        with Journal(out, plan.settings) as journal:
            for step in plan.steps(journal, lambda count: None):
                for item in step.items:
                    (out / item.output).write_bytes(b"a picture")
                    key = item.content.name, item.k
                    journal.add([Result(*key, 20, 20, 20, 20, 9, "f" * 64)])
            write_manifest(plan, journal)

    finish()
    hidden = out / ".dataset"
    seeds = {name: (hidden / name).read_bytes() for name in ("journal.jsonl", "settings.json")}

    def read(name: str, data: bytes) -> None:
        for each, whole in seeds.items():
            (hidden / each).write_bytes(data if each == name else whole)
        finish()
        found = {path.name for path in out.iterdir()}
        assert found == {".dataset", "0.png", "1.png", "2.png", "manifest.csv", "manifest.parquet"}, found
        assert len((out / "manifest.csv").read_text().splitlines()) == 4

    return Target(seeds, read)


def parts(folder: Path) -> Target:
    """What an interrupted video has left."""
    left, job = Parts(folder / "parts", ".mp4"), {"content": "a.mp4", "smooth": 0.9}
    left.begin(job, None)
    left.save(0, {"frames": np.array(60), "before": np.zeros((8, 8, 3), np.float32)})
    seeds = {name: (left.folder / name).read_bytes() for name in ("job.json", "000000.npz")}

    def read(name: str, data: bytes) -> None:
        for each, whole in seeds.items():
            (left.folder / each).write_bytes(data if each == name else whole)
        left.begin(job, True)
        int(left.load(len(left.done()) - 1).get("frames", 0))

    return Target(seeds, read)


KINDS = {"pictures": pictures, "models": models}


@app.command()
def batch(kind: str, first: int, last: int) -> None:
    """Files FIRST to LAST - 1, in this process."""
    faulthandler.enable()
    warnings.simplefilter("ignore")
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEGABYTES << 20,) * 2)  # for the machine's sake
    counts, faults = Counter[str](), 0
    with tempfile.TemporaryDirectory() as name:
        targets = KINDS[kind](Path(name))
        for number in range(first, last):
            target, chance = targets[number % len(targets)], random.Random(f"{kind} {number}")
            seed = chance.choice(sorted(target.seeds))
            data = mutated(target.seeds[seed], chance)
            print(f"{number}: {seed}", flush=True)
            faulthandler.dump_traceback_later(12 * SECONDS, exit=True)  # of the clock, which runs faster under load
            fault = attempt(target, seed, data, counts)
            faulthandler.cancel_dump_traceback_later()
            if fault:
                faults += 1
                print(f"FAULT {number} ({seed}): {fault}", flush=True)
    print("counts", json.dumps(counts))
    raise SystemExit(faults > 0)


def attempt(target: Target, seed: str, data: bytes, counts: Counter[str]) -> str:
    """Read one file, and say what is wrong with how that went."""
    Path("/proc/self/clear_refs").write_text("5")  # begins the peak of memory anew
    began = time.process_time()
    try:
        target.read(seed, data)
        counts[f"read: {seed.split()[0]}"] += 1
    except AdaINError as error:
        counts[f"refused: {seed.split()[0]}"] += 1
        if "\n" in str(error) or not str(error):
            return f"the message is {str(error)!r}"
    except BaseException:
        return traceback.format_exc()
    seconds = time.process_time() - began
    megabytes = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    counts["slowest, ms"] = max(counts["slowest, ms"], round(1000 * seconds))
    counts["most memory, MB"] = max(counts["most memory, MB"], megabytes)
    if seconds > SECONDS or megabytes > MEGABYTES:
        return f"it took {seconds:.1f} s and {megabytes} MB"
    return ""


def soak(kind: str, count: int, first: int, size: int) -> None:
    """All files, in processes."""
    counts, faults = Counter[str](), 0
    for start in range(first, first + count, size):
        command = [sys.executable, __file__, "batch", kind, str(start), str(min(start + size, first + count))]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        lines = done.stdout.splitlines()
        if lines and lines[-1].startswith("counts "):
            for name, value in json.loads(lines[-1].removeprefix("counts ")).items():
                counts[name] = max(counts[name], value) if "," in name else counts[name] + value
        if done.returncode:
            faults += 1
            print(
                f"FAILED, exit code {done.returncode}, with {lines[-1:]}:\n"
                + "\n".join(line for line in lines if not line.split(":")[0].isdigit())
                + done.stderr[-3000:],
                flush=True,
            )
    for word in ("read: ", "refused: "):
        parts = {name.removeprefix(word): number for name, number in counts.items() if name.startswith(word)}
        print(f"{word}{sum(parts.values())}, {parts}")
    most = ", ".join(f"{name} {number}" for name, number in counts.items() if "," in name)
    print(f"{count} mutated {kind}, from {first}: {most}; {faults} batches with faults")
    raise SystemExit(faults > 0)


@app.command("pictures")
def soak_pictures(count: int = 10_000, first: int = 0, size: int = 500) -> None:
    """Pictures of every format that is read and can be made."""
    soak("pictures", count, first, size)


@app.command("models")
def soak_models(count: int = 2000, first: int = 0, size: int = 200) -> None:
    """ONNX graphs, model files, checkpoints, codes, and what was noted of runs."""
    soak("models", count, first, size)


if __name__ == "__main__":
    app()
