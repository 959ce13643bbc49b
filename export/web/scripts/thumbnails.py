"""Make thumbnails/ anew: what the large network makes of a cat after each style; sample photographs, and what the small
one makes of them after the first style.

    python export/web/scripts/thumbnails.py

Run it when the weights or the styles change; it needs the adain package and scikit-image. The photographs are
scikit-image's chelsea (Stefan van der Walt, CC0), coffee (Rachel Michetti, CC0) and astronaut (NASA, public domain).
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
SAMPLES = {"astronaut": data.astronaut, "coffee": data.coffee, "cat": data.chelsea}
FIRST_STYLE, LONGER = "starry-night", 512  # as the page begins (src/page/styles.ts, studio.ts)


def main() -> None:
    """See the module."""
    photo = Image.fromarray(data.chelsea())
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "samples").mkdir(parents=True)
    square = photo.crop((75, 0, 375, 300)).resize((INSIDE, INSIDE), Image.Resampling.LANCZOS)
    stylizer, small = Stylizer(shipped.ONNX, "cpu"), Stylizer(shipped.FAST, "cpu")
    for name in bank().paintings:
        picture = Image.fromarray(stylizer.stylize(np.asarray(square), name))
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(OUT / f"{name}.webp", quality=64, method=6)
    for name, picture in SAMPLES.items():
        sample = Image.fromarray(picture())
        sample.save(OUT / f"samples/photo-{name}.webp", quality=82, method=6)
        sample.thumbnail((LONGER, LONGER), Image.Resampling.LANCZOS)
        painted = Image.fromarray(small.stylize(np.asarray(sample), FIRST_STYLE))
        painted.save(OUT / f"samples/painted-{name}.webp", quality=50, method=6)  # shown until the page has painted
    index = json.loads((shipped.STYLES / "index.json").read_text(encoding="utf-8"))
    (OUT / "model.json").write_text(json.dumps({"model": index["model"]}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
