"""What `explain` finds out about one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.inspection.attribution.attribution import Attribution
from convscope.inspection.feature_maps.feature_maps import FeatureMaps, FirstKernels


@dataclass(frozen=True)
class Explanation:
    """What a network says of an image, and what that rests on.

    Attributes:
        image_name: Name of the image.
        image: uint8 (C, H, W), as the network saw it.
        label: The class that is explained.
        probability: What the network gives it.
        guesses: The most probable classes with their probabilities, the first first.
        attributions: How much each pixel counts for the class, by each method.
        maps: The feature maps on the way through the network.
        kernels: The first kernels, if the network has any.
        notes: What a reader must know besides.
        files: What each file shows, and where it is.
    """

    image_name: str
    image: NDArray[np.uint8] = field(repr=False)
    label: str
    probability: float
    guesses: tuple[tuple[str, float], ...]
    attributions: tuple[Attribution, ...] = field(repr=False)
    maps: tuple[FeatureMaps, ...] = field(repr=False)
    kernels: FirstKernels | None = field(repr=False)
    notes: tuple[str, ...]
    files: Mapping[str, Path]

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: everything but the images."""
        return {
            "image": self.image_name,
            "label": self.label,
            "probability": self.probability,
            "guesses": [{"label": label, "probability": p} for label, p in self.guesses],
            "attributions": {each.method: dict(each.facts) for each in self.attributions},
            "notes": list(self.notes),
            "files": {what: str(path) for what, path in self.files.items()},
        }
