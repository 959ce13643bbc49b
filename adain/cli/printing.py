"""What goes to the terminal: tables to stdout, all else to stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

T = TypeVar("T")

FEW = 2  # steps that are not worth a bar


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """To stdout; lines are not cut where stdout is no terminal."""
    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 1000
    Console(highlight=False, markup=False, width=width).print(table)


def stderr_console(quiet: bool = False) -> Console:
    """For all that is not the result."""
    return Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)


def complain(text: str) -> None:
    """One line of an error."""
    stderr_console().print(f"adain: {text}", markup=False)


def track(progress: Progress, items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Go through items, and show how far it is."""
    task = progress.add_task(what, total=total, note="")
    for item in items:
        progress.update(task, advance=1)
        yield item


def steps(progress: Progress, what: str) -> Callable[[int, int], None]:
    """Shows how many steps of something are done, and of how many, while there are more than a few."""
    task = progress.add_task(what, visible=False, note="")

    def tell(done: int, total: int) -> None:
        if total > FEW and progress.console.is_terminal:
            progress.start()
            progress.update(task, completed=done, total=total, visible=done < total)

    return tell


@contextmanager
def progress_bar(console: Console, shown: bool = True) -> Iterator[Progress]:
    """A bar with rate and time left; its tasks have a field `note`. It is shown at once, or when it is started."""
    counts = (MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), *counts, TextColumn("{task.fields[note]}"))
    progress = Progress(*columns, console=console, disable=console.quiet)
    if shown:
        progress.start()
    try:
        yield progress
    finally:
        if progress.live.is_started:
            progress.stop()
