"""stdin, stdout and stderr, whatever their encoding is and whether they are open at all."""

import io
import os
import sys


def open_streams() -> None:
    """Make the three usable: one that was closed raises an OSError when it is used, and no character is too foreign.

    Python sets a closed stream to None, and the next file that is opened gets its number.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            # stdin that can only be written, stdout that can only be read. Who closes stderr wants to hear nothing.
            _open_as(number, os.O_RDONLY if name == "stdout" else os.O_WRONLY)
            stream = open(number, mode, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # as stderr has "backslashreplace"


def end_stdout() -> None:
    """Nothing more can be written there: let Python's last flush go nowhere."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        _open_as(sys.stdout.fileno(), os.O_WRONLY)


def _open_as(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
