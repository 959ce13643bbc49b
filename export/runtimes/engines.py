"""The engines of the matrix: each opens an ONNX file of ours and gives a function of its inputs.

    python engines.py ENGINE DOOR MODELS STRIDES [CASE ...]

STRIDES is JSON, by the names of the files. This replays the conformance cases, or those that are named, and prints a
line of JSON for each. `matrix.py` runs it in the virtual environment of the engine, which has numpy, Pillow and the
engine, and nothing else. Everything runs on one thread in float32.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "conformance"), str(HERE.parents[1])]

from replay import Codes, Conformance, EncodeStyle, Pixels, Stylize  # noqa: E402

from adain.session import from_portable, to_portable  # noqa: E402

Run = Callable[[dict[str, NDArray[Any]]], NDArray[Any]]  # inputs by name, in the order of the contract -> the output


def onnxruntime(file: Path, provider: str = "CPUExecutionProvider", **options: str) -> Run:
    """Microsoft's onnxruntime with one of its providers."""
    import onnxruntime

    if provider != "CPUExecutionProvider":
        onnxruntime.preload_dlls()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, settings, providers=[(provider, options)])
    if (found := session.get_providers()[0]) != provider:  # it falls back without an error
        raise RuntimeError(f"{found} came instead of {provider}")
    return lambda inputs: session.run(None, inputs)[0]


def cuda(file: Path) -> Run:
    """onnxruntime on an NVIDIA GPU, float32 without TF32."""
    return onnxruntime(file, "CUDAExecutionProvider", use_tf32="0")


def tensorrt(file: Path) -> Run:
    """onnxruntime with TensorRT on an NVIDIA GPU; it builds an engine again where sizes leave the range of before."""
    return onnxruntime(file, "TensorrtExecutionProvider")


def openvino(file: Path) -> Run:
    """Intel's OpenVINO on the CPU; by default it may compute in bfloat16."""
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    model = openvino.Core().compile_model(file, "CPU", settings)
    return lambda inputs: model(inputs)[0]


def opencv(file: Path) -> Run:
    """OpenCV's dnn module, 4 or 5."""
    import cv2

    cv2.setNumThreads(1)
    network = cv2.dnn.readNetFromONNX(str(file))

    def run(inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        for name, value in inputs.items():
            network.setInput(value, name)
        return network.forward()

    return run


def tract(file: Path) -> Run:
    """Sonos' tract, in Rust."""
    import tract

    model = tract.onnx().load(file).into_model().into_runnable()
    return lambda inputs: model.run(list(inputs.values()))[0].to_numpy()


def mnn(file: Path) -> Run:
    """Alibaba's MNN."""
    import _tools  # the converter. MNN.tools.mnnconvert around it installs a logging package with pip, and reports
    import MNN

    converted = file.with_suffix(".mnn")
    _tools.mnnconvert(["", "-f", "ONNX", "--modelFile", str(file), "--MNNModel", str(converted), "--bizCode", "adain"])

    def run(inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        network = MNN.nn.load_module_from_file(str(converted), list(inputs), [])
        layout = MNN.expr.NCHW
        values = [MNN.expr.const(value, list(value.shape), layout, MNN.expr.float) for value in inputs.values()]
        (output,) = network.forward(values)
        return np.array(MNN.expr.convert(output, layout).read())

    return run


def ncnn(file: Path) -> Run:
    """Tencent's ncnn, converted by pnnx, which has to be told a size; the result takes any. There is no batch axis."""
    from importlib.util import find_spec

    import ncnn

    package = find_spec("pnnx")  # to import it needs torch
    assert package and package.origin
    converter = Path(package.origin).with_name("pnnx")
    network = ncnn.Net()
    network.opt.num_threads = 1
    network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
    network.opt.use_bf16_storage = False
    network.opt.lightmode = False  # with it, which is the default, 1.0.20261020 crashes in our graphs
    loaded = False

    def run(inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        nonlocal loaded
        if not loaded:
            shapes = ",".join(str(list(value.shape)).replace(" ", "") for value in inputs.values())
            command = [converter, file.name, f"inputshape={shapes}", "fp16=0"]
            subprocess.run(command, cwd=file.parent, check=True, stdout=sys.stderr)
            network.load_param(str(file.with_suffix(".ncnn.param")))
            network.load_model(str(file.with_suffix(".ncnn.bin")))
            loaded = True
        extractor = network.create_extractor()
        # A Mat borrows the memory of its array, which has to live until the end: a temporary one gives wrong pictures.
        arrays = [np.ascontiguousarray(value[0] if value.ndim > 1 else value) for value in inputs.values()]
        for index, array in enumerate(arrays):
            extractor.input(f"in{index}", ncnn.Mat(array))
        return np.array(extractor.extract("out0")[1])[None]

    return run


def web(file: Path) -> Run:
    """onnxruntime-web as WebAssembly under Node."""
    command = ["node", "engine.mjs", str(file)]
    process = subprocess.Popen(command, cwd=HERE / "web", stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        assert process.stdin and process.stdout
        request = {
            name: {"type": str(value.dtype), "dims": value.shape, "data": base64.b64encode(value.tobytes()).decode()}
            for name, value in inputs.items()
        }
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        if not (line := process.stdout.readline()):
            raise RuntimeError(f"node ended with exit code {process.wait()}")
        answer = json.loads(line)
        return np.frombuffer(base64.b64decode(answer["data"]), answer["type"]).reshape(answer["dims"])

    return run


ENGINES: dict[str, Callable[[Path], Run]] = {
    engine.__name__: engine for engine in (onnxruntime, cuda, tensorrt, openvino, opencv, tract, mnn, ncnn, web)
}


def functions(
    open_file: Callable[[Path], Run], door: str, models: Path, strides: dict[str, int]
) -> tuple[Stylize, EncodeStyle, Stylize]:
    """The functions that the conformance set asks for: of the large network, of the style encoder, of the small one.

    Args:
        open_file: one of ENGINES.
        door: "bytes" or "portable".
        models: folder with stylizer.onnx, style_encoder.onnx and fast.onnx, and with files such as stylizer-16x24.onnx,
            for pixels of 16 rows and 24 columns only, which then are preferred.
        strides: of portable files, by their names.
    """
    opened = cache(open_file)

    def run(graph: str, **inputs: NDArray[Any]) -> NDArray[Any]:
        height, width = next(iter(inputs.values())).shape[2:]
        fixed = models / f"{graph}-{height}x{width}.onnx"
        return opened(fixed if fixed.exists() else models / f"{graph}.onnx")(inputs)

    def stylize(contents: Pixels, codes: Codes, alpha: float, graph: str = "stylizer") -> Pixels:
        strength = np.array([alpha], np.float32)
        if door == "bytes":
            return run(graph, content=contents, style=codes, alpha=strength)
        outputs = [
            run(graph, content=to_portable(content, strides[graph]), style=code[None], alpha=strength)
            for content, code in zip(contents, np.broadcast_to(codes, (len(contents), codes.shape[1])), strict=True)
        ]
        return np.stack([from_portable(output, *contents.shape[1:3]) for output in outputs])

    def encode_style(images: Pixels) -> Codes:
        if door == "bytes":
            return run("style_encoder", image=images)
        return np.concatenate(
            [run("style_encoder", image=to_portable(image, strides["style_encoder"])) for image in images]
        )

    return stylize, encode_style, partial(stylize, graph="fast")


def main(engine: str, door: str, models: str, strides: str, *names: str) -> None:
    """Print {"name", "kind", "largest", "mean", "passed"} or {"name", "kind", "error"} for each case."""
    stylize, encode_style, fast = functions(ENGINES[engine], door, Path(models), json.loads(strides))
    conformance = Conformance()
    whole = conformance.manifest
    for kind in ("encode", "stylize", "fast"):
        for case in whole[kind]:
            if names and case["name"] not in names:
                continue
            # A case that styles with a code of an encode case comes after it, for the engine's own code to be used.
            codes = {part["code"] for style in case.get("styles", ()) for part in style}
            before = [each for each in whole["encode"] if each["code"] in codes]
            conformance.manifest = {**whole, "encode": before, "paintings": [], "stylize": [], "fast": [], kind: [case]}
            try:
                result = asdict(conformance.replay(stylize, encode_style, fast=fast)[-1])
            except Exception as error:  # whatever an engine raises
                result = {"name": case["name"], "error": f"{type(error).__name__}: {error}"}
            print("\n" + json.dumps({"kind": kind, **result}), flush=True)  # an engine may have left a line open


if __name__ == "__main__":
    main(*sys.argv[1:])
