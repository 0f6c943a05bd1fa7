"""What one unit sees of an image: where its receptive field is, and how much each pixel matters.

found = receptive_field("resnet18", "layer2:5,3,3", image="cat.jpg")
print(found)                    # the box, and how concentrated what matters is
found.figure("field.png")       # both on the image
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.open.image import AnyImage, open_image
from convscope.inspection.open.network import Inspectable, open_network
from convscope.inspection.open.unit import parse_unit
from convscope.inspection.receptive_field.effective_field import effective_field, pixels_of_share
from convscope.inspection.receptive_field.unit_field import UnitField, unit_field
from convscope.look.html import table
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOISE_IMAGES = 16
SHARE = 0.9
GREY = 230


@dataclass(frozen=True)
class UnitReceptiveField:
    """What a unit sees of an image. It prints as text and draws itself.

    Attributes:
        seen: The theoretical field: the pixels that can matter at all.
        effective: float64 (height, width): the size of the unit's gradient by each pixel.
        image: uint8 (C, height, width), the image, or even grey where none was given.
        notes: What a person should know.
    """

    seen: UnitField
    effective: NDArray[np.float64] = field(repr=False)
    image: NDArray[np.uint8] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def pixels_that_matter(self) -> int:
        """How many pixels, of those that matter most, make up 90 % of the effective field."""
        return pixels_of_share(self.effective, SHARE)

    @property
    def pixels_seen(self) -> int:
        """How many pixels of the image lie in the theoretical field."""
        return int(self.seen.rows.sum() * self.seen.columns.sum())

    def _rows(self) -> list[tuple[str, str]]:
        box, beyond = self.seen.box, self.seen.unclipped
        rows = [
            (pick("unit", "单元"), f"{self.seen.layer}, {self.seen.place}"),
            (
                pick("sees", "看到"),
                pick(
                    f"{_size(box.size)} pixels: rows {box.top} to {box.bottom}, "
                    f"columns {box.left} to {box.right}",
                    f"{_size(box.size)} 个像素：行 {box.top} 至 {box.bottom}，"
                    f"列 {box.left} 至 {box.right}",
                ),
            ),
        ]
        if beyond != box:
            size = _size(beyond.size)
            rows.append(
                (
                    pick("without the border", "假如没有边界"),
                    pick(f"{size} pixels", f"{size} 个像素"),
                )
            )
        rows.append(
            (
                pick(f"{percent(SHARE, 0)} of what matters", f"{percent(SHARE, 0)} 的影响"),
                pick(
                    f"lies in {self.pixels_that_matter:,} of {self.pixels_seen:,} pixels",
                    f"在 {self.pixels_seen:,} 个像素中的 {self.pixels_that_matter:,} 个里",
                ),
            )
        )
        return rows

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self._rows())
        lines = [f"{name:<{width}}  {text}" for name, text in self._rows()]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return table([*self._rows(), *((pick("note", "说明"), note) for note in self.notes)])

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the field on the image, and how much each pixel matters.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.receptive_field.figure import receptive_field_figure

        return receptive_field_figure(self.image, self.seen, self.effective, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the pixels."""
        return {
            "layer": self.seen.layer,
            "unit": list(self.seen.unit),
            "box": asdict(self.seen.box),
            "box_beyond_the_border": asdict(self.seen.unclipped),
            "pixels_seen": self.pixels_seen,
            "share": SHARE,
            "pixels_of_share": self.pixels_that_matter,
            "notes": list(self.notes),
        }


@in_usual_settings
def receptive_field(
    network: Inspectable,
    unit: str | tuple[str, Sequence[int]],
    *,
    image: AnyImage | None = None,
    size: int | None = None,
    channels: int | None = None,
    device: str = "auto",
) -> UnitReceptiveField:
    """What one unit of a network sees, by the sizes of the windows and by gradients.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
        unit: The layer and the unit's place there: "layer2:5,3,3" is channel 5, row 3, column 3.
            Or both apart: ("layer2", (5, 3, 3)).
        image: A file or uint8 (C, H, W), treated as for training; or a float tensor (C, H, W), as
            the network takes it. None: how much pixels matter is the mean over 16 images of noise.
        size: Height and width of the image. None: what the run was trained with, or the usual.
        channels: Channels of the image, for a network of the catalog. None: the usual.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.

    Raises:
        UsageError: No such network, layer or unit, or one that does not depend on the image.
        ConvscopeError: The file is no image.
    """
    layer, index = parse_unit(unit)
    if image is None:
        module, images, visible, notes = _noise(network, size, channels, device)
    else:
        opened = open_image(network, image, size=size, channels=channels, device=device)
        module, images, notes = opened.network, opened.pixels, opened.notes
        visible = opened.visible_image()
    found = unit_field(capture(module, images[:1].shape), layer, index)
    effective = effective_field(module, images, layer, index)
    return UnitReceptiveField(found, effective, visible, notes)


def _noise(
    network: Inspectable, size: int | None, channels: int | None, device: str
) -> tuple[torch.nn.Module, torch.Tensor, NDArray[np.uint8], tuple[str, ...]]:
    """The network, images of noise for it, and even grey to look at."""
    opened = open_network(network, size=size, channels=channels, device=device)
    if opened.channels is None or opened.size is None:
        raise UsageError(
            f"How {opened.name} wants its images isn't known. Give an image: a float tensor "
            "(channels, height, width), as the network takes it."
        )
    shape = (opened.channels, opened.size, opened.size)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(NOISE_IMAGES, *shape, generator=generator)
    note = pick(
        f"How much pixels matter is the mean over {NOISE_IMAGES} images of noise.",
        f"像素的影响是 {NOISE_IMAGES} 幅噪声图像的平均。",
    )
    lies = next(opened.network.parameters(), images)
    return (
        opened.network,
        images.to(lies.device, lies.dtype),
        np.full(shape, GREY, np.uint8),
        (*opened.notes, note),
    )


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
