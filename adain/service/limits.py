"""What a request may take, of bytes, pixels and time."""

from dataclasses import dataclass
from math import isfinite

from ..errors import OptionError


@dataclass(frozen=True)
class Limits:
    """What is refused beyond. Pictures that wait hold at most (queue + workers) * megabytes.

    Attributes:
        megabytes: of a request's body, 10^6 bytes each.
        megapixels: of each picture that is sent, 10^6 pixels each.
        painted: megapixels that the network works on for one request; its time goes with them.
        queue: requests that are let in beside those that are worked on.
        seconds: from the end of an upload to the picture.
        transfer: seconds that an upload may take, and a reader for each part of an answer.

    Raises:
        OptionError: a limit that nothing could keep.
    """

    megabytes: float = 16
    megapixels: float = 24
    painted: float = 4
    queue: int = 32
    seconds: float = 60
    transfer: float = 30

    def __post_init__(self) -> None:
        for name in ("megabytes", "megapixels", "painted", "seconds", "transfer"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise OptionError(f"the limit of {name} is {value}; give a number above 0")
        if self.queue < 0:
            raise OptionError(f"the queue is {self.queue}; give a number of 0 or more")

    @property
    def bytes(self) -> int:
        """Of a body."""
        return round(self.megabytes * 1e6)

    @property
    def pixels(self) -> int:
        """Of a picture."""
        return round(self.megapixels * 1e6)

    def check_work(self, width: int, height: int, times: int = 1) -> None:
        """Raise an OptionError where the network would have to work on too many pixels."""
        if width * height * times > self.painted * 1e6:
            each = f"{times} times " if times > 1 else ""
            raise OptionError(
                f"the network would work on {each}{width} x {height} pixels; at most {round(self.painted * 1e6):,} are "
                "worked on for one request; give a smaller size, or a larger stroke size"
            )
