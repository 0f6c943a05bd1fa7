"""What the choice of initial weights does to the spread of activations through depth.

found = compare_initializations("vgg11", "digits")
print(found)                     # layer by layer, and what becomes of the signal
found.figure("spread.png")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.inspection.initialization.spread import LayerSpread, measure_spread
from convscope.inspection.open.data import IMAGES_AT_ONCE, images_at_once, open_data
from convscope.inspection.open.network import Inspectable, OpenedNetwork, open_network
from convscope.look.html import table
from convscope.networks.initialization import INITIALIZATIONS, initialize
from convscope.runtime.module_copy import copy_module
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIES, SHRINKS, GROWS, EXPLODES = 1e-3, 0.1, 10.0, 1e3  # spread of the last layer over the first's
ALIKE = 1e-4  # spread between units, over the layer's own: below, units are the same


@dataclass(frozen=True)
class InitializationComparison:
    """The spread through depth under each initialization. It prints as text and draws itself.

    Attributes:
        network: Name of the network.
        images: What it was given, in words.
        spreads: By initialization, one for each layer with weights, in the order of execution.
        notes: What a person should know.
    """

    network: str
    images: str
    spreads: Mapping[str, tuple[LayerSpread, ...]] = field(repr=False)
    notes: tuple[str, ...] = ()

    def outcome(self, initialization: str) -> str:
        """What becomes of the signal under an initialization, in a few words."""
        rows = self.spreads[initialization]
        if all(row.std_between_units <= ALIKE * row.std for row in rows[1:]) and len(rows) > 1:
            return "all units of a layer are alike"
        ratio = rows[-1].std / rows[0].std if rows[0].std > 0 else 0.0
        if ratio < SHRINKS:
            return "dies out" if ratio < DIES else "shrinks"
        if ratio > GROWS:
            return "explodes" if ratio > EXPLODES else "grows"
        return "keeps its size"

    def _rows(self) -> list[tuple[str, ...]]:
        layers = [row.layer for row in next(iter(self.spreads.values()))]
        columns = [[_short(row.std) for row in rows] for rows in self.spreads.values()]
        return list(zip(layers, *columns, strict=True))

    def __str__(self) -> str:
        headings = ("layer", *self.spreads)
        rows = [headings, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
        lines = [f"Spread of each layer's outputs before training: {self.network}, {self.images}"]
        for name, *values in rows:
            cells = "  ".join(f"{v:>{w}}" for v, w in zip(values, widths[1:], strict=True))
            lines.append(f"  {name:<{widths[0]}}  {cells}")
        width = max(len(name) for name in self.spreads)
        lines += ["", "From the first layer to the last, the signal:"]
        lines += [f"  {name:<{width}}  {self.outcome(name)}" for name in self.spreads]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        outcomes = ("the signal", *(self.outcome(name) for name in self.spreads))
        caption = f"Standard deviation of each layer's outputs: {self.network}, {self.images}"
        return table([*self._rows(), outcomes], ("layer", *self.spreads), caption=caption)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the spread layer after layer, one line for each initialization.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.inspection.initialization.figure import initialization_figure

        return initialization_figure(self.spreads, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "network": self.network,
            "images": self.images,
            "initializations": {
                name: {
                    "outcome": self.outcome(name),
                    "layers": [row.as_dict() for row in rows],
                }
                for name, rows in self.spreads.items()
            },
            "notes": list(self.notes),
        }


@in_usual_settings
def compare_initializations(
    network: Inspectable,
    data: Data | Tensor | None = None,
    *,
    choices: Iterable[str] = tuple(INITIALIZATIONS),
    seed: int = 0,
    split: str = "train",
    size: int | None = None,
    channels: int | None = None,
    device: str = "auto",
) -> InitializationComparison:
    """Compare what each initialization does to the spread of activations through depth.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
            Copied for each initialization; left as found.
        data: A name, a folder or `.zip`, or an `ImageSet`, of which a batch is taken (64
            images, fewer large ones); or images
            (N, C, H, W) as the network takes them. None: images of noise.
        choices: Some of `networks.initialization.INITIALIZATIONS`.
        seed: Decides the random weights. The state of PyTorch's generators is left as found.
        split: Which images of the data.
        size: Height and width of the images. None: what the run was trained with, or the usual.
        channels: Channels of the images, for a network of the catalog. None: the usual.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.

    Raises:
        UsageError: There is no such network, data or initialization, or no layer with weights.
    """
    opened = open_network(network, size=size, channels=channels, device=device)
    images, words, notes = _images(opened, data, split)
    spreads = {}
    for choice in choices:
        fresh = copy_module(opened.network)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            initialize(fresh, choice)
        spreads[choice] = tuple(measure_spread(fresh, images))
    if not spreads or not all(spreads.values()):
        raise UsageError(f"{opened.name} has no convolution or dense layer to initialize.")
    return InitializationComparison(opened.name, words, spreads, notes)


def _images(
    network: OpenedNetwork, data: Data | Tensor | None, split: str
) -> tuple[Tensor, str, tuple[str, ...]]:
    """Images as the network takes them, what they are in words, and notes."""
    if isinstance(data, Tensor):
        return data, f"{len(data)} images", ()
    if data is not None:
        opened = open_data(network, data, split, most=IMAGES_AT_ONCE)
        images, _ = next(opened.batches())
        # That a network isn't trained goes without saying here.
        notes = tuple(note for note in opened.notes if note not in network.notes)
        return images, f"{len(images)} images of {opened.images.name}", notes
    if network.channels is None or network.size is None:
        raise UsageError(
            f"How {network.name} wants its images isn't known. Give some as data: a tensor (N, "
            "channels, height, width), as the network takes them."
        )
    shape = (network.channels, network.size, network.size)
    count = images_at_once(prod(shape))
    noise = torch.randn(count, *shape, generator=torch.Generator().manual_seed(0))
    weights = next(network.network.parameters(), noise)
    return noise.to(weights.device, weights.dtype), f"{count} images of noise", ()


def _short(value: float) -> str:
    return f"{value:.2g}"
