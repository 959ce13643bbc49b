"""What a run leaves behind: tables in Markdown, everything in JSON."""

import json
from pathlib import Path
from typing import Any

from .replacing import replacing

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]  # head, rows


def markdown_table(table: Table) -> str:
    """The lines of a table, with an end of line after each."""
    head, rows = table
    return "".join("| " + " | ".join(row) + " |\n" for row in (head, ("---",) * len(head), *rows))


def write_text(file: Path, text: str) -> None:
    """Write UTF-8, whole or not at all."""
    with replacing(file) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(file: Path, facts: dict[str, Any]) -> None:
    """Write JSON, whole or not at all."""
    write_text(file, json.dumps(facts, indent=1))


def differences(file: Path, facts: dict[str, Any]) -> list[str]:
    """The names of the facts that are others in what `write_json` wrote; of all where the file is damaged."""
    try:
        before = dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        before = {}
    return sorted(name for name in facts.keys() | before.keys() if facts.get(name) != before.get(name))
