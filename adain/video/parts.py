"""What is done of a video lies in parts beside its output until all of it is there, so that nothing done is lost.

    .OUT.parts/job.json     what was asked for
    .OUT.parts/000007.mp4   a part, encoded on its own
    .OUT.parts/000007.npz   how to go on after it

A part counts once both its files are there. Each starts with a fresh encoder, so a video that was interrupted and
goes on has the very same frames as one that was not.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, first_line
from ..replacing import replacing
from ..report import differences, write_json

FRAMES = 60  # of a part
State = dict[str, NDArray[Any]]  # of whatever has a memory of earlier frames


@dataclass(frozen=True)
class Parts:
    """The folder of an output's parts.

    Attributes:
        folder: the parts'.
        suffix: of a part's file.
    """

    folder: Path
    suffix: str

    @classmethod
    def beside(cls, out: Path, suffix: str) -> "Parts":
        """Those of an output."""
        return cls(out.with_name(f".{out.name}.parts"), suffix)

    def begin(self, job: dict[str, Any], resume: bool | None) -> None:
        """Make the folder, or go on with the one that is there.

        Args:
            job: what was asked for.
            resume: whether to go on; None does not know.

        Raises:
            OptionError: the parts there are of another job; or nobody knows whether to go on.
        """
        file = self.folder / "job.json"
        if resume is None and self.done():
            raise OptionError(f"{self.folder} holds what is done already; give --resume to go on, or --anew")
        if resume and self.done():
            if differ := differences(file, job):
                raise OptionError(
                    f"{', '.join(differ)} differ from what {self.folder} was begun with; "
                    "give the same, or --anew to begin anew"
                )
            return
        self.remove()
        write_json(file, job)

    def part(self, number: int) -> Path:
        """The file of a part."""
        return self.folder / f"{number:06}{self.suffix}"

    def done(self) -> list[Path]:
        """The parts that are whole."""
        found: list[Path] = []
        while self._state(len(found)).is_file():
            found.append(self.part(len(found)))
        return found

    def save(self, number: int, state: State) -> None:
        """Note that a part is whole, and how to go on after it; of those before only numbers stay, not pictures."""
        self._write(number, state)
        if number:
            self._write(number - 1, {name: value for name, value in self.load(number - 1).items() if value.ndim == 0})

    def load(self, number: int) -> State:
        """What `save` was given; raises an OptionError where the file is damaged, as after a loss of power."""
        file = self._state(number)
        try:
            with np.load(file, allow_pickle=False) as state:
                return dict(state)
        except Exception as error:  # broken archives lead to any error
            raise OptionError(f"{file} is damaged ({first_line(error)}); give --anew to begin anew") from error

    def _write(self, number: int, state: State) -> None:
        with replacing(self._state(number)) as temporary:
            np.savez(temporary, allow_pickle=False, **state)

    def remove(self) -> None:
        """All of it; what a process leaves that is killed meanwhile counts for nothing."""
        if self.folder.is_dir():
            self._state(0).unlink(missing_ok=True)
            shutil.rmtree(self.folder)

    def _state(self, number: int) -> Path:
        return self.folder / f"{number:06}.npz"
