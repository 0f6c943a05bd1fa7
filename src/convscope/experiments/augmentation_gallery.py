"""The usual augmentations, shown on an image: what a network gets to see instead of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convscope.data.augmentation import colour, crop, cutout, flip, mixup
from convscope.errors import UsageError
from convscope.experiments.photographs import photograph
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 96


@dataclass(frozen=True)
class AugmentationGallery(Printed):
    """Random changes of one photograph.

    Attributes:
        images: By change ("original", "flip", "crop", "colour", "cutout", "mixup"): float
            (draws, 3, 96, 96) in [0, 1].
    """

    images: Mapping[str, NDArray[np.float32]]

    def changed(self, name: str) -> float:
        """Share of the pixels of a change's images that aren't those of the photograph."""
        original = self.images["original"][0]
        return float((np.abs(self.images[name] - original).max(1) > 1e-3).mean())

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        yield TextTable(
            pick("Pixels that changed", "变了的像素"),
            ("", ""),
            [(text, percent(self.changed(name), 0)) for name, text in _names().items()],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the images, a column for each change.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        draws = len(self.images["original"])
        with drawing(path, 9.5, 0.7 + 1.6 * draws) as figure:
            headline(
                figure,
                pick(
                    "Other pixels, same label (mixup mixes labels, too)",
                    "像素变了，标签不变（只有 mixup 连标签一起混合）",
                ),
            )
            grid = figure.subplots(draws, len(self.images), squeeze=False)
            for column, (name, text) in enumerate(_names().items()):
                for row in range(draws):
                    axes = grid[row][column]
                    axes.imshow(self.images[name][row].transpose(1, 2, 0))
                    axes.set_axis_off()
                grid[0][column].set_title(text, fontsize=11)
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {name: self.changed(name) for name in self.images}


def _names() -> dict[str, str]:
    return {
        "original": pick("original", "原图"),
        "flip": pick("flip", "翻转"),
        "crop": pick("crop", "裁剪"),
        "colour": pick("colour", "颜色"),
        "cutout": pick("cutout", "遮挡 cutout"),
        "mixup": pick("mixup", "混合 mixup"),
    }


def show_augmentations(draws: int = 3, *, seed: int = 19) -> AugmentationGallery:
    """Change a photograph at random in five ways, each alone, by the library's own functions.

    Flip with probability 1/2, crop by up to 12 pixels, colour by up to 0.5, cutout of 40 pixels,
    mixup (α = 1) with another photograph, all on images of 96 pixels.

    Args:
        draws: How many images of each.
        seed: Of all that is drawn; with 19, three draws show every change at least twice.

    Raises:
        UsageError: `draws` is below 1.
    """
    if draws < 1:
        raise UsageError(f"draws must be at least 1; given {draws}.")
    random = np.random.default_rng(seed)
    china, flower = (
        torch.from_numpy(photograph(name, SIDE)).float() / 255 for name in ("china", "flower")
    )
    batch = china.expand(draws, -1, -1, -1).contiguous()
    grey = batch.mean((0, 2, 3))
    changed = {
        "original": batch,
        "flip": flip(batch, random),
        "crop": crop(batch, 12, random),
        "colour": colour(batch, 0.5, random),
        "cutout": cutout(batch, 40, grey, random),
        "mixup": torch.cat([_mixed(china, flower, random) for _ in range(draws)]),
    }
    return AugmentationGallery({name: each.numpy() for name, each in changed.items()})


def _mixed(one: Tensor, other: Tensor, random: np.random.Generator) -> Tensor:
    """The first of two images after mixup, (1, 3, height, width)."""
    images, _ = mixup(torch.stack([one, other]), torch.tensor([0, 1]), 2, 1.0, random)
    return images[:1]
