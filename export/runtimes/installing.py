"""Environments of engines, and running in them with a time limit."""

import contextlib
import json
import os
import re
import signal
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def pip_install(folder: Path, packages: Sequence[str], bare: Sequence[str] = ()) -> tuple[str, str]:
    """Make a virtual environment with numpy, Pillow and packages where it is not there yet.

    Args:
        folder: gets the environment, named after its packages.
        packages: as pip takes them.
        bare: more of them, installed without what they depend on.

    Returns:
        its Python, and the versions of the packages.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    everything = (*packages, *bare)
    environment = folder / re.sub(r"[^a-z0-9]+", "-", " ".join(everything).lower()).strip("-")
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    done = environment / "done"
    if not done.exists():
        venv.create(environment, clear=True, with_pip=True)
        _quietly(*pip, "install", "numpy", "pillow", *packages)
        if bare:
            _quietly(*pip, "install", "--no-deps", *bare)
        done.touch()
    versions = {each["name"].lower(): each["version"] for each in json.loads(_quietly(*pip, "list", "--format=json"))}
    return python, ", ".join(versions[re.split(r"[\[=<>]", package)[0].lower()] for package in everything)


def npm_install(folder: Path, packages: Sequence[str]) -> str:
    """Install what package-lock.json names where it is not there yet; gives the versions of `packages`.

    Raises:
        subprocess.CalledProcessError: npm failed.
    """
    if not (folder / "node_modules").is_dir():
        _quietly("npm", "ci", "--silent", cwd=folder)
    return ", ".join(npm_version(folder, package) for package in packages)


def npm_version(folder: Path, package: str) -> str:
    """Of a package that npm installed in a folder."""
    version: str = json.loads((folder / "node_modules" / package / "package.json").read_text("utf-8"))["version"]
    return version


def limited(command: Sequence[str], seconds: float, **settings: Any) -> tuple[int | None, bytes, bytes]:
    """Run a program, and end it, with all that it started, when its time is over.

    Returns:
        the exit code, or None when it was ended, and what it printed to stdout and stderr.
    """
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **settings
    )
    try:
        printed = process.communicate(timeout=seconds)
        return process.returncode, *printed
    except subprocess.TimeoutExpired:
        _end(process)
        return None, *process.communicate()
    except BaseException:  # Ctrl-C does not reach the other session
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that has a session of its own, and all that it started in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _quietly(*command: str, cwd: Path | None = None) -> bytes:
    """Run a program; gives what it printed to stdout."""
    return subprocess.run(command, check=True, capture_output=True, cwd=cwd).stdout
