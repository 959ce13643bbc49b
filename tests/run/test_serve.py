"""The service as a process, and its server under clients that are slow, gone, or too fast."""

import asyncio
import io
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import one_line, photo
from PIL import Image

pytest.importorskip("fastapi_offline")
import uvicorn

from adain import Look, Stylizer
from adain.service import server
from adain.service.app import create_app
from adain.service.limits import Limits

ROOT = Path(__file__).parents[2]


def jpeg(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photo()).resize((width, height)).save(stream, "jpeg")
    return stream.getvalue()


def head_of(length: int, path: str = "/stylize?style=dance", method: str = "POST", close: bool = False) -> bytes:
    more = "Connection: close\r\n" if close else ""
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def read_answer(connection: socket.socket, most: int = 1 << 16) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(most)
        assert piece, f"the connection was closed after {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        piece = connection.recv(most)
        assert piece, "the answer was cut"
        body += piece
    return int(first.split()[1]), headers, body


def ask(port: int, path: str = "/healthz") -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(head_of(0, path, "GET"))
        return read_answer(connection)[2]


@contextmanager
def running(app: Any, limits: Limits) -> Iterator[tuple[int, uvicorn.Server]]:
    """A server in a thread, and its port."""
    with server.listen("127.0.0.1", 0) as listener:
        service = server.make_server(app, limits)
        thread = threading.Thread(target=service.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1], service
        finally:
            service.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def accepted_by(port: int) -> float:
    """Requests that are there, and those that were answered well."""
    counts = r'^adain_(?:places_taken|answers_total\{code="ok"\}) (\S+)$'
    return sum(map(float, re.findall(counts, ask(port, "/metrics").decode(), re.MULTILINE)))


def wait_for(test: Any) -> None:
    end = time.monotonic() + 20
    while not test():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- the command ---------------------------------------------------------------------------------------


def start(*options: str) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "adain", "serve", "--port", "0", "--device", "cpu", "--threads", "1", *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("http://127.0.0.1:"), line + process.stderr.read()
    return process, int(line.split()[0].rpartition(":")[2])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_answered_after_a_signal(number: signal.Signals) -> None:
    process, port = start("--model", "fast", "--workers", "1")
    content = jpeg(640, 480)
    request = head_of(len(content), "/stylize?style=dance&format=png&stroke_size=0.5") + content
    with ExitStack() as stack:
        # One is worked on, one waits, one has not come in full.
        accepted = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(3)]
        for connection, part in zip(accepted, (request, request, request[:-100]), strict=True):
            connection.sendall(part)
        wait_for(lambda: accepted_by(port) == 3)
        process.send_signal(number)
        time.sleep(0.2)
        accepted[2].sendall(request[-100:])
        answers = [read_answer(connection) for connection in accepted]
    assert process.wait(30) == 0
    assert process.stderr is not None
    with process.stderr as stderr:
        assert stderr.read() == "stopped; everything that was accepted is answered\n"
    right = np.asarray(Stylizer("fast", "cpu", threads=1).stylize(content, Look(("dance",), stroke_size=0.5)))
    for status, headers, body in answers:
        assert (status, headers["content-type"]) == (200, "image/png")
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(body))), right)
    with pytest.raises(ConnectionRefusedError):
        ask(port)


def test_a_second_signal_breaks_off_what_is_under_way() -> None:
    process, port = start("--model", "fast", "--max-painted", "20")
    content = jpeg(4000, 4000)  # some seconds
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(head_of(len(content), "/stylize?style=dance&stroke_size=full") + content)
        wait_for(lambda: accepted_by(port) == 1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        status, headers, body = read_answer(connection)
    assert process.wait(30) == 2
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert b'"code":"stopped"' in body
    assert process.stderr is not None
    with process.stderr as stderr:
        assert stderr.read() == "stopped at once; not everything that was accepted is answered\n"


def test_options_that_cannot_be(run: Any, tmp_path: Path) -> None:
    code, _, said = run("serve", "--page", tmp_path)
    assert code == 2
    assert "has no index.html" in one_line(said)
    code, _, said = run("serve", "--max-seconds", "0")
    assert code == 2
    assert "the limit of seconds is 0.0; give a number above 0" in one_line(said)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, said = run("serve", "--port", taken.getsockname()[1], "--model", "fast", "--device", "cpu")
    assert code == 2
    assert "cannot be had (Address already in use)" in one_line(said)
    code, _, said = run("serve", "--port", "99999")
    assert code == 2
    assert "99999" in one_line(said)


# --- slow and rude clients -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return Stylizer("fast", "cpu", threads=1)


def test_a_large_body_is_answered_before_all_of_it_came(stylizer: Stylizer) -> None:
    limits = Limits(megabytes=0.1)
    with running(create_app(stylizer, limits), limits) as (port, _):
        for close in (True, False):
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(head_of(3_000_000, close=close))
                status, headers, body = read_answer(connection)  # nothing of the body has been sent
                assert (status, headers["content-type"]) == (413, "application/problem+json")
                assert b"more than 100,000 bytes" in body
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(head_of(3_000_000, close=close) + bytes(3_000_000))
                assert read_answer(connection)[0] == 413


def test_slow_uploads_and_slow_heads_end(stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD", 0.3)
    limits = Limits(transfer=0.3)
    with running(create_app(stylizer, limits), limits) as (port, _):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(head_of(1000) + b"a part")
            status, _, body = read_answer(connection)
            assert (status, b"the upload took longer than 0.3 s" in body) == (408, True)
        for part in (b"", b"GET /healthz HT"):
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(part)
                assert connection.recv(100) == b""
        assert b'"places_taken":0' in ask(port)


def test_a_reader_that_sleeps_is_left_and_others_are_answered(stylizer: Stylizer) -> None:
    limits, content = Limits(transfer=2), np.random.default_rng(0).integers(0, 256, (600, 600, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(content).save(stream, "png")
    data = stream.getvalue()
    with running(create_app(stylizer, limits), limits) as (port, service):
        sleeper = socket.socket()
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.connect(("127.0.0.1", port))
        with sleeper:
            sleeper.sendall(head_of(len(data), "/stylize?style=dance&alpha=0&format=png") + data)
            wait_for(lambda: b'adain_answers_total{code="ok"} 1.0' in ask(port, "/metrics"))
            assert b'"places_taken":0' in ask(port)  # what is painted holds no place
            wait_for(lambda: not service.server_state.connections)
        with socket.create_connection(("127.0.0.1", port), 10) as connection:  # one that is slow, but reads
            connection.sendall(head_of(len(data), "/stylize?style=dance&alpha=0&format=png") + data)
            status, _, body = read_answer(connection, most=30_000)
            assert (status, Image.open(io.BytesIO(body)).size) == (200, (600, 600))


def test_who_has_gone_is_not_worked_for(stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, open_, restyle, limits = [], threading.Event(), stylizer.restyle, Limits()

    def wait(*given: Any) -> Any:
        begun.append(1)
        assert open_.wait(20)
        return restyle(*given)  # raises where nobody waits

    monkeypatch.setattr(stylizer, "restyle", wait)
    content = jpeg(64, 48)
    with running(create_app(stylizer, limits, workers=1), limits) as (port, _):
        for size in (len(content), len(content), len(content) + 9):  # worked on, waiting, and cut while it comes
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                before = ask(port).count(b'"places_taken":0')
                connection.sendall(head_of(size) + content)
                wait_for(lambda: b'"places_taken":1' in ask(port))
                assert before == 1
                if not begun:
                    wait_for(lambda: begun)
            wait_for(lambda: b'"places_taken":0' in ask(port))
        open_.set()
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(head_of(len(content)) + content)
            assert read_answer(connection)[0] == 200
        assert b'adain_answers_total{code="gone"} 3.0' in ask(port, "/metrics")
    assert len(begun) == 2


def test_many_requests_on_one_connection(stylizer: Stylizer) -> None:
    limits, content = Limits(), jpeg(64, 48)
    with (
        running(create_app(stylizer, limits), limits) as (port, _),
        socket.create_connection(("127.0.0.1", port)) as one,
    ):
        one.sendall(2 * (head_of(len(content)) + content))  # without waiting
        first, second = read_exactly(one), read_exactly(one)
        assert first == second
        assert first[0] == 200


def read_exactly(connection: socket.socket) -> tuple[int, bytes]:
    """The next answer, and not a byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return int(head.split()[1]), body


def test_lingering_leaves_other_answers_as_they_are() -> None:
    from adain.service.lingering import Lingering

    sent: list[Any] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Lingering(app)({"type": "http"}, receive, send))
    assert [message.get("body") for message in sent] == [None, b"x"]
