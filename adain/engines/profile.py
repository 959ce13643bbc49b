"""Where each node of a graph runs, and how long: onnxruntime's profile of one run."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .engine import Inputs


@dataclass(frozen=True)
class Step:
    """One node of a run.

    Attributes:
        provider: of onnxruntime, such as "CUDAExecutionProvider".
        op: such as "Conv"; "MemcpyToHost" and "MemcpyFromHost" are copies that onnxruntime put between providers.
        name: of the node.
        microseconds: from its start to its end on the processor; on a GPU this is the launch alone.
    """

    provider: str
    op: str
    name: str
    microseconds: int


def profile(open_session: Callable[[Callable[[Any], None]], Any], inputs: Inputs) -> list[Step]:
    """Run once to warm up and once for the result.

    Args:
        open_session: opens an `onnxruntime.InferenceSession` after a change to its options.
        inputs: of the run.
    """
    with tempfile.TemporaryDirectory(prefix="adain-") as folder:

        def enable(options: Any) -> None:
            options.enable_profiling = True
            options.profile_file_prefix = str(Path(folder) / "profile")

        session = open_session(enable)
        for _ in range(2):
            session.run(None, dict(inputs))
        steps = read_profile(Path(session.end_profiling()))
    return steps[len(steps) // 2 :]


def read_profile(file: Path) -> list[Step]:
    """The nodes in a profile that onnxruntime wrote, in their order."""
    events = json.loads(file.read_text(encoding="utf-8"))
    return [
        Step(event["args"]["provider"], event["args"]["op_name"], event["name"], event["dur"])
        for event in events
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")
    ]
