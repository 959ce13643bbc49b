"""uvicorn, with limits on how slow a client may be, and its end: what was accepted is answered."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import OptionError
from .limits import Limits

HEAD = 10.0  # seconds until the head of a request has come


class Connection(H11Protocol):
    """uvicorn's, which has no limit on how long the head of a request takes, nor on how long a reader sleeps.

    Args:
        patience: seconds in which a reader takes what was written.
    """

    def __init__(self, *arguments: Any, patience: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience = patience
        self._head: asyncio.TimerHandle | None = None
        self._reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head; and have `pause_writing` called as soon as anything waits for the reader."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)
        self._head = self.loop.call_later(HEAD, transport.abort)

    def handle_events(self) -> None:
        """Stop the clock where a request has begun."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop("_head")

    def on_response_complete(self) -> None:
        """The rest of a request that was answered early has to come as soon as the next head."""
        self._stop("_head")
        self._head = self.loop.call_later(HEAD, self.transport.abort)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The reader is slow."""
        super().pause_writing()
        self._reader = self.loop.call_later(self._patience, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader has taken all."""
        super().resume_writing()
        self._stop("_reader")

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock is left."""
        self._stop("_head")
        self._stop("_reader")
        super().connection_lost(exc)

    def _stop(self, clock: str) -> None:
        timer = getattr(self, clock)
        if timer is not None:
            timer.cancel()
            setattr(self, clock, None)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OptionError: the address cannot be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise OptionError(f"{host} port {port} cannot be had ({reason}); give another --port or --host") from error


def serve(app: Any, listener: socket.socket, limits: Limits) -> bool:
    """Answer until SIGTERM or SIGINT comes, and then all that was accepted; a second SIGINT breaks that off.

    Args:
        app: see `create_app`.
        listener: see `listen`.
        limits: of slow clients.

    Returns:
        Whether all that was accepted is answered.
    """
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every broken form
    server = make_server(app, limits)
    with _on_signal(server.handle_exit):
        server.run([listener])
    return not server.broken_off


class Server(uvicorn.Server):
    """uvicorn's, which says nothing of what a second SIGINT breaks off.

    Attributes:
        broken_off: whether that has come before all was answered.
    """

    broken_off = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for what was accepted; at its end uvicorn raises all signals once more."""
        await super().shutdown(sockets)
        self.broken_off = self.force_exit
        logging.getLogger("uvicorn.error").disabled = self.broken_off


def make_server(app: Any, limits: Limits) -> Server:
    """The server, which has not begun; see `serve`."""
    config = uvicorn.Config(
        app,
        http=cast(Any, partial(Connection, patience=limits.transfer)),
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=round(2 * limits.transfer + limits.seconds) + 1,  # nothing takes longer
    )
    return Server(config)


@contextmanager
def _on_signal(handle: Callable[..., None]) -> Iterator[None]:
    """uvicorn handles signals itself, and raises them again at its end, which is then no reason to die of them."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM) if main}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
