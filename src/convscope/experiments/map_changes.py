"""How much a map that stays where it is changes as the image moves, for several layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.digits_on_canvas import move_images
from convscope.experiments.variant_names import name_variant
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import MARKERS, SERIES
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class MapChanges(Printed):
    """Changes of maps over the shift.

    Attributes:
        shifts: Pixels that the images moved.
        changes: By layer, root mean square of the difference between the map of the moved image
            and that of the image, over the map's own; a mean over both directions. 0 is no change
            (invariant), about 1.4 unrelated.
    """

    shifts: tuple[int, ...]
    changes: Mapping[str, tuple[float, ...]]

    def at(self, layer: str, shift: int) -> float:
        """The change of a layer's map at a shift."""
        return self.changes[layer][self.shifts.index(shift)]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick("Change of the map, by pixels moved", "不同平移像素数下特征图的变化")
        rows = [
            (name_variant(name), *(percent(x, 0) for x in each))
            for name, each in self.changes.items()
        ]
        yield TextTable(title, ("", *map(str, self.shifts)), rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw a curve for each layer.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline

        with drawing(path, 9.0, 4.2) as figure:
            headline(
                figure,
                pick(
                    "The larger the window, the less its numbers change",
                    "窗口越大，汇聚得到的数变化越小",
                ),
            )
            axes = figure.subplots()
            for number, (name, changes) in enumerate(self.changes.items()):
                values = [100 * change for change in changes]
                axes.plot(
                    self.shifts, values, f"{MARKERS[number % len(MARKERS)]}-",
                    color=SERIES[number % len(SERIES)], label=name_variant(name),
                )  # fmt: skip
            axes.set_xticks(self.shifts)
            axes.set_ylim(bottom=0)
            axes.set_xlabel(pick("Pixels that the image moved", "图像平移的像素数"))
            axes.set_ylabel(pick("Change of the map, %", "特征图的变化（%）"))
            figure.legend(loc="outside right center")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        changes = {name: list(each) for name, each in self.changes.items()}
        return {"shifts": list(self.shifts), "changes": changes}


def measure_map_changes(
    layers: Mapping[str, nn.Module], images: Tensor, shifts: Sequence[int] = (0, 1, 2, 3, 4)
) -> MapChanges:
    """Move images to the right and to the left, and see how much maps change.

    Args:
        layers: By the name to show: layers or networks that map (N, channels, height, width) to
            any tensor.
        images: float32, with room to move: black around what is on them.
        shifts: Pixels, from 0 on.

    Raises:
        UsageError: There are no layers, or images are moved out of themselves.
    """
    if not layers:
        raise UsageError("measure_map_changes needs at least one layer.")
    with torch.no_grad(), on_one_thread():
        changes = {
            name: tuple(_change(layer.eval(), images, shift) for shift in shifts)
            for name, layer in layers.items()
        }
    return MapChanges(tuple(shifts), changes)


def _change(layer: nn.Module, images: Tensor, shift: int) -> float:
    unmoved = layer(images)
    moved = torch.stack([layer(move_images(images, by)) for by in (shift, -shift)])
    size = unmoved.square().mean().sqrt().clamp_min(torch.finfo(unmoved.dtype).tiny)
    return float((moved - unmoved).square().mean().sqrt() / size)
