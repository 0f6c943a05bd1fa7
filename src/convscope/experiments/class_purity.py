"""What channels respond to, layer by layer: do their most exciting images show one class?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from convscope.data.image_set import ImageSet
from convscope.inspection.excitation.find import ExcitingImages, find_exciting_images
from convscope.inspection.open.network import Inspectable
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ClassPurity(Printed):
    """How much the images that excite a channel most are of one class.

    Attributes:
        purities: By layer, for each channel that responds at all: share of the commonest class
            among its most exciting images.
        chance: The same share, expected of as many images drawn blindly.
        found: By layer, the images themselves.
    """

    purities: Mapping[str, tuple[float, ...]]
    chance: float
    found: Mapping[str, ExcitingImages] = field(repr=False)

    def mean(self, layer: str) -> float:
        """Mean over the layer's channels."""
        return float(np.mean(self.purities[layer]))

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        title = pick(
            "Share of the commonest class among the images that excite a channel most",
            "最能激发一个通道的图像中，最常见类别所占的比例",
        )
        headings = (pick("layer", "层"), pick("channels", "通道数"), pick("mean", "平均"))
        rows = [
            (layer, str(len(each)), percent(self.mean(layer), 0))
            for layer, each in self.purities.items()
        ]
        rows.append((pick("blindly drawn", "随机抽取"), "", percent(self.chance, 0)))
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw for each layer two typical channels, and framed what their strongest units see.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.class_purity_figure import purity_figure

        return purity_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold, without the images."""
        purities = {layer: list(each) for layer, each in self.purities.items()}
        return {"purities": purities, "chance": self.chance}


def measure_class_purity(
    network: Inspectable, images: ImageSet, layers: Sequence[str], *, count: int = 9
) -> ClassPurity:
    """Find the images that excite each channel most, and how much they are of one class.

    A channel that no image excites (whose strongest activation isn't above 0) is left out.

    Args:
        network: As for `find_exciting_images`.
        images: Where they are looked for; normalized as `find_exciting_images` does.
        layers: Names of layers.
        count: Images for each channel.

    Raises:
        UsageError: No such layer, or count is less than 1.
    """
    found, purities = {}, {}
    for layer in layers:
        channels = _channels(network, images, layer)
        excited = find_exciting_images(
            network, images, layer, range(channels), count=count, quiet=True
        )
        found[layer] = excited
        purities[layer] = tuple(
            Counter(each.label for each in best).most_common(1)[0][1] / len(best)
            for best in excited.channels.values()
            if best[0].value > 0
        )
    return ClassPurity(purities, _chance(images, count), found)


def read_purities(rows: Sequence[Mapping[str, Any]], *, trained: bool) -> dict[str, list[float]]:
    """Mean shares by layer, in percent, a number for each seed, as they were stored.

    Args:
        rows: Those of `lessons.stored("channel_purity")`.
        trained: Those of the trained networks, or of the same ones before training.
    """
    taken = sorted((r for r in rows if r["trained"] == trained), key=lambda row: row["seed"])
    layers = [name for name in taken[0] if name not in ("seed", "trained", "chance")]
    return {layer: [100 * row[layer] for row in taken] for layer in layers}


def _channels(network: Inspectable, images: ImageSet, layer: str) -> int:
    from convscope.graph.capture import capture
    from convscope.inspection.open.network import open_network

    graph = capture(open_network(network).network, images.image_shape)
    return graph[layer].unit_shape[0]


def _chance(images: ImageSet, count: int, draws: int = 2000) -> float:
    """The expected share of the commonest class among images drawn without looking."""
    random = torch.Generator().manual_seed(0)
    labels = torch.from_numpy(images.labels)
    shares = [
        torch.bincount(labels[torch.randperm(len(labels), generator=random)[:count]]).max()
        for _ in range(draws)
    ]
    return float(torch.stack(shares).float().mean()) / min(count, len(labels))
