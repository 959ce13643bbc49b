"""What reads mutated files in `tests/soak_mutations.py`, and the whole files that they are made of."""

import contextlib
import copy
import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from adain import Stylizer, cli, shipped
from adain.apps import dataset
from adain.apps.journal import Journal, Result
from adain.apps.manifest import write_manifest
from adain.errors import AdaINError
from adain.pictures import load, load_all, read_size
from adain.session import Session
from adain.styles import Style
from adain.video.parts import Parts

from .seeds import picture_seeds
from .soaking import files_of

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
    sys.path.append(str(Path(__file__).parent))  # modules there import each other as tests do
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
