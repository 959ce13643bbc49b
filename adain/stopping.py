"""Ends before the end: signals to stop, taken as a wish; and runs of the network that nobody waits for."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import FrameType


@contextmanager
def stop_signal() -> Iterator[Callable[[], bool]]:
    """Within, SIGINT and SIGTERM only set a flag, so that no step is cut in half.

    Python hears signals in the main thread alone: in others nothing is changed, and the flag stays unset.
    """
    caught: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM) if main}
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stopped(Exception):
    """What was under way was broken off, since nobody waits for it any more."""


class Stop:
    """A wish of another thread that work ends now: the run of the network that is under way is broken off, and none
    begins any more.
    """

    def __init__(self) -> None:
        self._lock, self._wanted = threading.Lock(), False
        self._running: list[Callable[[], object]] = []

    def set(self) -> None:
        """Stop; from any thread."""
        with self._lock:
            self._wanted = True
            for break_off in self._running:
                break_off()

    @contextmanager
    def stops(self) -> Iterator[None]:
        """Within, runs of the network in this thread raise `Stopped` once the stop is set."""
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)

    @contextmanager
    def _around(self, break_off: Callable[[], object]) -> Iterator[None]:
        with self._lock:
            if self._wanted:
                raise Stopped
            self._running.append(break_off)
        try:
            yield
        except Exception as error:
            if self._wanted:
                raise Stopped from error
            raise
        finally:
            with self._lock:
                self._running.remove(break_off)


_present: ContextVar[Stop | None] = ContextVar("stop", default=None)


def breakable(break_off: Callable[[], object] = lambda: None) -> AbstractContextManager[None]:
    """Around one run of an engine.

    Args:
        break_off: ends the run with an error, at once; called from another thread. Without, the run ends first.

    Raises:
        Stopped: the `Stop` of this thread, if it has one, is set.
    """
    stop = _present.get()
    return nullcontext() if stop is None else stop._around(break_off)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C breaks off the run of the network that is under way in the main thread.

    Python itself would hear it when that has ended; a socket is told of it at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stop = Stop()
    told, listening = socket.socketpair()

    def listen() -> None:
        while number := listening.recv(1):
            if number[0] == signal.SIGINT and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                stop.set()

    told.setblocking(False)
    thread = threading.Thread(target=listen, name="adain-interrupts", daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    try:
        with stop.stops():
            yield
    finally:
        signal.set_wakeup_fd(before)
        told.close()
        thread.join()
        listening.close()
