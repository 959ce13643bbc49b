"""Several pictures in one file."""

from dataclasses import dataclass

from .picture import Picture


@dataclass(frozen=True, eq=False)
class Animation:
    """The frames of an animation, or the pages of a document, or a single picture.

    Attributes:
        frames: at least one; those of an animation are of one size.
        durations: of each frame, in ms; empty where they are pages, or one.
        loop: how often it is repeated, as the format counts; 0 is for ever, None not at all.
    """

    frames: tuple[Picture, ...]
    durations: tuple[float, ...] = ()
    loop: int | None = None

    @property
    def moves(self) -> bool:
        """Whether the frames follow each other in time."""
        return len(self.durations) > 1
