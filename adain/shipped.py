"""Where the files that ship with the package are: `adain/weights` in a wheel, `weights/` in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
WEIGHTS = _PACKAGE / "weights" if (_PACKAGE / "weights").is_dir() else _PACKAGE.parent / "weights"

CHECKPOINT = WEIGHTS / "model.safetensors"  # encoder and decoder, for export, fine-tuning and `--encoder vgg16`
ONNX = WEIGHTS / "onnx"  # stylizer.onnx and style_encoder.onnx
FAST = WEIGHTS / "fast"  # the small network: model.safetensors and stylizer.onnx; it takes the same style codes
STYLES = WEIGHTS / "styles"  # NAME.npy, and index.json with title, artist, year and movement

# What the large model makes of a photograph in each style: NAME.webp. Of a checkout they are those of its page.
_WEB = _PACKAGE.parent / "export" / "web"
THUMBNAILS = WEIGHTS / "thumbnails" if (WEIGHTS / "thumbnails").is_dir() else _WEB / "thumbnails"
PAGE = _WEB / "dist"  # the page for browsers, where it has been built
