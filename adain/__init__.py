"""Real-time arbitrary style transfer with adaptive instance normalisation (arXiv 1703.06868).

    from adain import Stylizer
    stylizer = Stylizer()
    stylizer.stylize("photo.jpg", "starry-night").save("out.jpg")

Importing this package loads neither torch nor onnxruntime.
"""

from .errors import AdaINError
from .styles import Style
from .stylizer import Stylizer

__all__ = ["AdaINError", "Style", "Stylizer", "__version__"]
__version__ = "0.1.0"
