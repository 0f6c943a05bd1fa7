"""How far a share, such as an accuracy, may be from what it would be on all images there are."""

from __future__ import annotations

import math

Z_95 = 1.959964  # 97.5 % of a standard normal distribution lies below


def wilson_interval(right: int, images: int) -> tuple[float, float]:
    """95 % confidence interval of a share; unlike the textbook's p ± z·s, right near 0 and 1.

    Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

    Args:
        right: How many were right.
        images: Out of how many; at least 1.
    """
    share, z2 = right / images, Z_95**2
    centre = share + z2 / (2 * images)
    half = Z_95 * math.sqrt(share * (1 - share) / images + z2 / (4 * images**2))
    scale = 1 + z2 / images
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
