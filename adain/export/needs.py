"""What a graph needs for each pixel, counted in what torch's exporter traced: arithmetic, and memory."""

from math import prod

import torch

from ..contract import Layout, Use

# Memory of an engine as a multiple of what is alive at once. Measured (peak of the process at 0.6 megapixels, and 1 to
# 4 for the first two, graphs of `classic` and `multi`): onnxruntime 1.5 to 2.4, without its arena 1.0 to 1.2; OpenVINO
# 0.5 to 0.95 in bfloat16, 1.0 to 2.0 in float32. `measure` of `multi`, which keeps everything, takes 1.4 without
# onnxruntime's arena, and 2.7 in OpenVINO's float32.
MULTIPLES: dict[Use, float] = {"cpu": 2.5, "cpu thrifty": 1.2, "openvino bf16": 1.1, "openvino fp32": 2.2}


def count(traced: torch.fx.Graph, pixels: int) -> tuple[int, Layout]:
    """Count what one pixel takes.

    Args:
        traced: the graph.
        pixels: of the content (or image), padded to the stride, that it was traced with.

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
    return operations // pixels, tuple((use, int(most * times) // pixels) for use, times in MULTIPLES.items())
