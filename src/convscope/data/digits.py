"""The built-in data: scikit-learn's copy of the UCI optical recognition of handwritten digits.

Alpaydin and Kaynak (1998), https://doi.org/10.24432/C50P49: 1,797 grey images of 8×8 pixels.
"""

from __future__ import annotations

import numpy as np

from convscope.data.image_set import ImageSet
from convscope.data.splits import split_stratified

TEST_SHARE = 0.2


def read() -> dict[str, ImageSet]:
    """1,438 training and 359 test images, 1×8×8. The split is always the same.

    The file's values run from 0 to 16; they are scaled to 0 to 255.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[:, None]  # (1797, 1, 8, 8)
    classes = [str(name) for name in digits.target_names]
    whole = ImageSet(images, digits.target, classes, name="digits")
    train, test = split_stratified(whole.labels, TEST_SHARE, seed=0)
    return {"train": whole.subset(train), "test": whole.subset(test, split="test")}
