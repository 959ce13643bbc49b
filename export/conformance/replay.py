"""Replay the conformance set with any engine: give its two functions, get one result for each case.

    python export/conformance/replay.py [--halves FOLDER]

does it with onnxruntime on the CPU and the shipped files. Needs numpy and Pillow; onnxruntime only for that.
"""

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent

Pixels = NDArray[np.uint8]
Codes = NDArray[np.float32]
Stylize = Callable[[Pixels, Codes, float], Pixels]  # contents [N,H,W,3], codes [N or 1,S], alpha -> [N,H,W,3]
EncodeStyle = Callable[[Pixels], Codes]  # images [N,H,W,3] -> codes [N,S]
Shrink = Callable[[Pixels, int], Pixels]  # image [H,W,3], the longest that its shorter side may be -> image [H,W,3]


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
        return self._read(name, self.manifest["files"][name])

    def picture(self, name: str) -> Pixels:
        """A picture: uint8 [H,W,3]."""
        return decode_picture(self.read(name))

    def code(self, name: str) -> Codes:
        """A .f32 file: float32 [S]."""
        return np.frombuffer(self.read(name), "<f4")

    def model(self, graph: str) -> bytes:
        """The ONNX file that made the set: "stylizer" or "style_encoder"."""
        model = self.manifest["models"][graph]
        return self._read(model["file"], model["sha256"])

    def replay(
        self, stylize: Stylize, encode_style: EncodeStyle | None = None, shrink: Shrink = shrink
    ) -> list[Result]:
        """Run every case.

        Args:
            stylize: contents uint8 [N,H,W,3], codes float32 [N or 1,S], alpha -> uint8 [N,H,W,3].
            encode_style: uint8 [N,H,W,3] -> float32 [N,S]. Where a stylize case names a code that it has made, its
                own code is used: a chain. None leaves the encode cases and the paintings out.
            shrink: uint8 [H,W,3], longest shorter side -> uint8 [H,W,3]; what is done to a painting before it is
                encoded.

        Raises:
            ValueError: an output has another shape or type than expected, or a file is not the manifest's.
        """
        results: list[Result] = []
        own: dict[str, Codes] = {}
        if encode_style is not None:
            for case in self.manifest["encode"]:
                code = encode_style(self.picture(case["image"])[None])
                results.append(compare(case["name"], code, self.code(case["code"])[None], self.tolerance("style")))
                own[case["code"]] = code[0]
            for case in self.manifest["paintings"]:
                shrunk, expected = shrink(self.picture(case["image"]), case["size"]), self.picture(case["shrunk"])
                results.append(compare(f"{case['name']}-shrunk", shrunk, expected, self.tolerance("shrunk")))
                code = encode_style(shrunk[None])
                expected_code = self.code(case["code"])[None]
                results.append(compare(f"{case['name']}-code", code, expected_code, self.tolerance("painting")))
                own[case["code"]] = code[0]
        for case in self.manifest["stylize"]:
            contents = np.stack([self.picture(name) for name in case["contents"]])
            expected = np.stack([self.picture(name) for name in case["expected"]])
            codes = [
                blend([(part["weight"], own.get(part["code"], self.code(part["code"]))) for part in style])
                for style in case["styles"]
            ]
            stylized = stylize(contents, np.stack(codes), case["alpha"])
            results.append(compare(case["name"], stylized, expected, self.tolerance("pixels")))
        return results

    def tolerance(self, kind: str) -> dict[str, float]:
        """The bounds for "pixels" and "shrunk" (steps of 255), "style" and "painting" (codes): {"max": ...}, and
        for pixels a "mean" too."""
        bounds: dict[str, float] = self.manifest["tolerance"][kind]
        return bounds

    def _read(self, name: str, expected: str) -> bytes:
        found = (self.folder / name).read_bytes()
        if sha256(found) != expected:
            raise ValueError(f"{self.folder / name} has SHA-256 {sha256(found)}, the manifest names {expected}")
        return found


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


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class OnnxRuntime:
    """The reference: onnxruntime on the CPU with one thread.

    Args:
        stylizer, style_encoder: the contents of `bytes` files of the contract.
        optimise: False runs the graphs as they are in the files.

    Attributes:
        metadata: of the stylizer.
    """

    def __init__(self, stylizer: bytes, style_encoder: bytes, *, optimise: bool = True) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        if not optimise:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._stylizer, self._encoder = (
            onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            for model in (stylizer, style_encoder)
        )
        self.metadata: dict[str, str] = self._stylizer.get_modelmeta().custom_metadata_map

    def stylize(self, contents: Pixels, codes: Codes, alpha: float) -> Pixels:
        """A `Stylize`."""
        inputs = {"content": contents, "style": codes, "alpha": np.array([alpha], np.float32)}
        stylized: Pixels = self._stylizer.run(["stylized"], inputs)[0]
        return stylized

    def encode_style(self, images: Pixels) -> Codes:
        """An `EncodeStyle`."""
        codes: Codes = self._encoder.run(["style"], {"image": images})[0]
        return codes


class Halves:
    """`measure.onnx` and `paint.onnx` in onnxruntime, which together are the stylizer: its cases are theirs.

    Args:
        folder: holds both files.
        parts: measure and paint every picture in two parts, each with a halo, where the statistics of parts add up.
    """

    def __init__(self, folder: Path, *, parts: bool = False) -> None:
        import onnxruntime

        self._measure, self._paint = (
            onnxruntime.InferenceSession(folder / f"{graph}.onnx", providers=["CPUExecutionProvider"])
            for graph in ("measure", "paint")
        )
        metadata = self._paint.get_modelmeta().custom_metadata_map
        self.parts_add_up = metadata["adain.parts_add_up"] == "true"
        self._stride, self._halo = int(metadata["adain.stride"]), int(metadata["adain.halo"])
        self._parts = parts

    def stylize(self, contents: Pixels, codes: Codes, alpha: float) -> Pixels:
        """A `Stylize`."""
        width = contents.shape[2]
        cut = width // 2 // self._stride * self._stride if self._parts else 0
        ends = [(0, cut), (cut, width)] if cut else [(0, width)]
        inputs = {"style": codes, "alpha": np.array([alpha], np.float32)}
        statistics, painted = 0, []
        for begin, end in ends:
            part, offset = self._part(contents, begin, end)
            weight = np.zeros(part.shape[:3], np.float32)
            weight[:, :, begin - offset : end - offset] = 1
            statistics += self._measure.run(None, {"content": part, "weight": weight, **inputs})[0]
        for begin, end in ends:
            part, offset = self._part(contents, begin, end)
            (picture,) = self._paint.run(None, {"content": part, "statistics": statistics, **inputs})
            painted.append(picture[:, :, begin - offset : end - offset])
        return np.concatenate(painted, axis=2)

    def _part(self, contents: Pixels, begin: int, end: int) -> tuple[Pixels, int]:
        """Columns of pictures with a halo on both sides, and where they begin."""
        offset = max(0, begin - self._halo) // self._stride * self._stride
        return np.ascontiguousarray(contents[:, :, offset : end + self._halo]), offset


def main() -> int:
    """Print a line for each case; 1 when one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--halves", type=Path, metavar="FOLDER", help="of measure.onnx and paint.onnx: replay those")
    halves, conformance = parser.parse_args().halves, Conformance()
    engine = OnnxRuntime(conformance.model("stylizer"), conformance.model("style_encoder"))
    if halves is None:
        results = conformance.replay(engine.stylize, engine.encode_style)
    else:
        results = conformance.replay(Halves(halves).stylize)
        if Halves(halves).parts_add_up:
            results += conformance.replay(Halves(halves, parts=True).stylize)
    for result in results:
        verdict = "ok" if result.passed else "FAIL"
        print(f"{verdict:4}  {result.name:20} largest {result.largest:.6f}, mean {result.mean:.6f}")
    return int(not all(result.passed for result in results))


if __name__ == "__main__":
    sys.exit(main())
