"""Real-time arbitrary style transfer with adaptive instance normalisation (arXiv 1703.06868).

    from adain import Look, Stylizer
    stylizer = Stylizer()
    stylizer.stylize("photo.jpg", "starry-night").save("out.jpg")
    stylizer.stylize("photo.jpg", Look(("scream", "great-wave"), shares=(2, 1), alpha=0.8)).save("mixed.jpg")

Words:

    content        the picture that is restyled
    style          what is taken of a painting: its code, a row of numbers from the style encoder; codes can be averaged
    alpha          strength: 0 rebuilds the content, 1 is the full style
    look           what is wanted of a picture: styles, their shares, alpha, colours, strokes, masks
    weight         what a pixel counts in statistics: less or nothing outside a mask, where transparent, in a halo
    tile           a part of a picture that is painted on its own, seen with a halo around it
    bank           the built-in styles
    graph          one of our ONNX files, by its kind: stylizer, style_encoder, adain, measure, paint
    statistics     weighted sums over a content, which `measure` takes and `paint` uses; those of parts add up
    architecture   a kind of network, by its name: what its codes and statistics are, what it needs
    io             how pixels enter a graph: `bytes` (uint8, any size), `portable` (float32, multiples of the stride)
    engine         the library and the device that run a graph; it knows arrays only
    session        a graph in an engine; it knows pictures
    lane           runs of one size in a session or engine, one thread at a time; several lanes let frames overlap

Importing this package loads neither torch nor onnxruntime.
"""

from .errors import AdaINError
from .look import Look
from .session import real_time_model
from .styles import Style
from .stylizer import Stylizer

__all__ = ["AdaINError", "Look", "Style", "Stylizer", "__version__", "real_time_model"]
__version__ = "0.1.0"
