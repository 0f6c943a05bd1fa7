"""One attribution method, asked about a network and an image that are opened."""

from __future__ import annotations

import torch
from torch import Tensor

from convscope.inspection.attribution.attribution import Attribution
from convscope.inspection.attribution.methods import METHODS
from convscope.inspection.open.image import OpenedImage


def attribute(opened: OpenedImage, method: str, target: int) -> Attribution:
    """How much each pixel counts for one logit.

    Args:
        opened: The network and the image; the network is left as found.
        method: One of `methods.METHODS`.
        target: The class whose logit is explained.

    Raises:
        UsageError: The network has no layer for the method, or can't be explained by it.
    """
    return METHODS[method](opened.network, opened.pixels, target, _black(opened))


def _black(opened: OpenedImage) -> Tensor:
    """A black image as the network takes it; zeros where only its own numbers are known."""
    zeros = torch.zeros_like(opened.pixels)
    if opened.normalization is None:
        return zeros
    return opened.normalization.apply(zeros).to(opened.pixels)
