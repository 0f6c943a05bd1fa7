"""A small network whose channels can be looked at, and images as it takes them."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from convscope.data.batches import Normalization
from convscope.data.image_set import ImageSet


def build_channel_network(classes: int = 10) -> nn.Sequential:
    """Three 3×3 convolutions with 8, 16 and 32 channels, whose last maps are pooled globally.

    Units of "relu1", "relu2" and "relu3" see 3×3, 8×8 and 18×18 pixels. Each of the last channels
    gives one number, its largest, so what excites it can be told from where it is.

    Args:
        classes: Number of logits.

    Returns:
        A network for images (N, 1, height, width).
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate(((1, 8), (8, 16), (16, 32)), start=1):
        parts[f"conv{number}"] = nn.Conv2d(inputs, outputs, 3, padding=1)
        parts[f"relu{number}"] = nn.ReLU()
        parts[f"pool{number}"] = nn.MaxPool2d(2) if number < 3 else nn.AdaptiveMaxPool2d(1)
    parts |= OrderedDict(flatten=nn.Flatten(), dense=nn.Linear(32, classes))
    return nn.Sequential(parts)


def normalize_images(images: ImageSet) -> tuple[Tensor, Tensor]:
    """Images by their own mean and standard deviation, as they are shown to a bare module.

    Args:
        images: uint8 (N, C, H, W).

    Returns:
        images: float32 (N, C, H, W).
        labels: int64 (N,).
    """
    raw = torch.from_numpy(images.images)
    return Normalization.of(images).apply(raw), torch.from_numpy(images.labels)
