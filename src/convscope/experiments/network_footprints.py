"""Networks of the catalog beside one another: parameters, operations, and memory of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.errors import UsageError, unknown_name
from convscope.experiments.step_footprint import BATCH, measure_footprint
from convscope.inspection.trace.trace import trace
from convscope.look.language import pick
from convscope.look.numbers import number, quantity, size
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import build

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class NetworkFootprint:
    """What one network takes.

    Attributes:
        network: Its name in the catalog.
        parameters: Weights and biases.
        macs: Multiply–adds for one image, forward.
        kept: Bytes of one image's activations that training keeps for the backward pass.
        most: Bytes in use at once in a training step.
    """

    network: str
    parameters: int
    macs: int
    kept: int
    most: int


@dataclass(frozen=True)
class NetworkFootprints(Printed):
    """Several networks, the first as what the others are compared with.

    Attributes:
        networks: In the order in which they were asked for.
        image: (channels, height, width) of the images.
        batch_size: Images of a step.
    """

    networks: tuple[NetworkFootprint, ...]
    image: tuple[int, int, int]
    batch_size: int

    def __getitem__(self, name: str) -> NetworkFootprint:
        """The network of this name.

        Raises:
            UsageError: It isn't among them.
        """
        for each in self.networks:
            if each.network == name:
                return each
        raise unknown_name("network", name, [each.network for each in self.networks])

    def ratio(self, what: str, first: str, second: str) -> float:
        """`parameters`, `macs`, `kept` or `most` of one network over that of another."""
        return float(getattr(self[first], what) / getattr(self[second], what))

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        image = "×".join(map(str, self.image))
        yield TextTable(
            pick(
                f"Images of {image}; memory of a step with {self.batch_size} of them",
                f"图像 {image}；内存按每步 {self.batch_size} 幅计",
            ),
            (
                pick("network", "网络"), pick("parameters", "参数"), "MACs",
                pick("kept for one image", "每幅图像保存"), pick("memory of a step", "一步的内存"),
            ),
            [
                (each.network, f"{each.parameters:,}", quantity(each.macs), size(each.kept),
                 size(each.most))
                for each in self.networks
            ],
        )  # fmt: skip

    def figure(self, path: str | Path | None = None) -> Figure:
        """Parameters, operations and kept activations as multiples of the first network's.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        import numpy as np

        from convscope.look.canvas import drawing, footnote, headline
        from convscope.look.palette import SERIES

        first = self.networks[0]
        names = (
            pick("parameters", "参数"), pick("operations", "运算量"),
            pick("kept for the\nbackward pass", "为反向传播\n保存的内存"),
        )  # fmt: skip
        fields = ("parameters", "macs", "kept")
        count = len(self.networks)
        with drawing(path, 9.0, 1.9 + 0.9 * count) as figure:
            headline(
                figure,
                pick(
                    "Few parameters don't mean little memory",
                    "参数少，不等于内存少",
                ),
            )
            axes = figure.subplots()
            thickness = 0.8 / count
            for place, each in enumerate(self.networks):
                ratios = [self.ratio(field, each.network, first.network) for field in fields]
                at = np.arange(len(fields)) + thickness * (place - (count - 1) / 2)
                colour = SERIES[place % len(SERIES)]
                bars = axes.barh(at, ratios, 0.88 * thickness, color=colour, label=each.network)
                axes.bar_label(bars, [f"{number(r, 2)} ×" for r in ratios], padding=3, fontsize=9)
            axes.set_yticks(range(len(fields)), names)
            axes.invert_yaxis()
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            axes.margins(x=0.12)
            axes.set_xlabel(pick(f"times {first.network}", f"相对于 {first.network} 的倍数"))
            figure.legend(loc="outside right center")
            footnote(
                figure,
                pick(
                    "One image; training in float32 by PyTorch.",
                    "按一幅图像计；用 PyTorch 以 float32 训练。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "networks": [asdict(each) for each in self.networks],
            "image": list(self.image),
            "batch_size": self.batch_size,
        }


def compare_footprints(
    networks: Sequence[str] = ("resnet18", "densenet", "resnet50", "densenet121"),
    *,
    image: tuple[int, int, int] = (1, 96, 96),
    batch_size: int = BATCH,
) -> NetworkFootprints:
    """Count parameters, operations and the memory of a training step; nothing is computed.

    Args:
        networks: Names of the catalog.
        image: (channels, height, width).
        batch_size: Images of a step.

    Raises:
        UsageError: There is no such network, or it doesn't take such images.
    """
    import torch

    if not networks:
        raise UsageError("compare_footprints needs at least one network.")
    found = []
    for name in networks:
        with torch.device("meta"):
            network = build(name, in_channels=image[0])
        traced = trace(network, image)
        step = measure_footprint(network, image, batch_size=batch_size)
        found.append(NetworkFootprint(name, traced.parameters, traced.macs, step.kept, step.most))
    return NetworkFootprints(tuple(found), image, batch_size)
