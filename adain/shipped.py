"""Where the files that ship with the package are: `adain/weights` in a wheel, `weights/` in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
WEIGHTS = _PACKAGE / "weights" if (_PACKAGE / "weights").is_dir() else _PACKAGE.parent / "weights"

CHECKPOINT = WEIGHTS / "model.safetensors"  # encoder and decoder, for export, fine-tuning and `--encoder vgg16`
ONNX = WEIGHTS / "onnx"  # its graphs: stylizer.onnx, style_encoder.onnx, measure.onnx and paint.onnx
FAST = WEIGHTS / "fast"  # the small network's checkpoint and graphs, but for the encoder of styles, which is the same
MODELS = {"large": ONNX, "fast": FAST}  # by the names that users give
CHECKPOINTS = (CHECKPOINT, FAST / CHECKPOINT.name)
STYLES = WEIGHTS / "styles"  # NAME.npy, and index.json with title, artist, year and movement

# What the large model makes of a photograph in each style: NAME.webp. Of a checkout they are those of its page.
_WEB = _PACKAGE.parent / "export" / "web"
THUMBNAILS = WEIGHTS / "thumbnails" if (WEIGHTS / "thumbnails").is_dir() else _WEB / "thumbnails"
PAGE = _WEB / "dist"  # the page for browsers, where it has been built
