"""What soak tests share."""

from pathlib import Path


def check(holds: bool, what: str) -> None:
    """End the soak where something does not hold."""
    if not holds:
        raise SystemExit(f"FAILED: {what}")


def files_of(folder: Path) -> dict[str, bytes]:
    """All files in a folder and below it, none of them a temporary one."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    check(not [path for path in files if ".adain-" in path.name], f"a temporary file is left in {folder}")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
