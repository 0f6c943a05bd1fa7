"""A colour photograph that is there without a download: scikit-learn's temple in Beijing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def load_photograph(width: int = 96) -> NDArray[np.uint8]:
    """Load the photograph "china.jpg" of scikit-learn, made smaller.

    Args:
        width: Of the result in pixels, at most 640; the height is two thirds of it.

    Returns:
        uint8 (3, height, width): red, green, blue.
    """
    from sklearn.datasets import load_sample_image

    image = Image.fromarray(load_sample_image("china.jpg"))
    small = image.resize((width, round(width * 2 / 3)), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))
