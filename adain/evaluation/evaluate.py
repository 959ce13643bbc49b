"""Score the result of every pair of pictures, beside two sanity rows.

    pairs = plan(contents, styles, count=60, seed=0)
    for scored in Evaluation(pairs, FromModel(stylizer, alpha), vgg, size=512).run(): ...

The sanity rows are the content crop unchanged (all structure, no style) and the style crop itself (no
structure, all style): every method lies between them.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import AdaINError, OptionError, PictureError
from ..network.adain import statistics
from ..network.vgg import Encoder
from ..pictures import Pixels, find_pictures
from . import metrics, plain
from .pairs import Pair, square
from .perceptual import Perceptual
from .sources import Predictor, Results, Scores

MIN_SIZE = 64  # px: one tile of the spectrum
KEPT = 64  # described contents and styles; 12 MB each at 512 px


@dataclass(frozen=True)
class Scored:
    """What became of a pair: the result, and the scores of "output", "content" and "style" (the sanity rows)."""

    pair: Pair
    output: Pixels
    content: Pixels
    style: Pixels
    scores: dict[str, Scores]


@dataclass(frozen=True, eq=False)
class Described:
    """What the scores need of a picture: relu4_1 [1,512,S/8,S/8], statistics of the layers, and so on."""

    pixels: Pixels
    grey: plain.Grey
    deepest: Tensor
    statistics: list[metrics.Statistics]
    gaussian: metrics.Gaussian
    embedding: NDArray[np.float64] | None


class Evaluation:
    """Scores pairs one by one.

    Args:
        pairs: from `plan`.
        source: of the results.
        vgg: from `load_vgg`.
        size: side of the crops, px.
        predictor: adds emb_cos_c; embeddings are centred on the mean over `styles`.
        styles: folder of the style pictures, for that mean.
        perceptual: adds st_lpips.

    Attributes:
        missing: names of the pairs without a result, after `run`.
        failed: name of a pair -> why it could not be scored.
        plain: names of the pairs whose content has plain ground.

    Raises:
        OptionError: size below MIN_SIZE.
        PictureError: the folder of styles is missing or empty.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        source: Results,
        vgg: Encoder,
        *,
        size: int,
        predictor: Predictor | None = None,
        styles: Path | None = None,
        perceptual: Perceptual | None = None,
    ) -> None:
        if size < MIN_SIZE:
            raise OptionError(f"the size is {size}; give {MIN_SIZE} px or more")
        self._pairs, self._source, self._vgg, self._size = pairs, source, vgg, size
        self._predictor, self._perceptual, self._mean = predictor, perceptual, np.zeros(1)
        if predictor is not None and styles is not None:
            embeddings = []
            for style in find_pictures([styles]):
                with suppress(PictureError):  # `run` tells of it
                    embeddings.append(predictor(square(style, size)))
            self._mean = np.mean(embeddings or [self._mean], axis=0)
        self._describe_file = lru_cache(maxsize=KEPT)(lambda file: self.describe(square(file, size)))
        self.missing: list[str] = []
        self.failed: dict[str, str] = {}
        self.plain: list[str] = []
        self._before: tuple[Path, plain.Floats, dict[str, plain.Floats]] | None = None

    def run(self) -> Iterator[Scored | None]:
        """Score the pairs in order; None for a pair without a result, and for one that failed.

        Raises:
            AdaINError: no pair could be scored.
        """
        first: AdaINError | None = None
        for pair in self._pairs:
            try:
                scored = self._score_pair(pair)
            except AdaINError as error:
                first = first or error
                self.failed[pair.name] = str(error)
                scored = None
            yield scored
        if len(self.missing) + len(self.failed) == len(self._pairs):
            raise first or PictureError(
                f"{self._source.label} has none of the {len(self._pairs)} results, such as {self.missing[0]}.png; "
                "check the folders and the names CONTENT__STYLE.png"
            )

    def _score_pair(self, pair: Pair) -> Scored | None:
        content, style = self._describe_file(pair.content), self._describe_file(pair.style)
        pixels = self._source(pair, content.pixels, style.pixels)
        if pixels is None:
            self.missing.append(pair.name)
            return None
        more = self._source.more(pair, content.pixels, style.pixels)
        rows = {"output": self.describe(pixels), "content": content, "style": style}
        scores = {row: self.score(described, content, style) for row, described in rows.items()}
        scores["output"] |= more
        ground = plain.plain_ground(content.grey)
        if ground is not None:
            self.plain.append(pair.name)
            self._score_ground(pair, {row: described.grey for row, described in rows.items()}, ground, scores)
        return Scored(pair, pixels, content.pixels, style.pixels, scores)

    def _score_ground(
        self, pair: Pair, greys: dict[str, plain.Grey], ground: plain.Mask, scores: dict[str, Scores]
    ) -> None:
        """Add what is seen on plain ground; "marks" where the pair before had the same content."""
        painting = plain.marks(plain.tiles(greys["style"]))
        marks = {row: plain.marks(plain.tiles(grey)[ground]) for row, grey in greys.items()}
        for row, grey in greys.items():
            scores[row] |= plain.spots(grey, ground)
            scores[row]["plain_spectrum"] = plain.spectrum_distance(marks[row], painting)
        before, self._before = self._before, (pair.content, painting, marks)
        if before is not None and before[0] == pair.content:
            apart = plain.spectrum_distance(painting, before[1])
            for row in greys:
                scores[row]["marks"] = plain.spectrum_distance(marks[row], before[2][row]) / max(apart, 1e-6)

    def facts(self) -> dict[str, Any]:
        """What scores.json says of the run so far."""
        return {
            "size": self._size,
            "pairs": len(self._pairs) - len(self.missing) - len(self.failed),
            "missing": self.missing,
            "failed": self.failed,
            "pairs_with_plain_ground": len(self.plain),
            **self._source.facts(),
        }

    def describe(self, pixels: Pixels) -> Described:
        """Everything of one picture, uint8 [S,S,3], that is computed once."""
        device = next(self._vgg.parameters()).device
        # TF32 would change the third digit.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            tensor = torch.from_numpy(pixels.astype(np.float32)).to(device).permute(2, 0, 1)[None] / 255
            features = self._vgg(tensor)
            of_layers = [statistics(feature) for feature in features]
            gaussian = metrics.gaussian(features[2])
        embedding = self._predictor(pixels) if self._predictor else None
        return Described(pixels, metrics.luminance(pixels), features[-1], of_layers, gaussian, embedding)

    def score(self, output: Described, content: Described, style: Described) -> Scores:
        """All metrics but those of `Results.more` and of plain ground."""
        scores = metrics.style_terms(output.statistics, style.statistics)
        if output.embedding is not None and style.embedding is not None:
            scores["emb_cos_c"] = metrics.embedding_match(output.embedding, style.embedding, self._mean)
        scores |= metrics.content_terms(output.deepest, content.deepest, output.statistics[-1], content.statistics[-1])
        scores |= metrics.structure(output.grey, content.grey)
        scores["border"] = metrics.border(output.grey, content.grey)
        if self._perceptual is not None:
            scores["st_lpips"] = self._perceptual(output.pixels, content.pixels)
        scores["frechet"] = metrics.frechet(output.gaussian, style.gaussian)
        return scores | metrics.grid(output.grey, content.grey)
