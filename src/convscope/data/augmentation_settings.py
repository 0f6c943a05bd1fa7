"""Which random changes are made of training images, as plain data; `augmentation` makes them."""

from __future__ import annotations

import pydantic
from pydantic import Field


class Augmentation(pydantic.BaseModel, frozen=True, extra="forbid"):
    """Which random changes are made; by default none.

    Attributes:
        flip: Mirror half of the images left to right.
        crop: Pad with this many black pixels on each side and cut the old size out of it anywhere
            (He et al. 2015, "Deep residual learning", section 4.2, uses 4 for 32×32).
        colour: Multiply brightness, contrast and saturation each by a number from 1 − colour to
            1 + colour.
        cutout: Side of a square, in stored pixels, that is filled with what normalization makes 0:
            the mean colour, or black where pixels are only scaled
            (DeVries and Taylor 2017, "Improved regularization with cutout").
        mixup: α of Beta(α, α), from which the share is drawn in which each image and label is
            mixed with another (Zhang et al. 2018, "mixup: beyond empirical risk minimization").
    """

    flip: bool = False
    crop: int = Field(default=0, ge=0)
    colour: float = Field(default=0.0, ge=0, le=1)
    cutout: int = Field(default=0, ge=0)
    mixup: float = Field(default=0.0, ge=0, allow_inf_nan=False)
