"""What stands in a figure, read back from the drawing rather than from its pixels."""

import re

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text


def texts(figure: Figure) -> str:
    """All that can be read in a figure, one text a line; sizes as 3×5, however they are spaced."""
    found = [each.get_text() for each in figure.findobj(Text) if each.get_visible()]
    return re.sub(r"\s*×\s*", "×", "\n".join(text for text in found if text))


def values(figure: Figure) -> np.ndarray:
    """Every number and colour of the images in a figure, in one row; NaN where nothing is drawn."""
    arrays = [np.ma.filled(each.get_array().astype(float), np.nan).ravel()
              for each in figure.findobj(AxesImage)]  # fmt: skip
    return np.concatenate(arrays) if arrays else np.empty(0)
