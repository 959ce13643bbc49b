"""What a graph needs for each pixel, counted in what torch's exporter traced: arithmetic, and memory."""

from math import prod

import torch

from ..contract import Layout, Use

# Memory of an engine as a multiple of what is alive at once. Measured with onnxruntime 1.31 in fresh processes, two
# runs at each of 1.5 to 9 megapixels, the most of `stylizer`, `measure` and `paint`: 1.31 (classic), 1.94 (multi),
# 1.46 (modulated), 1.50 (fast); without its arena 1.06 (modulated), 1.62 (fast), and 1.4 (multi) before. OpenVINO, of
# classic and multi at 0.6 megapixels: 0.5 to 0.95 in bfloat16, 1.0 to 2.0 in float32, and 2.7 for `measure` of multi.
ARENA = {"classic": 1.5, "multi": 2.2, "modulated": 1.6, "fast": 1.8}
THRIFTY = {"classic": 1.2, "multi": 1.5, "modulated": 1.2, "fast": 1.75}
OPENVINO: dict[Use, float] = {"openvino bf16": 1.1, "openvino fp32": 2.2}


def count(traced: torch.fx.Graph, pixels: int, architecture: str) -> tuple[int, Layout]:
    """Count what one pixel takes.

    Args:
        traced: the graph.
        pixels: of the content (or image), padded to the stride, that it was traced with.
        architecture: of the network, by name.

    Returns:
        operations: of the convolutions: a multiplication and an addition are two.
        memory: bytes by `Use`, without the weights of the network.
    """
    last = {source: node for node in traced.nodes for source in node.all_input_nodes}
    operations = alive = most = 0
    sizes: dict[torch.fx.Node, int] = {}
    for node in traced.nodes:
        value = node.meta.get("val")
        if node.op == "call_function" and isinstance(value, torch.Tensor):
            sizes[node] = int(value.numel()) * value.element_size()
            alive += sizes[node]
            most = max(most, alive)
            if node.target is torch.ops.aten.conv2d.default:
                operations += 2 * int(value.numel()) * prod(node.args[1].meta["val"].shape[1:])
        alive -= sum(sizes.get(source, 0) for source in node.all_input_nodes if last[source] is node)
    # Of a kind that nobody has measured: the most.
    arena, thrifty = (known.get(architecture, max(known.values())) for known in (ARENA, THRIFTY))
    multiples: dict[Use, float] = {"cpu": arena, "cpu thrifty": thrifty, **OPENVINO}
    return operations // pixels, tuple((use, int(most * times) // pixels) for use, times in multiples.items())
