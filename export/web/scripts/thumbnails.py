"""Make thumbnails/ anew: the sample photograph, and what each style of weights/styles makes of it.

    python export/web/scripts/thumbnails.py

Run it when the weights or the styles change; it needs the adain package and scikit-image. The photograph is
scikit-image's chelsea (Stefan van der Walt, CC0).
"""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from adain import shipped
from adain.bank import bank
from adain.stylizer import Stylizer

OUT = Path(__file__).parents[1] / "thumbnails"
INSIDE, SIDE = 224, 128  # px: painted at the first, kept at the second


def main() -> None:
    """See the module."""
    photo = Image.fromarray(data.chelsea())
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    photo.save(OUT / "sample.jpg", quality=88)
    square = photo.crop((75, 0, 375, 300)).resize((INSIDE, INSIDE), Image.Resampling.LANCZOS)
    stylizer = Stylizer(shipped.ONNX, "cpu")
    for name in bank().paintings:
        picture = Image.fromarray(stylizer.stylize(np.asarray(square), name))
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(OUT / f"{name}.webp", quality=64, method=6)
    index = json.loads((shipped.STYLES / "index.json").read_text(encoding="utf-8"))
    (OUT / "model.json").write_text(json.dumps({"model": index["model"]}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
