"""A model repository for NVIDIA Triton Inference Server: exported files, and what Triton has to know of them.

    DIR/adain_stylizer/         content, style, alpha        ->  stylized
    DIR/adain_style_encoder/    image                        ->  style
    DIR/adain/                  content, style_image, alpha  ->  stylized (an ensemble of the two)

Each folder is a model and holds config.pbtxt and its version 1. Rules: Triton's docs/user_guide, pages
model_repository, model_configuration and ensemble_models, and the README of its onnxruntime backend.
"""

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .. import __version__
from ..contract import Contract, Graph, Io, Precision
from ..errors import OptionError
from ..network.model_file import ModelFile
from ..onnx_file import Tensor
from .check import Exported
from .write import export

ENSEMBLE = "adain"
MODELS: dict[Graph, str] = {"stylizer": "adain_stylizer", "style_encoder": "adain_style_encoder"}

_TYPES = {"uint8": "TYPE_UINT8", "float32": "TYPE_FP32"}

# Triton completes a configuration that lacks inputs or outputs, and would then set a batch size of its own.
_BATCHING = """\
# Pictures of one request are a batch by their first axis. Triton itself joins no requests: their sizes differ.
max_batch_size: 0
"""

_OPTIONS = """
# There is no instance_group, so Triton starts one instance on each GPU, or one on the CPU where there is none.
# Some options of the onnxruntime backend; remove the # to use them:
#
# choose the convolution algorithms of a new size without trying them all (CUDA)
# parameters { key: "cudnn_conv_algo_search" value: { string_value: "1" } }
#
# give memory back after each run; cpu:0 on the CPU
# parameters { key: "memory.enable_memory_arena_shrinkage" value: { string_value: "gpu:0" } }
#
# threads of an instance on the CPU; 0 is one for each core
# parameters { key: "intra_op_thread_count" value: { string_value: "0" } }
"""


def write_repository(
    source: ModelFile,
    out: Path,
    *,
    io: Io = "bytes",
    precision: Precision = "fp32",
    compact: bool = False,
    report: Callable[[Exported], None] = lambda exported: None,
) -> list[Exported]:
    """Export a model as a repository that Triton serves on GPUs and on CPUs; the folder appears whole or not at all.

    Args:
        source: the model.
        out: the repository, a new or empty folder.
        io, precision, compact: see `adain.export.write.export`.
        report: called for each ONNX file, in the end.

    Raises:
        OptionError: `out` is a file, or a folder that holds something.
        ModelError: see `adain.export.write.export`.
    """
    with _new_folder(out) as folder:
        files = export(source, folder, io=io, precision=precision, compact=compact, graphs=tuple(MODELS))
        written = []
        for file in files:
            model = Path(MODELS[file.contract.graph], "1", "model.onnx")
            (folder / model).parent.mkdir(parents=True)
            file.path.rename(folder / model)
            _write(folder, MODELS[file.contract.graph], _model_config(file.contract))
            written.append(replace(file, path=out / model))
        _write(folder, ENSEMBLE, _ensemble_config(*(file.contract for file in written)))
        version = folder / ENSEMBLE / "1"  # has to be there, though an ensemble has no file
        version.mkdir()
        (version / ".keep").touch()  # git and object stores know no empty folders
    for exported in written:
        report(exported)
    return written


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; on success it is renamed to `path`, on failure it is deleted."""
    path = path.resolve()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OptionError(f"{path} exists and is no empty folder; --triton takes a new one")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.rmdir()  # Windows renames onto nothing that exists
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(folder: Path, model: str, config: str) -> None:
    (folder / model).mkdir(exist_ok=True)
    head = f'# Written by adain {__version__}.\nname: "{model}"\n'
    (folder / model / "config.pbtxt").write_text(head + config, "utf-8", newline="\n")


def _model_config(contract: Contract) -> str:
    tensors = _tensors("input", contract.inputs) + _tensors("output", [contract.output])
    return 'backend: "onnxruntime"\n' + _BATCHING + tensors + _OPTIONS


def _ensemble_config(stylizer: Contract, encoder: Contract) -> str:
    content, _, alpha = stylizer.inputs
    style_image = replace(encoder.inputs[0], name="style_image")
    steps = (
        _step("style_encoder", {"image": "style_image"}, {"style": "style"}),
        _step("stylizer", {name: name for name in ("content", "style", "alpha")}, {"stylized": "stylized"}),
    )
    return (
        'platform: "ensemble"\n'
        + _BATCHING
        + _tensors("input", (content, style_image, alpha))
        + _tensors("output", (stylizer.output,))
        + f"ensemble_scheduling {{\n{_list('step', steps)}}}\n"
    )


def _step(graph: Graph, inputs: dict[str, str], outputs: dict[str, str]) -> str:
    maps = [
        f'    {kind} {{ key: "{key}" value: "{value}" }}\n'
        for kind, names in (("input_map", inputs), ("output_map", outputs))
        for key, value in names.items()
    ]
    return f'  {{\n    model_name: "{MODELS[graph]}"\n    model_version: -1\n{"".join(maps)}  }}'


def _tensors(field: str, tensors: Iterable[Tensor]) -> str:
    """Inputs or outputs of a graph; free axes are -1."""
    entries = []
    for tensor in tensors:
        dims = ", ".join(str(axis) if isinstance(axis, int) else "-1" for axis in tensor.shape)
        entries.append(f'  {{ name: "{tensor.name}" data_type: {_TYPES[tensor.type]} dims: [ {dims} ] }}')
    return _list(field, entries)


def _list(field: str, entries: Iterable[str]) -> str:
    return f"{field} [\n" + ",\n".join(entries) + "\n]\n"
