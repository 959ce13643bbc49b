"""What an evaluation leaves behind: table.md, scores.json, sheet.jpg and the stylised pictures."""

from pathlib import Path
from typing import Any

import numpy as np

from ..pictures import Picture, Pixels, resize, save
from ..report import Table, markdown_table, write_json, write_text
from .evaluate import Scored
from .metrics import METRICS
from .sources import Scores

ROWS = {"output": "", "content": "content unchanged", "style": "style picture"}  # titles; the label for ""
THUMB = 128  # px, at most
SHEET = 8192  # px a side, at most


class Report:
    """Collects the scores of pairs, keeping thumbnails only.

    Args:
        label: what was scored.
        out: folder; None writes nothing.
        keep_outputs: write the stylised pictures there too, as CONTENT__STYLE.png.

    Attributes:
        facts: JSON-able, for table.md and scores.json: size, alpha, and so on.
    """

    def __init__(self, label: str, out: Path | None = None, keep_outputs: bool = True) -> None:
        self.facts: dict[str, Any] = {}
        self._label, self._out, self._keep = label, out, keep_outputs
        self._rows: list[dict[str, Any]] = []
        self._thumbs: dict[tuple[str, str], Picture] = {}

    def add(self, scored: Scored) -> None:
        """Take a result; write its picture."""
        content, style = scored.pair.content.stem, scored.pair.style.stem
        cells = {("", style): scored.style, (content, ""): scored.content, (content, style): scored.output}
        self._thumbs |= {cell: _thumb(pixels) for cell, pixels in cells.items() if cell not in self._thumbs}
        self._rows.append({"content": content, "style": style, "scores": scored.scores})
        if self._out is not None and self._keep:
            save(Picture(scored.output), self._out / f"{scored.pair.name}.png")

    def summary(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Of "output", "content" and "style": metric -> mean and standard deviation (None for a single pair)."""
        return {row: _summary([entry["scores"][row] for entry in self._rows]) for row in ROWS}

    def table(self) -> Table:
        """Head and rows, a row for each metric: name, what is better, mean ± standard deviation."""
        summary = self.summary()
        head = ("metric", "better", *(title or self._label for title in ROWS.values()))
        rows = [
            (name, better, *(_plain(summary[row].get(name)) for row in ROWS))
            for name, (better, _) in METRICS.items()
            if name in summary["output"]
        ]
        return head, rows

    def markdown(self) -> str:
        """The table, the facts and the meaning of the metrics, as Markdown."""
        head, rows = self.table()
        facts = [f"- {name}: {value}" for name, value in self.facts.items() if value not in (None, [], {})]
        meanings = [f"- {name}: {METRICS[name][1]}" for name, *_ in rows]
        note = "Mean ± standard deviation over the pairs; plain_* and marks over those with plain ground."
        return "\n".join([markdown_table((head, rows)), note, "", *facts, "", *meanings, ""])

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {"label": self._label, **self.facts, "summary": self.summary(), "rows": self._rows}

    def sheet(self) -> Picture:
        """Contents down, styles across, results where they cross."""
        contents = sorted({content for content, _ in self._thumbs})  # "" comes first: the head
        styles = sorted({style for _, style in self._thumbs})
        side = max(1, min(THUMB, SHEET // max(len(contents), len(styles))))
        white = resize(Picture(np.full((1, 1, 3), 255, np.uint8)), side, side)
        rows = [[self._thumbs.get((content, style), white) for style in styles] for content in contents]
        tiles = [[resize(thumb, side, side, "bicubic").pixels for thumb in row] for row in rows]
        return Picture(np.vstack([np.hstack(row) for row in tiles]))

    def write(self) -> None:
        """Write table.md, scores.json and sheet.jpg."""
        if self._out is None or not self._rows:
            return
        write_text(self._out / "table.md", self.markdown())
        write_json(self._out / "scores.json", self.to_dict())
        save(self.sheet(), self._out / "sheet.jpg")


def _thumb(pixels: Pixels) -> Picture:
    return resize(Picture(pixels), THUMB, THUMB)


def _summary(rows: list[Scores]) -> dict[str, dict[str, float | None]]:
    columns = {name: [row[name] for row in rows if name in row] for name in METRICS}
    return {
        name: {"mean": float(np.mean(column)), "sd": float(np.std(column, ddof=1)) if len(column) > 1 else None}
        for name, column in columns.items()
        if column
    }


def _plain(cell: dict[str, float | None] | None) -> str:
    if cell is None:
        return ""
    return f"{cell['mean']:.3f}" if cell["sd"] is None else f"{cell['mean']:.3f} ± {cell['sd']:.3f}"
