"""The control groups of this process, in which Linux limits containers and services."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def control_groups(kind: str, root: Path = Path("/")) -> Iterator[tuple[Path, int]]:
    """The folders of the groups that this process is in, from its own to the top.

    Args:
        kind: of what is limited: "memory" or "cpu".
        root: of the file system; another one for tests.

    Returns:
        Folders that may be missing, and the version of control groups: 1 or 2.
    """
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds == "":
                top, version = root / "sys/fs/cgroup", 2
            elif kind in kinds.split(","):
                top, version = root / "sys/fs/cgroup" / kind, 1
            else:
                continue
            inside = top / path.lstrip("/")
            # A container may see its own group as the top, whatever the path says.
            for group in (inside, *inside.parents):
                if group.is_relative_to(top):
                    yield group, version
