"""The service under many clients at once, some of them slow, rude or malicious.

Every request has to be answered, and every picture has to be the right one. Not part of the default run;
`pytest -m slow tests/soak_serve.py` takes half a minute, and the long version is a program:

    python tests/soak_serve.py --clients 200 --minutes 10 --model fast

Each client does one thing after the other, drawn by chance:

    picture    one of 48 different requests; the answer is compared with what `Stylizer` makes of the same bytes
    slow       the same, read a kilobyte at a time
    large      9 megapixels
    poisoned   a picture that is cut, mutated, a bomb, or none: 422, or a picture where the mutation does no harm
    wrong      a field or style that does not exist: 422
    oversized  20 MB: 413
    cut        half a request, and gone; that alone has no answer

A client that is refused (503) waits as long as `Retry-After` says, and tries again.
"""

import asyncio
import io
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer import Option

from adain import Look, Stylizer
from adain.bank import bank

pytestmark = pytest.mark.slow

KINDS = {"picture": 60, "slow": 8, "large": 0.2, "poisoned": 12, "wrong": 6, "oversized": 2, "cut": 12}  # in shares
DIFFERENT, SIDES = 48, (32, 128)  # pictures, and px from least to most
PATIENCE = 120.0  # seconds after which a request counts as not answered


@dataclass(frozen=True)
class Request:
    """What is sent, and what has to come: one of these statuses, and with 200 these pixels, if any are given."""

    data: bytes
    pixels: Any = None
    statuses: tuple[int, ...] = (200,)


@dataclass
class Report:
    """What came of it."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)  # of each kind, with each status
    wrong: list[str] = field(default_factory=list)  # what must not be, in one line each
    seconds: list[float] = field(default_factory=list)  # of each picture, without the refusals before
    memory: list[float] = field(default_factory=list)  # of the service in MB, over time


class Load:
    """All requests, made beforehand with the model of the service; see the module for the kinds."""

    def __init__(self, stylizer: Stylizer) -> None:
        self._random = np.random.default_rng(0)
        picture = [self._picture(stylizer, number) for number in range(DIFFERENT)]
        form = {"style": "dance"}
        good = encoded(self._noise(), "jpeg")
        poison = [b"", b"text", good[: len(good) // 2], bomb(), encoded(np.zeros((5000, 5000, 3), np.uint8), "png")]
        wrong = [{"style": "nobody"}, {}, {"style": "/etc/passwd"}, form | {"alpha": "7"}, form | {"format": "exe"}]
        self.requests: dict[str, list[Request]] = {
            "picture": picture,
            "slow": picture,
            "large": [Request(post({"content": encoded(np.zeros((3000, 3000, 3), np.uint8), "png"), **form}))],
            "poisoned": [Request(post({"content": data, **form}), statuses=(422,)) for data in poison]
            + [Request(post({"content": self._mutated(good), **form}), statuses=(200, 422)) for _ in range(40)],
            "wrong": [Request(post({"content": good, **each}), statuses=(422,)) for each in wrong],
            "oversized": [Request(post({"content": bytes(20_000_000), **form}), statuses=(413,))],
            "cut": [Request(each.data[: len(each.data) // 2]) for each in picture],
        }

    def _noise(self) -> Any:
        """A picture that has something to see."""
        height, width = self._random.integers(*SIDES, 2, endpoint=True)
        small = Image.fromarray(self._random.integers(0, 256, (8, 8, 3), np.uint8))
        return np.asarray(small.resize((int(width), int(height))))

    def _picture(self, stylizer: Stylizer, number: int) -> Request:
        content = encoded(self._noise(), ("png", "jpeg", "webp")[number % 3])
        names = list(bank().paintings)
        style: Any = names[number % len(names)] if number % 4 else encoded(self._noise(), "png")
        alpha = round(float(self._random.random()), 2)
        right = stylizer.stylize(content, Look((style,), alpha=alpha))
        fields = {"content": content, "style": style, "alpha": str(alpha), "format": "png"}
        return Request(post(fields), np.asarray(right))

    def _mutated(self, data: bytes) -> bytes:
        changed = bytearray(data)
        for place in self._random.integers(2, len(data), 5):
            changed[place] = self._random.integers(256)
        return bytes(changed)


def encoded(pixels: Any, format: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format)
    return stream.getvalue()


def bomb() -> bytes:
    """A small PNG that says it has 3.6 gigapixels."""
    data = bytearray(encoded(np.zeros((16, 16, 3), np.uint8), "png"))
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def post(fields: dict[str, str | bytes]) -> bytes:
    """A request with a form; bytes are files."""
    body = b""
    for name, value in fields.items():
        file, data = ("", value.encode()) if isinstance(value, str) else ('; filename="a"', value)
        body += f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n"
    head = f"POST /stylize HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body) + 7}\r\n"
    return f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode() + body + b"--b--\r\n"


@asynccontextmanager
async def connected(port: int, slow: bool = False) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection; that of a slow reader has small buffers."""
    plain = socket.socket()
    plain.setblocking(False)
    if slow:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with plain:
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=plain, limit=4096 if slow else 1 << 16)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)  # it is closed then


async def ask(port: int, data: bytes, slow: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer."""
    async with connected(port, slow) as (reader, writer):
        sending = asyncio.ensure_future(_send(writer, data))  # an answer may come before all is sent
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n"))}
            body, length = b"", int(headers["content-length"])
            while len(body) < length:
                body += await reader.readexactly(min(1024 if slow else 1 << 16, length - len(body)))
                await asyncio.sleep(0.02 if slow else 0)
            return int(head.split()[1]), headers, body
        finally:
            sending.cancel()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):  # it may be closed once it is answered
        writer.write(data)
        await writer.drain()


async def client(port: int, load: Load, number: int, end: float, report: Report) -> None:
    """One request after the other, until the time has come."""
    random = np.random.default_rng(number)
    shares = np.array(list(KINDS.values())) / sum(KINDS.values())
    await asyncio.sleep(float(random.random()))
    while time.monotonic() < end:
        kind = str(random.choice(list(KINDS), p=shares))
        request = load.requests[kind][int(random.integers(len(load.requests[kind])))]
        try:
            async with asyncio.timeout(PATIENCE):
                wait = await _once(port, kind, request, report)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            report.wrong.append(f"{kind} was not answered: {type(error).__name__} {error}")
            wait = 0
        await asyncio.sleep(min(wait * (1 + float(random.random())), max(0.0, end - time.monotonic())))


async def _once(port: int, kind: str, request: Request, report: Report) -> float:
    """Send a request, check the answer, and tell how long to wait."""
    if kind == "cut":
        async with connected(port) as (_, writer):
            await _send(writer, request.data)
            await asyncio.sleep(0.05)
        report.answers[kind, 0] += 1
        return 0
    began = time.monotonic()
    status, headers, body = await ask(port, request.data, kind == "slow")
    report.answers[kind, status] += 1
    if status == 503:
        if "retry-after" not in headers:
            report.wrong.append(f"{kind} got 503 without Retry-After: {body!r}")
        return float(headers.get("retry-after", 1))
    if status not in request.statuses:
        report.wrong.append(f"{kind} got {status}: {body[:300]!r}")
    elif status != 200 and headers["content-type"] != "application/problem+json":
        report.wrong.append(f"{kind} got {status} as {headers['content-type']}")
    elif status == 200:
        if kind == "picture":
            report.seconds.append(time.monotonic() - began)
        if request.pixels is not None and not np.array_equal(np.asarray(Image.open(io.BytesIO(body))), request.pixels):
            report.wrong.append(f"{kind} got another picture than it should")
    return 0


async def watch(port: int, every: float, report: Report, show: bool) -> None:
    """Note memory and open files of the service again and again."""
    while True:
        _, _, body = await ask(port, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        held = dict(re.findall(r"^process_(\w+) (\S+)$", body.decode(), re.MULTILINE))
        memory, files = float(held["resident_memory_bytes"]), float(held["open_fds"])
        report.memory.append(memory / 1e6)
        if show:
            pictures = sum(count for (_, status), count in report.answers.items() if status == 200)
            print(f"{pictures:8}  {memory / 1e6:9.0f}  {files:5.0f}  {len(report.wrong):5}", flush=True)
        await asyncio.sleep(every)


@contextmanager
def service(model: str) -> Iterator[int]:
    """The service in a process of its own; it has to end well."""
    command = [sys.executable, "-m", "adain", "serve", "--port", "0", "--model", model, "--device", "cpu"]
    process = subprocess.Popen([*command, "--threads", "1"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield int(process.stderr.readline().split()[0].rpartition(":")[2])
    finally:
        process.send_signal(signal.SIGTERM)
        with process.stderr as stderr:
            said = stderr.read()
        if process.wait() != 0 or "Traceback" in said:
            raise RuntimeError(f"the service ended with {process.returncode}: {said}")


async def soak(port: int, load: Load, clients: int, seconds: float, marks: int = 10, show: bool = False) -> Report:
    """So many clients at once for so long; those that are waiting then get their answers."""
    report, end = Report(), time.monotonic() + seconds
    watching = asyncio.ensure_future(watch(port, seconds / marks, report, show))
    await asyncio.gather(*(client(port, load, number, end, report) for number in range(clients)))
    watching.cancel()
    _, _, body = await ask(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    if b'"places_taken":0' not in body:
        report.wrong.append(f"in the end {body!r}")
    return report


def test_a_wrong_picture_is_noticed() -> None:
    load = Load(Stylizer("fast", "cpu", threads=1))
    load.requests["picture"] = [replace(each, pixels=each.pixels + 1) for each in load.requests["picture"]]
    with service("fast") as port:
        report = asyncio.run(soak(port, load, 4, 3))
    assert set(report.wrong) == {"picture got another picture than it should"}


def test_no_request_without_an_answer() -> None:
    load = Load(Stylizer("fast", "cpu", threads=1))
    with service("fast") as port:
        report = asyncio.run(soak(port, load, 40, 20))
    assert report.wrong == []
    assert {"picture", "slow", "poisoned", "wrong", "cut"} <= {kind for kind, status in report.answers if status != 503}
    assert len(report.seconds) > 50
    assert max(report.memory) < 1500


def main(
    clients: int = 200,
    minutes: float = 10,
    model: Annotated[str, Option(help="large, fast, or a folder.")] = "large",
) -> None:
    """Print a table; the exit code is 1 if anything was wrong."""
    load = Load(Stylizer(model, "cpu", threads=1))
    print(f"{clients} clients, {minutes:g} minutes, {SIDES[0]} to {SIDES[1]} px\npictures  memory MB  files  wrong")
    with service(model) as port:
        report = asyncio.run(soak(port, load, clients, 60 * minutes, 12, show=True))
    for (kind, status), count in sorted(report.answers.items()):
        print(f"{kind:10} {status or 'gone':>4}  {count}")
    median, p95, p99, most = np.quantile(report.seconds, (0.5, 0.95, 0.99, 1))
    print(f"seconds of a picture: median {median:.2f}, p95 {p95:.2f}, p99 {p99:.2f}, most {most:.2f}")
    print("\n".join(report.wrong[:20]) or "every request was answered, and every picture was the right one")
    raise typer.Exit(bool(report.wrong))


if __name__ == "__main__":
    typer.run(main)
