"""A network's parameters described: statistics, histograms, gradients, dead units.

print(describe_parameters("lenet"))
found = describe_parameters(run, "digits")     # with gradients and dead units on images
found.figure("parameters.png")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from torch import Tensor, nn

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.open.data import OpenedData, open_data
from convscope.inspection.open.network import Inspectable, OpenedNetwork, open_network
from convscope.inspection.parameters.dead_units import DeadUnits, find_dead_units
from convscope.inspection.parameters.statistics import ParameterStatistics, measure_parameters
from convscope.inspection.parameters.table import parameter_table
from convscope.look.html import table
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console, ConsoleOptions, RenderResult

IMAGES = 512


@dataclass(frozen=True)
class ParameterDescription:
    """The parameters of a network. It prints as a table and draws histograms.

    Attributes:
        network: Name of the network.
        parameters: One row for each parameter; tied ones stand once.
        dead_units: By activation with a flat side, its units that no image made active; none
            where no images were given.
        tensors: The parameters by path.
        notes: What a person should know.
    """

    network: str
    parameters: tuple[ParameterStatistics, ...]
    dead_units: tuple[DeadUnits, ...]
    tensors: Mapping[str, Tensor] = field(repr=False)
    notes: tuple[str, ...] = ()

    def _dead_lines(self) -> list[str]:
        if not self.dead_units:
            return []
        found = [layer for layer in self.dead_units if layer.dead]
        if not found:
            return ["No unit behind a ReLU is dead: each is above 0 for some image."]
        return [
            f"Dead units of {layer.layer}: {len(layer.dead)} of {layer.units} are above 0 for no "
            f"image ({', '.join(map(str, layer.dead[:10]))}{', …' * (len(layer.dead) > 10)})."
            for layer in found
        ]

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=160, color_system=None, highlight=False)
        with console.capture() as captured:
            console.print(self)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield parameter_table(self.parameters)
        yield from (Text(line) for line in [*self._dead_lines(), *self.notes])

    def _repr_html_(self) -> str:
        rows = [
            (
                " = ".join((row.name, *row.also)),
                "×".join(map(str, row.shape)),
                f"{row.count:,}",
                number(row.mean, 3),
                number(row.std, 3),
                number(row.norm, 3),
                percent(row.zeros),
                "–" if row.gradient_norm is None else number(row.gradient_norm, 3),
            )
            for row in self.parameters
        ]
        headings = (
            pick("parameter", "参数"), pick("shape", "形状"), pick("count", "个数"),
            pick("mean", "均值"), pick("std", "标准差"), pick("norm", "范数"),
            pick("zeros", "零的比例"), pick("gradient norm", "梯度的范数"),
        )  # fmt: skip
        named = pick(f"Parameters of {self.network}", f"{self.network} 的参数")
        caption = ". ".join([named, " ".join([*self._dead_lines(), *self.notes])]).removesuffix(
            ". "
        )
        return table(rows, headings, caption=caption)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw how the values of each parameter are distributed.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.parameters.figure import parameter_histograms

        return parameter_histograms(self.parameters, self.tensors, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold: all but the parameters themselves."""
        return {
            "network": self.network,
            "parameters": [row.as_dict() for row in self.parameters],
            "count": sum(row.count for row in self.parameters),
            "dead_units": [layer.as_dict() for layer in self.dead_units],
            "notes": list(self.notes),
        }


@in_usual_settings
def describe_parameters(
    network: Inspectable,
    data: Data | None = None,
    *,
    split: str = "test",
    size: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
    device: str = "auto",
) -> ParameterDescription:
    """Describe a network's parameters; on images also their gradients, and units that are dead.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
            Left as found.
        data: A name, a folder or `.zip`, or an `ImageSet`. With it, gradients are those of the
            mean cross-entropy on a batch of its images, and units are looked for that are active
            on none of 512 images. Without, gradients are those that the parameters hold, if any.
        split: Which images of the data: "train", "validation" or "test".
        size: Height and width of the images. None: what the run was trained with, or the usual.
        channels: Channels of the images, for a network of the catalog. None: the usual.
        classes: Number of classes, for a network of the catalog. None: 10.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.

    Raises:
        UsageError: There is no such network or data, or the data has more classes than the
            network has logits.
        ConvscopeError: A file is damaged.
    """
    opened = open_network(network, size=size, channels=channels, classes=classes, device=device)
    tensors = dict(opened.network.named_parameters())
    loaded = not isinstance(network, nn.Module)
    if data is None:
        rows = _as_in_training(measure_parameters(opened.network), loaded=loaded)
        return ParameterDescription(opened.name, tuple(rows), (), tensors, opened.notes)
    images = open_data(opened, data, split, most=IMAGES)
    rows, batch = _with_gradients(opened, images)
    rows = _as_in_training(rows, loaded=loaded)
    dead = find_dead_units(opened.network, (pixels for pixels, _ in images.batches()))
    note = (
        f"Gradients are those of the mean cross-entropy on {batch} images of "
        f"{images.images.name}; dead units were looked for on {len(images.images)}."
    )
    return ParameterDescription(
        opened.name, tuple(rows), tuple(dead), tensors, (*images.notes, note)
    )


def _as_in_training(rows: list[ParameterStatistics], *, loaded: bool) -> list[ParameterStatistics]:
    """A network that is loaded to be looked at is frozen for that, which says nothing of it."""
    return [replace(row, trained=True) for row in rows] if loaded else rows


def _with_gradients(
    network: OpenedNetwork, images: OpenedData
) -> tuple[list[ParameterStatistics], int]:
    """The rows with gradients on the first batch, and its number of images."""
    pixels, labels = next(images.batches())
    there_are = len(network.classes) or capture(network.network, pixels.shape).output.shape[-1]
    if len(images.images.classes) > there_are:
        raise UsageError(
            f"{images.images.name} has {len(images.images.classes)} classes, and {network.name} "
            f"tells {there_are} apart. Give other data, or a network with more classes."
        )
    return measure_parameters(network.network, pixels, labels.to(pixels.device)), len(pixels)
