"""The errors that a user can cause or meet.

    AdaINError                everything below; the command line prints it as one line and exits with 2
    ├── PictureError          a file that is no usable picture, or a picture of a wrong kind or size
    │   └── TooLargeError     a picture that needs more memory than there is
    ├── VideoError            a file that is no usable video, or a video that cannot be written
    ├── StyleError            an unknown style name, a broken style file, styles that do not fit together
    ├── ModelError            an ONNX file or checkpoint that is not ours, or of an unknown version
    ├── DeviceError           a device that was asked for and cannot be used
    ├── OptionError           a value outside its range, or options that exclude each other
    └── StreamClosed          a stream that was used after its end

Each message says what came, what was expected, and what to do.
"""

from importlib import metadata


def first_line(error: BaseException) -> str:
    """What an error of another library says, on one line."""
    lines = [line for line in str(error).splitlines() if not line.startswith("Exception from src/")]  # OpenVINO's stack
    return (lines or [type(error).__name__])[0]


def named(error: Exception, name: str) -> str:
    """What an error says, with the name of the file that it is about in front, once."""
    text = str(error)
    return text if text.startswith(name) else f"{name}: {text}"


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of another library says that memory ran out: bad_alloc, Failed to allocate, out of memory."""
    text = f"{type(error).__name__} {error}".lower()
    return ("alloc" in text or "memory" in text) and "illegal memory" not in text


def how_to_install(extra: str) -> str:
    """The command that installs what an extra needs: its packages by their names, since adain itself is on no index."""
    try:
        needs = metadata.requires("adain") or []
    except metadata.PackageNotFoundError:
        needs = []
    packages = [need.partition(";")[0].strip() for need in needs if need.endswith(f"extra == '{extra}'")]
    return f"pip install {' '.join(map(repr, packages or [f'.[{extra}]']))}"


class AdaINError(Exception):
    """Base of every error that this package raises for its users."""


class PictureError(AdaINError):
    """A file that is no usable picture, or a picture of a wrong kind or size."""


class TooLargeError(PictureError):
    """A picture that needs more memory than there is."""


class VideoError(AdaINError):
    """A file that is no usable video, or a video that cannot be written."""


class StyleError(AdaINError):
    """An unknown style name, a broken style file, or styles that do not fit together."""


class ModelError(AdaINError):
    """An ONNX file or checkpoint that is not ours, or of an unknown version."""


class DeviceError(AdaINError):
    """A device that was asked for and cannot be used."""


class OptionError(AdaINError):
    """A value outside its range, or options that exclude each other."""


class StreamClosed(AdaINError):
    """A stream that was used after its end."""
