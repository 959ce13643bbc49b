"""What `adain info` prints: the contract of a file, read from the file itself."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from .session import Session


def inspect(file: Path) -> dict[str, Any]:
    """The contract, inputs and outputs of one of our ONNX files, ready for JSON.

    Raises:
        ModelError: no such file, or not one of ours.
    """
    session = Session(file, None, "cpu")
    contract = asdict(session.contract)
    return {
        "file": str(file),
        "contract": contract,
        "inputs": [asdict(each) for each in session.engine.inputs],
        "outputs": [asdict(each) for each in session.engine.outputs],
    }
