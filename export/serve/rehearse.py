"""Do what the Dockerfile says, as far as it goes without Docker: in a folder, with the Python that runs this.

    python export/serve/rehearse.py

COPY, RUN, ENV, HEALTHCHECK and ENTRYPOINT are done; FROM, USER and EXPOSE are not. Of the service that then runs, a
picture is wanted, and a good end.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCKERFILE = HERE / "Dockerfile"
PICTURE = ROOT / "export" / "conformance" / "pictures" / "astronaut.png"


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction of a Dockerfile and what it says, in one line."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


class Rehearsal:
    """A folder in place of the container's file system.

    Args:
        folder: empty; what the Dockerfile puts into /source and /opt goes there.
        port: in place of 8000.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._where = folder
        self._environment = {
            key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
        }

    def here(self, text: str) -> str:
        """The same with the folder's paths and port."""
        return re.sub(r"(?<![\w./])/(?=(source|opt)\b)", f"{self._folder}/", text).replace(":8000/", f":{self._port}/")

    def build(self, text: str) -> tuple[list[str], list[str]]:
        """Do the steps; the commands of HEALTHCHECK and ENTRYPOINT."""
        check: list[str] = []
        entry: list[str] = []
        for word, rest in instructions(text):
            if word == "WORKDIR":
                self._where = Path(self.here(rest))
                self._where.mkdir(parents=True)
            elif word == "COPY" and not rest.startswith("--from="):  # what another stage has made is there already
                self._copy(*rest.split())
            elif word == "RUN":
                subprocess.run(["sh", "-ec", self.here(rest)], cwd=self._where, env=self._environment, check=True)
            elif word == "ENV":
                name, _, value = self.here(rest).partition("=")
                self._environment[name] = value.replace("$PATH", self._environment["PATH"])
            elif word == "HEALTHCHECK":
                check = json.loads(self.here(rest.partition("CMD ")[2]))
            elif word == "ENTRYPOINT":
                entry = json.loads(rest)
        return check, entry

    def _copy(self, *paths: str) -> None:
        *sources, target = paths
        for source in sources:
            to = self._where / target / Path(source).name if target.endswith("/") else self._where / target
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, to)

    def run(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a command of the container."""
        program = shutil.which(command[0], path=self._environment["PATH"])
        return subprocess.Popen([program, *command[1:]], cwd=self._folder, env=self._environment, **options)  # type: ignore[call-overload,no-any-return]


def wanted(packages: str) -> dict[str, str]:
    """Names and versions of the packages in quotes in a line."""
    return dict(re.findall(r'"([\w-]+)(>=[\d.]+)"', packages))


def main() -> None:
    """See the module."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        rehearsal = Rehearsal(Path(folder), port)
        check, entry = rehearsal.build(DOCKERFILE.read_text("utf-8"))
        installed = sum(file.stat().st_size for file in Path(folder, "opt").rglob("*") if file.is_file())
        print(f"installed: {installed / 1e6:.0f} MB")
        if rehearsal.run(check, stderr=subprocess.DEVNULL).wait() == 0:
            sys.exit("the health check passes where nothing runs")
        service = rehearsal.run([*entry, "--port", str(port)])
        try:
            end = time.monotonic() + 60
            while rehearsal.run(check, stderr=subprocess.DEVNULL).wait() != 0:
                if service.poll() is not None or time.monotonic() > end:
                    sys.exit("the service does not become healthy")
                time.sleep(0.5)
            address = f"http://127.0.0.1:{port}/stylize?style=scream"
            with urllib.request.urlopen(address, PICTURE.read_bytes(), timeout=60) as answer:
                if answer.headers["Content-Type"] != "image/jpeg" or not answer.read().startswith(b"\xff\xd8"):
                    sys.exit("the answer is no picture")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/styles/scream.webp", timeout=60) as answer:
                answer.read()
        finally:
            service.terminate()
            ended = service.wait(60)
    if ended != 0:
        sys.exit(f"the service ended with {ended}")
    print("healthy, painted a picture, ended well")


if __name__ == "__main__":
    main()
