"""Replay the conformance set with any engine: give its functions, get one result for each case.

    python export/conformance/replay.py [FOLDER]

does it with onnxruntime on the CPU, for the shipped files or those of a folder. Needs numpy and Pillow; onnxruntime
and the package adain only for that.
"""

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent
ONNX = HERE.parents[1] / "weights" / "onnx"  # the shipped files
FAST = HERE.parents[1] / "weights" / "fast"  # those of the small network

Pixels = NDArray[np.uint8]
Codes = NDArray[np.float32]
Stylize = Callable[[Pixels, Codes, float], Pixels]  # contents [N,H,W,3], codes [N or 1,S], alpha -> [N,H,W,3]
EncodeStyle = Callable[[Pixels], Codes]  # images [N,H,W,3] -> codes [N,S]
Shrink = Callable[[Pixels, int], Pixels]  # image [H,W,3], the longest that its shorter side may be -> image [H,W,3]
Floats = NDArray[np.float32]
Measure = Callable[[Pixels, Codes, float, Floats], Floats]  # as Stylize, and weights [N,H,W] -> statistics [N,T]
Paint = Callable[[Pixels, Codes, float, Floats], Pixels]  # as Stylize, and statistics [N or 1,T]

# What `Conformance.replay` calls the function that a graph computes.
FUNCTIONS = {"stylizer": "stylize", "style_encoder": "encode_style", "measure": "measure", "paint": "paint"}


def shrink(image: Pixels, size: int) -> Pixels:
    """A painting as it is encoded (CONTRACT.md): its shorter side at most `size`, by Pillow's Lanczos filter."""
    height, width, _ = image.shape
    side = min(height, width)
    if side <= size:
        return image
    shape = (round(width * size / side), round(height * size / side))
    return np.asarray(Image.fromarray(image).resize(shape, Image.Resampling.LANCZOS))


@dataclass(frozen=True)
class Result:
    """Of one case: the differences from what was expected, of pixels in steps of 255, and whether they pass."""

    name: str
    largest: float
    mean: float
    passed: bool


class Conformance:
    """The set in a folder. Every file that is read must have the SHA-256 that the manifest names, or ValueError."""

    def __init__(self, folder: Path = HERE) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))

    def read(self, name: str) -> bytes:
        """A file by its name in the manifest."""
        found, expected = (self.folder / name).read_bytes(), self.manifest["files"][name]
        if sha256(found) != expected:
            raise ValueError(f"{self.folder / name} has SHA-256 {sha256(found)}, the manifest names {expected}")
        return found

    def picture(self, name: str) -> Pixels:
        """A picture: uint8 [H,W,3]."""
        return decode_picture(self.read(name))

    def code(self, name: str) -> Codes:
        """A .f32 file: float32 [S]."""
        return np.frombuffer(self.read(name), "<f4")

    def statistics(self, name: str) -> Floats:
        """A .f32 file of one or more vectors, each as long as `statistics` in the manifest says: float32 [N,T]."""
        return np.frombuffer(self.read(name), "<f4").reshape(-1, self.manifest["statistics"])

    def replay(
        self,
        stylize: Stylize | None = None,
        encode_style: EncodeStyle | None = None,
        shrink: Shrink = shrink,
        measure: Measure | None = None,
        paint: Paint | None = None,
        fast: Stylize | None = None,
    ) -> list[Result]:
        """Run every case of the kinds whose function is given.

        Args:
            stylize: contents uint8 [N,H,W,3], codes float32 [N or 1,S], alpha -> uint8 [N,H,W,3].
            encode_style: uint8 [N,H,W,3] -> float32 [N,S]. Where another case names a code that it has made, its own
                code is used: a chain. The paintings are its cases too.
            shrink: uint8 [H,W,3], longest shorter side -> uint8 [H,W,3]; what is done to a painting before it is
                encoded.
            measure: contents, codes, alpha, weights float32 [N,H,W] in 0..1 -> float32 [N,T].
            paint: contents, codes, alpha, statistics float32 [N or 1,T] -> uint8 [N,H,W,3].
            fast: as `stylize`, of the small network.

        Raises:
            ValueError: an output has another shape or type than expected, or a file is not the manifest's.
        """
        own: dict[str, Codes] = {}
        results = [] if encode_style is None else [*self._encode(encode_style, shrink, own)]
        for kind, function in (("stylize", stylize), ("fast", fast)):
            for case in self.manifest[kind] if function else ():
                results.append(self._pixels(case, function(*self._inputs(case, own))))
        for case in self.manifest["measure"] if measure else ():
            inputs = self._inputs(case, own)
            results.append(self._sums(case, measure(*inputs, self._weights(case, inputs[0]))))
        for case in self.manifest["paint"] if paint else ():
            results.append(self._pixels(case, paint(*self._inputs(case, own), self.statistics(case["statistics"]))))
        return results

    def _encode(self, encode_style: EncodeStyle, shrink: Shrink, own: dict[str, Codes]) -> Iterator[Result]:
        """The cases of codes, which are kept in `own`."""
        for case in self.manifest["encode"]:
            code = encode_style(self.picture(case["image"])[None])
            yield compare(case["name"], code, self.code(case["code"])[None], self.tolerance("style"))
            own[case["code"]] = code[0]
        for case in self.manifest["paintings"]:
            shrunk, expected = shrink(self.picture(case["image"]), case["size"]), self.picture(case["shrunk"])
            yield compare(f"{case['name']}-shrunk", shrunk, expected, self.tolerance("shrunk"))
            code = encode_style(shrunk[None])
            yield compare(f"{case['name']}-code", code, self.code(case["code"])[None], self.tolerance("painting"))
            own[case["code"]] = code[0]

    def _inputs(self, case: dict[str, Any], own: dict[str, Codes]) -> tuple[Pixels, Codes, float]:
        """The contents, codes and alpha of a case."""
        contents = np.stack([self.picture(name) for name in case["contents"]])
        codes = [
            blend([(part["weight"], own.get(part["code"], self.code(part["code"]))) for part in style])
            for style in case["styles"]
        ]
        return contents, np.stack(codes), case["alpha"]

    def _weights(self, case: dict[str, Any], contents: Pixels) -> Floats:
        if case["weights"] is None:
            return np.ones(contents.shape[:3], np.float32)
        return np.stack([decode_weight(self.read(name)) for name in case["weights"]])

    def _pixels(self, case: dict[str, Any], got: Pixels) -> Result:
        expected = np.stack([self.picture(name) for name in case["expected"]])
        return compare(case["name"], got, expected, self.tolerance("pixels"))

    def _sums(self, case: dict[str, Any], got: Floats) -> Result:
        """Differences of sums against the sum itself, or the sum of the weights where that is more."""
        expected = self.statistics(case["statistics"])
        size = np.maximum(np.abs(expected), expected[:, :1])
        return compare(case["name"], got / size, expected / size, self.tolerance("statistics"))

    def tolerance(self, kind: str) -> dict[str, float]:
        """The bounds for "pixels" and "shrunk" (steps of 255), "style" and "painting" (codes), "statistics" (see the
        README): {"max": ...}, and for pixels a "mean" too."""
        bounds: dict[str, float] = self.manifest["tolerance"][kind]
        return bounds


def compare(name: str, got: NDArray[Any], expected: NDArray[Any], tolerance: dict[str, float]) -> Result:
    """Hold an output against the expected one; NaN passes no bound."""
    if (got.shape, got.dtype) != (expected.shape, expected.dtype):
        raise ValueError(f"{name}: got {got.dtype} {got.shape}, expected {expected.dtype} {expected.shape}")
    difference = np.abs(got.astype(np.float64) - expected)
    largest, mean = float(difference.max()), float(difference.mean())
    return Result(name, largest, mean, largest <= tolerance["max"] and mean <= tolerance.get("mean", np.inf))


def blend(parts: Sequence[tuple[float, Codes]]) -> Codes:
    """The weighted mean of codes [S], given as (weight, code) with weights that sum to 1."""
    blended: Codes = np.sum([np.float32(weight) * code for weight, code in parts], axis=0, dtype=np.float32)
    return blended


def decode_picture(png: bytes) -> Pixels:
    """The bytes of a PNG file as uint8 [H,W,3]."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def decode_weight(png: bytes) -> Floats:
    """The bytes of a grey PNG file as float32 [H,W] in 0..1."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("L"), np.float32) / np.float32(255)


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class OnnxRuntime:
    """The reference: onnxruntime on the CPU with one thread.

    Args:
        models: the contents of `bytes` files of the contract, by their graphs; see `read_models`.
        optimise: False runs the graphs as they are in the files.

    Attributes:
        metadata: of the first file.
    """

    def __init__(self, models: Mapping[str, bytes], *, optimise: bool = True) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4  # else it names the weights in stylizer.onnx that measure.onnx does not need
        if not optimise:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._sessions = {
            graph: onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            for graph, model in models.items()
        }
        first = next(iter(self._sessions.values()))
        self.metadata: dict[str, str] = first.get_modelmeta().custom_metadata_map

    def functions(self) -> dict[str, Any]:
        """What `Conformance.replay` takes, of the graphs that are there."""
        return {name: getattr(self, name) for graph, name in FUNCTIONS.items() if graph in self._sessions}

    def stylize(self, contents: Pixels, codes: Codes, alpha: float) -> Pixels:
        """A `Stylize`."""
        return self._run("stylizer", contents, codes, alpha)

    def encode_style(self, images: Pixels) -> Codes:
        """An `EncodeStyle`."""
        codes: Codes = self._sessions["style_encoder"].run(["style"], {"image": images})[0]
        return codes

    def measure(self, contents: Pixels, codes: Codes, alpha: float, weights: Floats) -> Floats:
        """A `Measure`."""
        return self._run("measure", contents, codes, alpha, weight=weights)

    def paint(self, contents: Pixels, codes: Codes, alpha: float, statistics: Floats) -> Pixels:
        """A `Paint`."""
        return self._run("paint", contents, codes, alpha, statistics=statistics)

    def _run(self, graph: str, contents: Pixels, codes: Codes, alpha: float, **others: Floats) -> Any:
        inputs = {"content": contents, "style": codes, "alpha": np.array([alpha], np.float32)}
        return self._sessions[graph].run(None, inputs | others)[0]


def read_models(folder: Path = ONNX) -> dict[str, bytes]:
    """The files of a folder by their graphs, each with its weights, which another file may hold."""
    from adain.contract import read_model

    files = {graph: folder / f"{graph}.onnx" for graph in FUNCTIONS}
    return {graph: read_model(file) for graph, file in files.items() if file.exists()}


def main() -> int:
    """Print a line for each case; 1 when one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ONNX, help="of GRAPH.onnx with the shipped weights")
    folder, conformance = parser.parse_args().folder, Conformance()
    engine = OnnxRuntime(read_models(folder))
    if engine.metadata["adain.checkpoint_sha256"] != conformance.manifest["checkpoint_sha256"]:
        sys.exit(f"{folder} holds another model than the set was made from; export that of weights/")
    functions = engine.functions()
    if folder == ONNX:
        functions["fast"] = OnnxRuntime(read_models(FAST)).stylize
    results = conformance.replay(**functions)
    for result in results:
        verdict = "ok" if result.passed else "FAIL"
        print(f"{verdict:4}  {result.name:20} largest {result.largest:.6f}, mean {result.mean:.6f}")
    return int(not all(result.passed for result in results))


if __name__ == "__main__":
    sys.exit(main())
