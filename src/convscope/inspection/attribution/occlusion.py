"""Occlusion: by how much a logit falls when a window of the image is covered."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.inspection.attribution.attribution import (
    Attribution,
    Fact,
    as_heat,
    freeze,
    logits_of,
)

WINDOWS_PER_SIDE = 7
PIXELS_AT_ONCE = 2_000_000
IMAGES_AT_ONCE = 64


def occlusion(network: nn.Module, image: Tensor, target: int) -> Attribution:
    """The mean fall of the logit over all windows that cover a pixel.

    Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2013, section 4.2;
    there it is the probability that falls. Where that is nearly 1 it hardly moves, so here it is
    the logit, as for the other methods. The window is covered with the image's mean colour, has
    a seventh of its sides, and moves by half of itself.

    Args:
        network: Maps (N, C, H, W) to logits (N, classes). Left as found.
        image: (1, C, H, W), normalized as for training.
        target: The class whose logit is explained.
    """
    height, width = image.shape[2:]
    window = max(1, round(height / WINDOWS_PER_SIDE)), max(1, round(width / WINDOWS_PER_SIDE))
    corners = [(y, x) for y in _starts(height, window[0]) for x in _starts(width, window[1])]
    size = max(1, min(IMAGES_AT_ONCE, PIXELS_AT_ONCE // image.numel()))
    with freeze(network), torch.no_grad():
        colour = image[0].mean(dim=(1, 2))[:, None, None]
        falls = image.new_zeros(height, width)
        covered = image.new_zeros(height, width)
        whole = logits_of(network, image)[0, target]
        for first in range(0, len(corners), size):
            some = corners[first : first + size]
            images = image.repeat(len(some), 1, 1, 1)
            for one, (y, x) in zip(images, some, strict=True):
                one[:, y : y + window[0], x : x + window[1]] = colour
            logits = logits_of(network, images)[:, target]
            for (y, x), logit in zip(some, logits, strict=True):
                falls[y : y + window[0], x : x + window[1]] += whole - logit
                covered[y : y + window[0], x : x + window[1]] += 1
    note = (
        f"Windows of {window[0]} × {window[1]} pixels were covered with the image's mean colour, "
        f"{len(corners)} in all. Covering a red place lowers the score, covering a blue one lifts "
        "it."
    )
    facts: dict[str, Fact] = {
        "window": list(window),
        "windows": len(corners),
        "score": float(whole),
    }
    return Attribution("occlusion", as_heat(falls / covered), signed=True, facts=facts, note=note)


def _starts(side: int, window: int) -> list[int]:
    """Where windows begin, so that all of the side is covered."""
    step = max(1, window // 2)
    return sorted({*range(0, side - window + 1, step), side - window})
