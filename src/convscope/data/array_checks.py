"""Whether arrays are images and labels, and what to do where they aren't."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UsageError


def check_images(images: Any) -> NDArray[np.uint8]:
    """The images, if they are uint8 (N, C, H, W).

    Raises:
        UsageError: They aren't; says how they become so.
    """
    if not isinstance(images, np.ndarray):
        raise UsageError(
            f"images must be a NumPy array of uint8 (N, C, H, W), not {type(images).__name__}. "
            "Convert it with numpy.asarray(images)."
        )
    if images.ndim == 3:
        raise UsageError(
            f"images must be (N, C, H, W); given (N, H, W) = {images.shape} without a channel "
            "axis. Add it with images[:, None]."
        )
    if images.ndim != 4:
        raise UsageError(f"images must be (N, C, H, W), four axes; given shape {images.shape}.")
    if images.shape[3] in (1, 3) and min(images.shape[1:3]) > 4:
        raise UsageError(
            f"images must be (N, C, H, W), channels first; given shape {images.shape}, which looks "
            "like channels last. Use images.transpose(0, 3, 1, 2)."
        )
    if images.dtype != np.uint8:
        raise UsageError(
            f"images must be uint8 with values 0 to 255; given {images.dtype}. For values in "
            "[0, 1], use (images * 255).round().astype('uint8')."
        )
    if 0 in images.shape:
        raise UsageError(f"images holds no images: its shape is {images.shape}.")
    return images


def check_labels(labels: Any, images: int, classes: int) -> NDArray[np.int64]:
    """The labels as int64 (N,).

    Args:
        labels: Whole numbers.
        images: How many images there are.
        classes: How many classes.

    Raises:
        UsageError: They aren't whole numbers, one an image, from 0 to classes - 1.
    """
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise UsageError(
            f"labels must be whole numbers (N,); given {array.dtype} of shape {array.shape}. "
            "For one-hot labels, use labels.argmax(axis=1)."
        )
    if len(array) != images:
        raise UsageError(
            f"labels has {len(array)} entries for {images} images; each image needs one."
        )
    wrong = np.flatnonzero((array < 0) | (array >= classes))
    if len(wrong):
        raise UsageError(
            f"labels[{wrong[0]}] is {array[wrong[0]]}, but with {classes} classes labels run from "
            f"0 to {classes - 1}. Correct the label or name every class in classes."
        )
    return array.astype(np.int64, copy=False)
