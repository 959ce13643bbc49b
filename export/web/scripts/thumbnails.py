"""Make thumbnails/ anew: what each style makes of a cat; sample photographs, and what the first style makes of them.

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
    OUT.mkdir()
    square = photo.crop((75, 0, 375, 300)).resize((INSIDE, INSIDE), Image.Resampling.LANCZOS)
    stylizer = Stylizer(shipped.ONNX, "cpu")
    for name in bank().paintings:
        picture = Image.fromarray(stylizer.stylize(np.asarray(square), name))
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(OUT / f"{name}.webp", quality=64, method=6)
    for name, picture in SAMPLES.items():
        sample = Image.fromarray(picture())
        sample.save(OUT / f"sample-{name}.jpg", quality=88)
        sample.thumbnail((LONGER, LONGER), Image.Resampling.LANCZOS)
        painted = Image.fromarray(stylizer.stylize(np.asarray(sample), FIRST_STYLE))
        painted.save(OUT / f"painted-{name}.jpg", quality=88)
    index = json.loads((shipped.STYLES / "index.json").read_text(encoding="utf-8"))
    (OUT / "model.json").write_text(json.dumps({"model": index["model"]}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
