"""Where live pictures go: a window, a virtual camera, or stdout."""

import io
import sys
from typing import Any, Literal, Protocol, get_args

from ..errors import DeviceError, OptionError, first_line
from ..pictures import Picture, Pixels

Target = Literal["window", "camera", "-"]
Format = Literal["raw", "mjpeg"]


class Screen(Protocol):
    """Takes pictures of one size.

    Attributes:
        closed: whether nobody looks any more.
    """

    closed: bool = False

    def show(self, picture: Pixels) -> None:
        """Show a picture, uint8 [H,W,3]."""

    def pressed(self) -> list[str]:
        """The keys pressed since the last call, as Tk names them; none where there is no keyboard."""
        return []

    def close(self) -> None:
        """End it."""
        self.closed = True


def open_screen(to: Target, size: tuple[int, int], rate: float, format: Format) -> Screen:
    """The screen for pictures of a size (width, height).

    Raises:
        OptionError: an unknown target or format.
        DeviceError: there is no display or no virtual camera.
    """
    if to == "window":
        return Window(size)
    if to == "camera":
        return VirtualCamera(size, rate)
    if to == "-":
        return Pipe(format)
    raise OptionError(f"live pictures go to {to!r}; give one of {', '.join(get_args(Target))}")


class Window:
    """A window of the desktop: Tk, which comes with Python."""

    def __init__(self, size: tuple[int, int]) -> None:
        try:
            import tkinter

            from PIL import ImageTk

            self._root = tkinter.Tk()
        except Exception as error:  # no Tk in this Python, or no display: two libraries' errors
            raise DeviceError(f"no window can be opened ({first_line(error)}); give --to camera, or --to -") from error
        self.closed, self._keys = False, list[str]()
        self._root.title("adain live")
        self._root.resizable(False, False)
        self._root.protocol("WM_DELETE_WINDOW", self.close)
        self._root.bind("<Key>", lambda event: self._keys.append(event.keysym))
        self._picture = ImageTk.PhotoImage("RGB", size)
        label: Any = tkinter.Label(self._root, image=self._picture, borderwidth=0)
        label.pack()

    def show(self, picture: Pixels) -> None:
        """See `Screen`."""
        self._picture.paste(Picture(picture).to_pil())

    def pressed(self) -> list[str]:
        """See `Screen`."""
        self._root.update()
        keys, self._keys = self._keys, []
        return keys

    def close(self) -> None:
        """See `Screen`."""
        if not self.closed:
            self.closed = True
            self._root.destroy()


class VirtualCamera(Screen):
    """A camera that other programs see: OBS's, v4l2loopback, Unity Capture."""

    def __init__(self, size: tuple[int, int], rate: float) -> None:
        import pyvirtualcam

        try:
            self._camera = pyvirtualcam.Camera(width=size[0], height=size[1], fps=rate)
        except RuntimeError as error:
            raise DeviceError(
                f"there is no virtual camera ({first_line(error)}); install OBS, or load v4l2loopback on Linux"
            ) from error

    def show(self, picture: Pixels) -> None:
        """See `Screen`."""
        self._camera.send(picture)

    def close(self) -> None:
        """See `Screen`."""
        super().close()
        self._camera.close()


class Pipe(Screen):
    """stdout, for other programs: `raw` is RGB, 3 bytes a pixel, row by row; `mjpeg` one JPEG after the other."""

    def __init__(self, format: Format) -> None:
        if format not in get_args(Format):
            raise OptionError(f"the format is {format!r}; give one of {', '.join(get_args(Format))}")
        self._format = format

    def show(self, picture: Pixels) -> None:
        """See `Screen`."""
        data = picture.tobytes() if self._format == "raw" else _jpeg(picture)
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the reader has seen enough
            self.closed = True


def _jpeg(picture: Pixels) -> bytes:
    stream = io.BytesIO()
    Picture(picture).to_pil().save(stream, "JPEG", quality=90)
    return stream.getvalue()
