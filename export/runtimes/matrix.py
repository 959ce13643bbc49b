"""Run the conformance set on every engine that this machine has, and write the table of RUNTIMES.md.

    python export/runtimes/matrix.py [--only NAME ...] [--minutes M]

Each engine gets a virtual environment of its own in `.venvs/`, since packages exclude each other, and runs in a
process of its own with a time limit: one that crashes or hangs is a row of the table. Needs Linux or macOS, and
the package with `[train]` for the export; Node for onnxruntime-web; an NVIDIA GPU for CUDA and TensorRT. With --only
the rows of the other engines stay as they are in runtimes.json.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx
from installing import limited, npm_install, npm_version, pip_install
from PIL import Image

from adain import shipped
from adain.contract import Contract
from adain.export.write import export
from adain.network.model_file import load_model

HERE = Path(__file__).parent
MODELS = HERE / ".models"
MANIFEST = HERE.parent / "conformance" / "manifest.json"
WORKER = HERE / "engines.py"
GRAPHS = ("stylizer", "style_encoder", "fast")  # names of files; fast is the stylizer of the small network


@dataclass(frozen=True)
class Engine:
    """A row of the table.

    Attributes:
        name: as the table and --only have it.
        runs: a function of engines.py.
        door: of the files that it is given.
        packages: of pip, or with `needs="node"` of web/package.json.
        bare: packages of pip to be installed without what they depend on.
        needs: "gpu" or "node".
        fixed: graphs that it takes only with fixed sizes; `fix_sizes` makes such files.
        note: what whoever wants to use it has to know.
    """

    name: str
    runs: str
    door: str
    packages: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    needs: str = ""
    fixed: tuple[str, ...] = ()
    note: str = ""


ENGINES = (
    Engine("onnxruntime, CPU", "onnxruntime", "bytes", ("onnxruntime",)),
    Engine("onnxruntime, CPU, portable", "onnxruntime", "portable", ("onnxruntime",)),
    Engine("onnxruntime, CUDA", "cuda", "bytes", ("onnxruntime-gpu[cuda,cudnn]",), needs="gpu", note="`use_tf32=0`"),
    Engine(
        "onnxruntime, TensorRT", "tensorrt", "portable", ("onnxruntime-gpu[cuda,cudnn]", "tensorrt-cu13"), needs="gpu"
    ),
    Engine("onnxruntime-web, wasm in Node", "web", "bytes", ("onnxruntime-web",), needs="node"),
    Engine("onnxruntime-web, wasm and WebGPU in Chromium", "browser", "bytes", needs="node"),
    Engine("OpenVINO", "openvino", "bytes", ("openvino",), note="`INFERENCE_PRECISION_HINT: f32`"),
    Engine("OpenVINO, portable", "openvino", "portable", ("openvino",), note="`INFERENCE_PRECISION_HINT: f32`"),
    Engine("OpenCV 5", "opencv", "portable", ("opencv-python-headless==5.*",)),
    Engine(
        "OpenCV 4",
        "opencv",
        "portable",
        ("opencv-python-headless==4.*",),
        fixed=("stylizer", "fast"),
        note="stylizers with fixed sizes only: free ones it takes for 0, and cannot read the Concat of the decoder",
    ),
    Engine("tract", "tract", "portable", ("tract",)),
    Engine("MNN", "mnn", "portable", ("MNN",), note="converted by `_tools.mnnconvert`"),
    Engine(
        "ncnn",
        "ncnn",
        "portable",
        ("ncnn",),
        bare=("pnnx",),  # it depends on torch, its converter does not
        note="converted by pnnx, `fp16=0`; `use_fp16_*` and `lightmode` off",
    ),
)


@dataclass
class Row:
    """What became of an engine.

    Attributes:
        name, version, door, note: for the table.
        problem: why there are no results, or not all.
        cases: what engines.py printed, in its order.
    """

    name: str
    door: str
    note: str
    version: str = ""
    problem: str = ""
    cases: list[dict[str, Any]] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[engine.name for engine in ENGINES], metavar="NAME")
    parser.add_argument("--minutes", type=float, default=10, help="for each engine")
    options = parser.parse_args(arguments)
    if unknown := set(options.only) - {engine.name for engine in ENGINES}:
        parser.error(f"no engine {', '.join(unknown)}; there are: {'; '.join(engine.name for engine in ENGINES)}")

    models = export_models()
    record = HERE / "runtimes.json"
    before = {row["name"]: Row(**row) for row in json.loads(record.read_text("utf-8"))} if record.exists() else {}
    rows = []
    for engine in ENGINES:
        if engine.name in options.only:
            rows.append(run(engine, models, 60 * options.minutes))
            print(table(rows[-1:]).splitlines()[-1], flush=True)
        elif engine.name in before:
            rows.append(before[engine.name])
    record.write_text("[\n" + ",\n".join(json.dumps(vars(row)) for row in rows) + "\n]\n", "utf-8")
    (HERE / "RUNTIMES.md").write_text(page(rows), "utf-8")


def export_models() -> Path:
    """Write the files of both doors from the shipped checkpoints: a folder with bytes/ and portable/."""
    shutil.rmtree(MODELS, ignore_errors=True)
    shutil.copytree(shipped.ONNX, MODELS / "bytes")
    shutil.copy(shipped.FAST / "stylizer.onnx", MODELS / "bytes" / "fast.onnx")
    export(load_model(shipped.CHECKPOINT), MODELS / "portable", io="portable", graphs=("stylizer", "style_encoder"))
    export(load_model(shipped.FAST / "model.safetensors"), MODELS / "small", io="portable", graphs=("stylizer",))
    (MODELS / "small" / "stylizer.onnx").rename(MODELS / "portable" / "fast.onnx")
    return MODELS


def fix_sizes(file: Path, height: int, width: int) -> None:
    """Write a copy of a portable file that takes one size only, beside it: NAME-HEIGHTxWIDTH.onnx."""
    model = onnx.load(file)
    for value in (*model.graph.input, *model.graph.output):
        axes = value.type.tensor_type.shape.dim
        if len(axes) == 4:
            axes[2].dim_value, axes[3].dim_value = height, width
    onnx.save(model, file.with_name(f"{file.stem}-{height}x{width}.onnx"))


def sizes(graph: str, stride: int) -> set[tuple[int, int]]:
    """Padded heights and widths of the pictures that the cases give to a graph."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    kind = {"stylizer": "stylize", "style_encoder": "encode"}.get(graph, graph)
    names = [name for case in manifest[kind] for name in case.get("contents", [case.get("image")])]
    found = set()
    for name in names:
        with Image.open(MANIFEST.parent / name) as image:
            found.add((image.height + -image.height % stride, image.width + -image.width % stride))
    return found


def run(engine: Engine, models: Path, seconds: float) -> Row:
    """Install an engine where it is not, and replay the set with it; whatever goes wrong is in the row.

    Args:
        models: of `export_models`.
        seconds: the time limit of the replay.
    """
    row = Row(engine.name, engine.door, engine.note)
    if engine.needs == "gpu" and not shutil.which("nvidia-smi"):
        row.problem = "not run: no GPU here"
    elif engine.needs == "node" and not shutil.which("node"):
        row.problem = "not run: no Node here"
    elif engine.runs == "browser":
        row.version, row.problem = browser(seconds)
    else:
        try:
            if engine.needs == "node":
                python, row.version = sys.executable, npm_install(HERE / "web", engine.packages)
            else:
                python, row.version = pip_install(HERE / ".venvs", engine.packages, engine.bare)
        except subprocess.CalledProcessError as error:
            row.problem = f"not installed: {last_line(error.stderr)}"
            return row
        row.cases, row.problem = replay(python, engine, models, seconds)
    return row


def browser(seconds: float) -> tuple[str, str]:
    """Let the tests of the web client replay the set in a browser.

    Returns:
        the version of onnxruntime-web, and how it went.
    """
    folder = HERE.parent / "web"
    if not (folder / "node_modules").is_dir():
        return "", "not run: export/web is not installed; its tests replay the set"
    code, _, _ = limited(["npm", "run", "test:browser"], seconds, cwd=folder)
    verdict = {0: "pass", None: f"were stopped after {seconds:g} s"}.get(code, "fail")
    return npm_version(folder, "onnxruntime-web"), f"the tests of export/web {verdict}"


def replay(python: str, engine: Engine, models: Path, seconds: float, *names: str) -> tuple[list[dict[str, Any]], str]:
    """Run engines.py; `names` are cases, all by default.

    Returns:
        the results of the cases until the end, and how it ended if not well.
    """
    folder = models / engine.door
    strides = {graph: stride(folder / f"{graph}.onnx") for graph in GRAPHS}
    if engine.fixed:
        folder = Path(shutil.copytree(folder, models / "fixed", dirs_exist_ok=True))
    for graph in engine.fixed:
        for height, width in sizes(graph, strides[graph]):
            fix_sizes(folder / f"{graph}.onnx", height, width)
    command = [python, str(WORKER), engine.runs, engine.door, str(folder), json.dumps(strides), *names]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    code, printed, complaints = limited(command, seconds, env=environment)
    if code is None:
        problem = f"stopped after {seconds:g} s"
    elif code < 0:
        problem = f"crashed: {signal.Signals(-code).name}"
    else:
        problem = f"crashed: {last_line(complaints)}" if code else ""
    return [json.loads(line) for line in printed.splitlines() if line.startswith(b'{"kind"')], problem


def stride(file: Path) -> int:
    """What the sides of a file's pictures are multiples of."""
    metadata = {each.key: each.value for each in onnx.load(file).metadata_props}
    return Contract.from_metadata(metadata, file.name).stride


def last_line(text: bytes) -> str:
    """The last line that is not empty, as people read it."""
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "without a word"


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| engine | version | door | cases passed | pixels: largest, mean | codes: largest | notes |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        results = [case for case in row.cases if "error" not in case]
        pixels = [case for case in results if case["kind"] != "encode"]
        codes = [case["largest"] for case in results if case["kind"] == "encode"]
        passed = sum(case["passed"] for case in results)
        failures = [f"{case['name']}: {case['error']}" for case in row.cases if "error" in case]
        failures += [f"{case['name']} differs" for case in results if not case["passed"]]
        cells = (
            row.name,
            row.version,
            row.door,
            f"{passed} of {len(row.cases)}" if row.cases else "",
            f"{max(case['largest'] for case in pixels):g}, {max(case['mean'] for case in pixels):.2g}"
            if pixels
            else "",
            f"{max(codes):.1g}" if codes else "",
            "; ".join(text for text in (row.problem, *failures, row.note) if text),
        )
        lines.append("| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|")[:400] for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def page(rows: Sequence[Row]) -> str:
    """RUNTIMES.md."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    pixels, style = manifest["tolerance"]["pixels"], manifest["tolerance"]["style"]
    return f"""# Where the model runs

Written by `python export/runtimes/matrix.py` on {platform.system()}, {platform.machine()}, with the style encoder
`{manifest["checkpoint_sha256"][:12]}` and both networks: the [conformance set](../conformance/README.md) in every
engine, in float32 on one thread. Pixels differ by so many steps of 255, at most and on average in the worst case; style
codes by so much. A case passes up to {pixels["max"]}, {pixels["mean"]} and {style["max"]:g}.
[CONTRACT.md](../CONTRACT.md) says what the doors are, [README.md](README.md) what each engine needs.

{table(rows)}"""


if __name__ == "__main__":
    main()
