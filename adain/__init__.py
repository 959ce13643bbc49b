"""Real-time arbitrary style transfer with adaptive instance normalisation (arXiv 1703.06868).

    from adain import Look, Stylizer
    stylizer = Stylizer()
    stylizer.stylize("photo.jpg", "starry-night").save("out.jpg")
    stylizer.stylize("photo.jpg", Look(("scream", "great-wave"), shares=(2, 1), alpha=0.8)).save("mixed.jpg")

Importing this package loads neither torch nor onnxruntime.
"""

from .errors import AdaINError
from .look import Look
from .styles import Style
from .stylizer import Stylizer

__all__ = ["AdaINError", "Look", "Style", "Stylizer", "__version__"]
__version__ = "0.1.0"
