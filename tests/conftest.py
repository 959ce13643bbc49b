"""Fixtures that several tests share.

run/      the running wing: what needs no torch; passes in the base install with pytest alone added
torch/    everything else: needs the extra [dev]
support/  modules that tests import; nothing in here is a test
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny import TINY, tiny

from adain import cli, engines


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """`run("stylize", ...)` calls `adain stylize ...` in an empty folder and gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["adain", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return (end.value.code or 0, *capsys.readouterr())  # type: ignore[return-value]

    return call


@pytest.fixture
def write_tiny(tmp_path: Path) -> Callable[..., Path]:
    """`write_tiny(io="portable")` writes both tiny graphs into a folder; so do other fields."""

    def write(folder: str = "tiny", **fields: Any) -> Path:
        out = tmp_path / folder
        out.mkdir(exist_ok=True)
        for graph in ("stylizer", "style_encoder"):
            (out / f"{graph}.onnx").write_bytes(tiny(replace(TINY, **{"graph": graph, **fields})))
        return out

    return write


@pytest.fixture(autouse=True)
def no_openvino(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests mean the same where OpenVINO is installed, which "auto" would take, and where it is not."""
    if Path(request.module.__file__).name != "test_openvino.py":
        monkeypatch.setattr(engines, "openvino_problem", lambda: "it is not installed")
