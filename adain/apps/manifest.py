"""The manifest of a data set: what was made of what, as a table in Parquet and as text."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from ..replacing import replacing
from .dataset import Plan
from .journal import Journal

COLUMNS = {
    "content": "string",
    "style": "string",
    "alpha": "double",
    "seed": "int64",
    "k": "int32",
    "output": "string",
    "content_width": "int32",
    "content_height": "int32",
    "width": "int32",
    "height": "int32",
    "sha256": "string",
    "model": "string",
    "error": "string",
}
ROWS = 10_000  # of the manifest that are in memory at once


def write_manifest(plan: Plan, journal: Journal) -> int:
    """Write OUT/manifest.parquet and OUT/manifest.csv, and tell how many pictures could not be made.

    Raises:
        OSError: they cannot be written.
    """
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        {name: getattr(pyarrow, kind.replace("double", "float64"))() for name, kind in COLUMNS.items()}
    )
    table, text = (plan.job.out / f"manifest.{kind}" for kind in ("parquet", "csv"))
    failed = 0
    with (
        replacing(table, journal.parts) as whole,
        replacing(text, journal.parts) as part,
        parquet.ParquetWriter(whole, schema) as writer,
        part.open("w", encoding="utf-8", newline="") as stream,
    ):
        listing = csv.DictWriter(stream, list(COLUMNS), lineterminator="\n")
        listing.writeheader()
        rows = _rows(plan, journal)
        while some := list(islice(rows, ROWS)):
            failed += sum(row["error"] is not None for row in some)
            listing.writerows(some)
            writer.write_table(pyarrow.Table.from_pylist(some, schema))
    return failed


def _rows(plan: Plan, journal: Journal) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(plan.items()):
        result = asdict(journal.read((item.content.name, item.k)))
        found = {name: result[name] or None for name in COLUMNS if name in result and name not in ("content", "k")}
        output = f"{plan.shard_of(number)}:{item.output}" if plan.job.shard else item.output
        row = {
            "content": item.content.name,
            "style": item.style,
            "alpha": item.alpha,
            "seed": plan.job.seed,
            "k": item.k,
            "output": None if result["error"] else output,
            "model": plan.model,
            **found,
        }
        yield {name: _printable(value) if isinstance(value, str) else value for name, value in row.items()}


def _printable(text: str) -> str:
    """Names of files need not be text; what is none becomes as in `caf\\xe9.jpg`."""
    try:
        return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:  # half a pair of UTF-16, as in names on Windows
        return text.encode(errors="backslashreplace").decode()
