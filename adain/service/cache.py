"""Codes of paintings that were sent, by their hash."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from threading import Lock

from ..stopping import Stopped
from ..styles import Style

Key = tuple[bytes, int | None]


class StyleCache:
    """The last so many; each is encoded once, however many threads ask for it at once.

    Args:
        size: codes that are kept, of about 8 KB each; pictures are not.

    Attributes:
        hits, misses: so far.
    """

    def __init__(self, size: int = 256) -> None:
        self._size, self._lock = size, Lock()
        self._codes: OrderedDict[Key, Future[Style]] = OrderedDict()
        self.hits = self.misses = 0

    def get(self, painting: bytes, size: int | None, encode: Callable[[], Style]) -> Style:
        """The code of a painting that is encoded at a size; what `encode` raises is raised, and not kept."""
        key = (sha256(painting).digest(), size)
        with self._lock:
            known = self._codes.get(key)
            code = known or Future[Style]()
            self._codes[key] = code
            self._codes.move_to_end(key)
            if known is None:
                self.misses += 1
                if len(self._codes) > self._size:
                    self._codes.popitem(last=False)
            else:
                self.hits += 1
        if known is None:
            try:
                code.set_result(encode())
            except BaseException as error:
                with self._lock:
                    if self._codes.get(key) is code:
                        del self._codes[key]
                code.set_exception(error)
        try:
            return code.result()
        except Stopped:  # nobody waits for the one who encoded it
            if known is None:
                raise
            return self.get(painting, size, encode)
