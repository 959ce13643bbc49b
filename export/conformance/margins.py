"""The grounds of the tolerance: how far other engines and typical faults are from the expected outputs.

    python export/conformance/margins.py

Prints the tables of README.md. Needs the package with `[train]`, for the network in PyTorch.
"""

from collections.abc import Callable
from contextlib import ExitStack
from unittest.mock import patch

import numpy as np
import replay
import torch
from PIL import Image
from replay import (
    Codes,
    Conformance,
    EncodeStyle,
    Floats,
    Measure,
    OnnxRuntime,
    Paint,
    Pixels,
    Shrink,
    Stylize,
    read_models,
)
from torch import Tensor
from torch.nn import functional

from adain import shipped
from adain.network import adain, colour, layered, model, modulated
from adain.network.model_file import load_model

# What `Conformance.replay` takes, the first two or more.
Engine = (
    tuple[Stylize, EncodeStyle]
    | tuple[Stylize, EncodeStyle, Shrink]
    | tuple[Stylize, EncodeStyle, Shrink, Measure, Paint]
)
Convolve = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def main() -> None:
    """Print one line for each engine and each fault."""
    torch.set_num_threads(1)
    conformance = Conformance()
    models = read_models()
    runtime = OnnxRuntime(models)
    plain = OnnxRuntime(models, optimise=False)
    stylize, encode_style = runtime.stylize, runtime.encode_style
    network = pytorch()

    def report(name: str, engine: Engine) -> None:
        results = conformance.replay(*engine)
        coded = {case["name"] for case in conformance.manifest["encode"]}
        coded |= {f"{case['name']}-code" for case in conformance.manifest["paintings"]}
        measured = {case["name"] for case in conformance.manifest["measure"]}
        pixels = [result for result in results if result.name not in coded | measured]
        code = max(result.largest for result in results if result.name in coded)
        sums = short(max(result.largest for result in results if result.name in measured)) if len(engine) > 3 else ""
        largest, mean = (max(getattr(result, field) for result in pixels) for field in ("largest", "mean"))
        failed = sum(not result.passed for result in results)
        row = (f"{largest:.0f}", short(mean), short(code), sums, f"{failed} of {len(results)}")
        print(f"| {name} | {' | '.join(row)} |", flush=True)

    head = "pixels, largest | mean of the worst case | codes, largest | statistics, largest | cases that fail |\n"
    head += "| --- " * 6 + "|"
    print(f"| engine | {head}")
    report(
        "onnxruntime, no optimisations", (plain.stylize, plain.encode_style, replay.shrink, plain.measure, plain.paint)
    )
    report("PyTorch", network)
    report("PyTorch, float64", pytorch(torch.float64))
    for name, convolve in (
        ("Winograd F(6x6, 3x3)", winograd),
        ("TF32 (10 bits)", rounding_to(10)),
        ("bfloat16 (7 bits)", rounding_to(7)),
    ):
        with patch.object(functional, "conv2d", replacing(functional.conv2d, convolve)):
            report(f"PyTorch, convolutions by {name}", network)

    print(f"\n| fault | {head}")
    report("blue first", (lambda x, c, a: stylize(flip(x), c, a)[..., ::-1], lambda x: encode_style(flip(x))))
    report("rows for columns", (lambda x, c, a: turn(stylize(turn(x), c, a)), lambda x: encode_style(turn(x))))
    report("values cut off, not rounded", pytorch(to_steps=np.floor))
    report("edge repeated in the padding to a multiple of 8", pytorch(padding="symmetric"))
    for name in ("BICUBIC", "HAMMING", "BILINEAR", "BOX"):
        filtered = shrinking(Image.Resampling[name])
        report(f"paintings shrunk by {name.lower()}, not by Lanczos", (stylize, encode_style, filtered))
    report("alpha ignored", (lambda x, c, a: stylize(x, c, 1.0), encode_style))
    report("alpha blends pixels", (lambda x, c, a: mix(x, stylize(x, c, 1.0), a), encode_style))
    report("the first code for the whole batch", (lambda x, c, a: stylize(x, c[:1], a), encode_style))
    with ExitStack() as patches:
        for module in (model, layered, modulated):
            for name in {"statistics", "colour_statistics"} & vars(module).keys():
                patches.enter_context(patch.object(module, name, unbiased(getattr(module, name))))
        report("unbiased variance", network)
    with patch.object(adain, "EPSILON", 1e-4), patch.object(colour, "EPSILON", 1e-4):
        report("epsilon 1e-4 for 1e-5", network)


def shrinking(filter: Image.Resampling) -> Shrink:
    """A `Shrink` with another filter."""

    def shrink(image: Pixels, size: int) -> Pixels:
        height, width = replay.shrink(image, size).shape[:2]
        return np.asarray(Image.fromarray(image).resize((width, height), filter))

    return shrink


def short(number: float) -> str:
    """Two digits, without an exponent."""
    return np.format_float_positional(number, 2, fractional=False, trim="-")


def pytorch(
    dtype: torch.dtype = torch.float32,
    padding: str = "reflect",
    to_steps: Callable[[np.ndarray], np.ndarray] = np.rint,
) -> Engine:
    """The network that was exported, with the doors of a `bytes` file written anew."""
    network = load_model(shipped.CHECKPOINT).model.to(dtype).eval()

    def enter(pixels: Pixels) -> Tensor:
        height, width = pixels.shape[1:3]
        stride = network.architecture.stride
        sides = ((0, 0), (0, -height % stride), (0, -width % stride), (0, 0))
        return torch.from_numpy(np.pad(pixels, sides, padding)).permute(0, 3, 1, 2).to(dtype) / 255  # type: ignore[call-overload]

    def leave(painted: Tensor, contents: Pixels) -> Pixels:
        height, width = contents.shape[1:3]
        pixels = painted.clamp(0, 1).permute(0, 2, 3, 1)[:, :height, :width].numpy()
        return to_steps(pixels * 255).astype(np.uint8)

    @torch.no_grad()
    def stylize(contents: Pixels, codes: Codes, alpha: float) -> Pixels:
        return leave(network.stylize(enter(contents), torch.tensor(codes, dtype=dtype), alpha), contents)

    @torch.no_grad()
    def encode_style(images: Pixels) -> Codes:
        return network.encode_style(enter(images)).float().numpy()

    @torch.no_grad()
    def measure(contents: Pixels, codes: Codes, alpha: float, weights: Floats) -> Floats:
        weight = enter(np.repeat(weights[..., None], 3, 3) * 255)[:, 0]
        return network.measure(enter(contents), torch.tensor(codes, dtype=dtype), alpha, weight).float().numpy()

    @torch.no_grad()
    def paint(contents: Pixels, codes: Codes, alpha: float, statistics: Floats) -> Pixels:
        sums = torch.tensor(statistics, dtype=dtype)
        return leave(network.paint(enter(contents), torch.tensor(codes, dtype=dtype), alpha, sums), contents)

    return stylize, encode_style, replay.shrink, measure, paint


def replacing(conv2d: Convolve, by: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`conv2d` as modules call it, whose 3x3 convolutions are done by `by(conv2d, x, weight, bias)`."""

    def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, *settings: object) -> Tensor:
        if weight.shape[2:] != (3, 3) or bias is None:
            return conv2d(x, weight, bias)
        return by(conv2d, x, weight, bias)

    return convolve


def rounding_to(bits: int) -> Callable[..., Tensor]:
    """A convolution whose inputs and weights have so many bits after the leading one, and float32 sums."""

    def rounded(x: Tensor) -> Tensor:
        mantissa, exponent = torch.frexp(x)  # mantissa in 0.5..1
        return torch.ldexp((mantissa * 2 ** (bits + 1)).round(), exponent - bits - 1)

    return lambda conv2d, x, weight, bias: conv2d(rounded(x), rounded(weight), bias)


def winograd(conv2d: Convolve, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Lavin and Gray, arXiv 1509.09308: tiles of 6x6 outputs, products at 7 points and infinity, in float32."""

    def powers(count: int) -> np.ndarray:
        points = (0, 1, -1, 2, -2, 0.5, -0.5)
        return np.array(
            [[float(point) ** power for power in range(count)] for point in points] + [[0] * (count - 1) + [1]]
        )

    inputs = np.linalg.inv(powers(8)).T
    scale = np.abs(inputs).max(1, keepdims=True)  # moved to the kernel, so that no product is far from 1
    before, kernel, after = (torch.tensor(m, dtype=x.dtype) for m in (inputs / scale, powers(3) * scale, powers(6).T))
    height, width = x.shape[2] - 2, x.shape[3] - 2
    tiles = functional.pad(x, (0, -width % 6, 0, -height % 6)).unfold(2, 8, 6).unfold(3, 8, 6)
    products = torch.einsum("nihwab,oiab->nohwab", before @ tiles @ before.T, kernel @ weight @ kernel.T)
    outputs = (after @ products @ after.T).permute(0, 1, 2, 4, 3, 5).flatten(4, 5).flatten(2, 3)
    return outputs[:, :, :height, :width] + bias[:, None, None]


def unbiased(statistics: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, Tensor]]:
    """The same statistics with N - 1 for N."""

    def other(values: Tensor, *rest: object) -> tuple[Tensor, Tensor]:
        count = values.shape[2] * values.shape[3]
        mean, spread = statistics(values, *rest)
        return mean, spread * (count / (count - 1)) ** 0.5

    return other


def flip(pixels: Pixels) -> Pixels:
    """Blue first."""
    return np.ascontiguousarray(pixels[..., ::-1])


def turn(pixels: Pixels) -> Pixels:
    """Rows for columns."""
    return np.ascontiguousarray(pixels.swapaxes(1, 2))


def mix(content: Pixels, stylized: Pixels, alpha: float) -> Pixels:
    """A blend of pixels."""
    return np.rint((1 - alpha) * content + alpha * stylized).astype(np.uint8)


if __name__ == "__main__":
    main()
