"""Pictures, and what tests ask of pictures and of messages."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from adain import shipped

PICTURES = Path(__file__).parents[2] / "export" / "conformance" / "pictures"


def photo(name: str = "astronaut") -> np.ndarray:
    """A picture of the conformance set, uint8 [H,W,3]: astronaut is 120 x 160, chelsea and coffee 93 x 117."""
    with Image.open(PICTURES / f"{name}.png") as image:
        return np.asarray(image.convert("RGB"))


def grey(path: Path, size=(40, 30), value=100, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value,) * 3).save(path, **options)
    return path


def pixel(path: Path | io.BytesIO) -> tuple[tuple[int, int], tuple[int, ...]]:
    with Image.open(path) as image:
        return image.size, image.getpixel((3, 4))


def one_line(text: str) -> str:
    assert text.startswith("adain: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


def wide_picture() -> Any:
    """Waves of three colours, uint8 [1,70,90,3]."""
    y, x = np.mgrid[0:70, 0:90]
    waves = [np.sin(x / 9 + phase) * np.cos(y / 7 - phase) for phase in (0, 1, 2)]
    return np.uint8(np.stack(waves, axis=-1)[None] * 100 + 128)


def shipped_feed() -> dict[str, Any]:
    """Inputs of the shipped stylizer."""
    style = np.load(shipped.STYLES / "starry-night.npy")
    return {"content": wide_picture(), "style": style[None], "alpha": np.array([1], np.float32)}


def psnr(one: Any, other: Any) -> float:
    """Peak signal-to-noise ratio of two pictures of 8 bits, in dB."""
    return float(10 * np.log10(255**2 / np.mean((np.asarray(one, float) - np.asarray(other, float)) ** 2)))


def in_threads(work: Callable[[int], Any], count: int) -> None:
    """`work` with 0 to count - 1, each in a thread of its own, all at once; what one raises comes out."""
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))


def machine(root: Path, files: dict[str, str]) -> Path:
    """A root folder with these files, in place of the machine's own."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def noise_folders(root: Path, count: int, *kinds: str) -> None:
    """Folders of pictures of noise, 72 x 64 px, the same at every call; the later ones have more contrast."""
    random = np.random.default_rng(0)
    for number, kind in enumerate(kinds, 1):
        (root / kind).mkdir()
        for index in range(count):
            noise = random.normal(128, 40 * number, (12, 12, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noise).resize((72, 64)).save(root / kind / f"{index}.png")
