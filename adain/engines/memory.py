"""How much memory this process can still take, where running out means being killed.

That is Linux: it promises more memory than it has, and kills who uses it. Elsewhere an allocation fails, or the
system swaps.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .groups import control_groups

LARGE = 1_350_000_000  # bytes: a picture of 1 megapixel in the first model
HUGE = 4 * LARGE


def check_memory(need: int, held: int = 0) -> None:
    """Refuse a run that does not fit.

    Args:
        need: bytes of the run to come.
        held: bytes that it can take from those before.

    Raises:
        MemoryError: there is less.
    """
    if need > max(LARGE, held):  # looking takes a millisecond
        need_memory(need - held)


def need_memory(size: int, root: Path = Path("/")) -> None:
    """Refuse what cannot fit.

    Args:
        size: bytes that will be needed.
        root: of the file system; another one for tests.

    Raises:
        MemoryError: there is less.
    """
    free = min((each for each in (*_machine(root), *_groups(root))), default=size)
    if size > free:
        raise MemoryError(f"{size / 1e9:.1f} GB of memory are needed, {max(free, 0) / 1e9:.1f} GB are free")


def _machine(root: Path) -> Iterator[int]:
    with suppress(OSError, ValueError, KeyError):
        facts = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
        yield 1024 * sum(int(facts[name].removesuffix("kB")) for name in ("MemAvailable", "SwapFree"))


def _groups(root: Path) -> Iterator[int]:
    """What the control groups of this process still allow."""
    for group, version in control_groups("memory", root):
        if version == 2:
            yield from _left(group, "memory.max", "memory.current", "inactive_file")
        else:
            yield from _left(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _left(group: Path, limit: str, usage: str, cache: str) -> Iterator[int]:
    with suppress(OSError, ValueError, KeyError):  # no limit is "max", or a file that is not there
        most, used = (int((group / name).read_text()) for name in (limit, usage))
        facts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        yield most - used + int(facts[cache])  # files in the cache make room
