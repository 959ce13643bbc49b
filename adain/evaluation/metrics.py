"""The metrics: pure functions of features (torch) or pictures (numpy).

Names and numbers agree with the comparison in which the figures of other methods were measured, so that tables
can be laid side by side. Losses are on VGG-16 features phi_l of relu1_1 to relu4_1 in the scale of the Caffe
weights (see `vgg.py`); each layer is divided by a constant K_l, so that the layers weigh alike.

Pictures are float32 [H,W] luminance or uint8 [H,W,3] sRGB.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.filters import sobel
from skimage.metrics import structural_similarity
from torch import Tensor
from torch.nn import functional

from ..pictures import Pixels
from ..training.losses import GRID_DIRECTIONS, GRID_PERIODS, GRID_TILE, LUMINANCE
from . import plain
from .plain import Grey

Statistics = tuple[Tensor, Tensor]  # mean and standard deviation per channel, of `adain.network.adain.statistics`
Gaussian = tuple[Tensor, Tensor]  # mean and covariance over the places of a picture

# K_l: mean activation of relu1_1, relu2_1, relu3_1, relu4_1 over a fixed set of photographs and paintings at 512 px.
LAYER_SCALE = (23.65, 192.3, 252.5, 127.9)

METRICS = {  # name: (what is better, meaning)
    "style_n": ("lower", "style loss, sum of the four layers"),
    "style_n_1": ("lower", "its term of relu1_1"),
    "style_n_2": ("lower", "its term of relu2_1"),
    "style_n_3": ("lower", "its term of relu3_1"),
    "style_n_4": ("lower", "its term of relu4_1"),
    "emb_cos_c": ("higher", "style match by the predictor"),
    "content_in": ("lower", "content loss, relu4_1 instance-normalised"),
    "content_n": ("lower", "content loss, relu4_1"),
    "ssim": ("higher", "SSIM of luminance with the content"),
    "edge_ssim": ("higher", "SSIM of edges with the content"),
    "edge_corr": ("higher", "correlation of edges with the content"),
    "border": ("about 1", "gradient at the border, against the content's"),
    "grid_2": ("about 1", "energy at period 2 px, against the content's"),
    "grid_4": ("about 1", "energy at period 4 px, against the content's"),
    "grid_8": ("about 1", "energy at period 8 px, against the content's"),
    "cast": ("0", "chroma where content and style are grey"),
    "st_lpips": ("lower", "perceptual distance to the content, ST-LPIPS"),
    "frechet": ("lower", "Fréchet distance to the style picture on relu3_1"),
    "plain_kurtosis": ("the style's", "kurtosis of luminance on plain ground: stains"),
    "plain_dark": ("the style's", "% of plain ground that is far darker than what surrounds it"),
    "plain_spectrum": ("lower", "spectrum on plain ground against the style's, dB"),
    "marks": ("the style's", "how far marks differ between two styles, against their paintings"),
}

BORDER = 8  # px, the band that is looked at
BESIDE = (16, 48)  # px from the edge, the band that it is compared with


# --- losses ---------------------------------------------------------------------------------------------


def content_terms(output: Tensor, content: Tensor, of_output: Statistics, of_content: Statistics) -> dict[str, float]:
    """Squared distance to the content's relu4_1, as means over all elements.

    content_in = MSE(IN(phi_4(o)), IN(phi_4(c))), IN(f) = (f - mean) / std per channel (arXiv 1607.08022): blind
    to what AdaIN changes; 0 to about 2 (two unrelated pictures). content_n = MSE(phi_4(o), phi_4(c)) / K_4^2
    (arXiv 1703.06868, equation 12, with the content itself as the target); 0 and more.

    Args:
        output, content: relu4_1, [1,512,H,W].
        of_output, of_content: their statistics, each [1,512,1,1].
    """
    normalised, target = ((f - mean) / std for f, (mean, std) in ((output, of_output), (content, of_content)))
    return {
        "content_in": functional.mse_loss(normalised, target).item(),
        "content_n": functional.mse_loss(output, content).item() / LAYER_SCALE[3] ** 2,
    }


def style_terms(output: Sequence[Statistics], style: Sequence[Statistics]) -> dict[str, float]:
    """Squared distance to the style's statistics: arXiv 1703.06868, equation 13, as means over channels.

    style_n_l = (MSE(mean_l(o), mean_l(s)) + MSE(std_l(o), std_l(s))) / K_l^2, style_n their sum; 0 and more.

    Args:
        output, style: of relu1_1, relu2_1, relu3_1, relu4_1, each [1,C,1,1].
    """
    terms = [
        (functional.mse_loss(mean, style_mean) + functional.mse_loss(std, style_std)).item() / scale**2
        for (mean, std), (style_mean, style_std), scale in zip(output, style, LAYER_SCALE, strict=True)
    ]
    return {"style_n": sum(terms)} | {f"style_n_{layer}": term for layer, term in enumerate(terms, 1)}


def gaussian(feature: Tensor) -> Gaussian:
    """Mean [C] and covariance [C,C], float64, of the features at all places of relu3_1, [1,C,H,W], over K_3."""
    flat = feature[0].flatten(1).double() / LAYER_SCALE[2]
    return flat.mean(1), torch.cov(flat)


def frechet(output: Gaussian, style: Gaussian) -> float:
    """Fréchet distance of two normal distributions: |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)); 0 and more.

    Of the features within one picture, as in SIFID (Shaham et al. 2019, arXiv 1905.01164), here of VGG: unlike
    `style_terms`, it sees which features go together.
    """
    (mean, covariance), (style_mean, style_covariance) = output, style
    values, vectors = torch.linalg.eigh(covariance)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    # C C' has the eigenvalues of the symmetric C^(1/2) C' C^(1/2).
    cross = torch.linalg.eigvalsh(root @ style_covariance @ root).clamp(min=0).sqrt().sum()
    distance = (mean - style_mean).square().sum() + covariance.trace() + style_covariance.trace() - 2 * cross
    return max(0.0, float(distance))


def embedding_match(output: NDArray[np.float64], style: NDArray[np.float64], mean: NDArray[np.float64]) -> float:
    """emb_cos_c: cosine of two style embeddings [D] from their common mean [D]; -1 to 1."""
    output, style = output - mean, style - mean
    return float(output @ style / (np.linalg.norm(output) * np.linalg.norm(style) + 1e-12))


# --- structure ------------------------------------------------------------------------------------------


def luminance(picture: Pixels) -> Grey:
    """uint8 [H,W,3] -> float32 [H,W] in 0..1, with the weights of ITU-R BT.601 on gamma-coded values."""
    values: Grey = np.asarray(picture, np.float32) / np.float32(255)
    return values @ np.array(LUMINANCE, np.float32)


def structure(output: Grey, content: Grey) -> dict[str, float]:
    """How much of the content's structure is left.

    ssim: structural similarity of luminance (Wang et al. 2004, scikit-image: 7 x 7 window, uniform), -1 to 1.
    edge_ssim: the same of Sobel gradient magnitudes. edge_corr: Pearson correlation of the magnitudes, -1 to 1;
    0 where a picture has no gradient.

    Args:
        output, content: [H,W], at least 7 px a side.
    """
    edges, content_edges = sobel(output), sobel(content)
    flat = edges.std() == 0 or content_edges.std() == 0
    return {
        "ssim": float(structural_similarity(output, content, data_range=1.0)),
        "edge_ssim": float(structural_similarity(edges, content_edges, data_range=1.0)),
        "edge_corr": 0.0 if flat else float(np.corrcoef(edges.ravel(), content_edges.ravel())[0, 1]),
    }


# --- artefacts ------------------------------------------------------------------------------------------


def border(output: Grey, content: Grey) -> float:
    """Seams along the edge of the picture, as zero padding leaves them.

    b(x) = mean Sobel magnitude of the outer 8 px over that of the band 16 to 48 px from the edge; b(o) / b(c).
    About 1 without an artefact, above 1 for frames and seams, below 1 for faded borders. Both means get 1/255
    added, so that flat pictures give 1.

    Args:
        output, content: [H,W], the same size, at least 64 px a side.
    """
    return _border_share(output) / _border_share(content)


def grid(output: Grey, content: Grey) -> dict[str, float]:
    """Checkerboards and grids of 2, 4 and 8 px, as strided upsampling leaves them (Odena et al. 2016).

    Power spectrum P by Welch's method: squared 2-D FFT of 64 px tiles, Hann window, half overlapping, averaged.
    e_p(x) = P at period p over the geometric mean of P at 2 and 3 bins to both sides on the same line through
    the origin, for waves along x, along y and along both diagonals. grid_p = mean over the four directions of
    e_p(o) / e_p(c): about 1 without an artefact; the noise is about 10 % at 512 px and 40 % at 128 px.
    A sharp grid of period 8 has harmonics of period 4 and 2, and shows in all three.
    Below 1: the content has more there itself, or the output is blocky (nearest upsampling by 8 alone has no
    energy at period 8), so look at it too.

    Args:
        output, content: [H,W] in 0..1, at least 64 px a side.
    """
    power, content_power = (plain.power(plain.tiles(grey)) for grey in (output, content))
    return {
        f"grid_{period}": float(np.mean(_peaks(power, period) / _peaks(content_power, period)))
        for period in GRID_PERIODS
    }


def chroma(picture: Pixels) -> float:
    """Mean CIELAB chroma sqrt(a*^2 + b*^2) of uint8 [H,W,3], D65; 0 for grey, and about 2 is just noticeable.

    cast = chroma of a grey content stylised after a grey style: what colour the network adds by itself.
    """
    _, a, b = np.moveaxis(rgb2lab(picture), -1, 0)
    return float(np.hypot(a, b).mean())


def _border_share(grey: Grey) -> float:
    height, width = grey.shape
    rows, columns = np.arange(height), np.arange(width)
    distance = np.minimum(np.minimum(rows, rows[::-1])[:, None], np.minimum(columns, columns[::-1]))
    gradient = sobel(grey)
    outer = gradient[distance < BORDER].mean()
    beside = gradient[(distance >= BESIDE[0]) & (distance < BESIDE[1])].mean()
    return float((outer + 1 / 255) / (beside + 1 / 255))


def _peaks(power: NDArray[np.float64], period: int) -> NDArray[np.float64]:
    def along(step: int) -> NDArray[np.float64]:
        return np.array([power[dy * step % GRID_TILE, dx * step % GRID_TILE] for dy, dx in GRID_DIRECTIONS])

    step = GRID_TILE // period
    beside = np.mean([np.log(along(step + offset)) for offset in (-3, -2, 2, 3)], axis=0)
    peaks: NDArray[np.float64] = along(step) / np.exp(beside)
    return peaks
