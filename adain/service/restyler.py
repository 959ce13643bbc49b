"""One wish done: bytes of files to the bytes of a file. Runs in worker threads."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from PIL import Image

from ..bank import bank
from ..colours import has_colours
from ..look import Look, StyleSource
from ..pictures import Animation, Picture, encode, load, resize_to_side
from ..strokes import inner_size
from ..styles import Style
from ..stylizer import Stylizer
from .cache import StyleCache
from .limits import Limits
from .problems import about
from .wish import MEDIA, Wish

CODE = b"\x93NUMPY"  # what a .npy file begins with


@dataclass
class Answer:
    """A picture file.

    Attributes:
        data: its bytes.
        media: its type.
        seconds: that each stage took.
    """

    data: bytes = b""
    media: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage."""
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began


@dataclass(frozen=True)
class Restyler:
    """Does wishes with one model; threads may share it.

    Attributes:
        stylizer: the model.
        limits: of pictures.
        codes: of paintings.
    """

    stylizer: Stylizer
    limits: Limits
    codes: StyleCache = field(default_factory=StyleCache)

    def __call__(self, wish: Wish) -> Answer:
        """Do a wish.

        Raises:
            Problem, AdaINError: a picture or a style cannot be used.
            Stopped: nobody waits any more.
        """
        answer = Answer(media=MEDIA[wish.fields.format])
        with answer.stage("read"):
            with about("content"):
                content = self._load(wish.content)
            if wish.fields.size is not None:
                content = resize_to_side(content, wish.fields.size)
        with answer.stage("style"):
            look = self._look(wish)
            inner = inner_size(content.width, content.height, look.stroke_size, self.stylizer.contract.smallest_side)
            self.limits.check_work(*inner, times=len(look.styles) if look.regions is not None else 1)
        with answer.stage("paint"):
            result = self.stylizer.restyle(content, look)
        with answer.stage("write"):
            result = replace(result, metadata=None) if wish.fields.strip else result
            answer.data = encode(Animation((result,)), f".{wish.fields.format}")
        return answer

    def _load(self, data: bytes) -> Picture:
        return load(data, most=self.limits.pixels)

    def _look(self, wish: Wish) -> Look:
        """The look with its styles encoded and its masks read."""
        mask, regions = self._mask("mask", wish.mask), self._mask("regions", wish.regions)
        with about("style"):
            styles = tuple(self._style(sent, wish.pattern) for sent in wish.styles)
        shares = tuple(wish.fields.shares)
        look = replace(wish.pattern, styles=styles, shares=shares, mask=mask, regions=regions)
        with about("style"):
            return self.stylizer.encode(look)

    def _mask(self, name: str, data: bytes | None) -> Image.Image | None:
        with about(name):
            return None if data is None else self._load(data).to_pil()

    def _style(self, sent: str | bytes, pattern: Look) -> StyleSource:
        """A name is looked up in the bank and nowhere else: what a client sends never becomes a path."""
        if isinstance(sent, str):
            return bank().style(sent)
        if sent.startswith(CODE):
            return Style.load(sent)
        if pattern.keeps_colours and not has_colours(self.stylizer.contract.code):
            return self._painting(sent, pattern.style_size)  # is brought to the colours of each content
        encode = self.stylizer.encode_style
        size = pattern.style_size
        return self.codes.get(sent, size, lambda: encode(self._painting(sent, size), size))

    def _painting(self, sent: bytes, size: int | None) -> Image.Image:
        painting = self._load(sent)
        if size is not None:
            scale = min(1.0, size / min(painting.width, painting.height))
            self.limits.check_work(round(painting.width * scale), round(painting.height * scale))
        return painting.to_pil()
