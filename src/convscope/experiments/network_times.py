"""Networks of the catalog: operations of a forward pass, and the time that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.errors import UsageError
from convscope.experiments.layer_times import LayerTime, time_layers
from convscope.look.language import pick
from convscope.look.numbers import duration, number, quantity
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import build

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USUAL = (
    "resnet18-32px",
    "googlenet-32px",
    "densenet-32px",
    "mobilenet-v1-32px",
    "mobilenet-v2-32px",
)


@dataclass(frozen=True)
class NetworkTimes(Printed):
    """Operations and times of networks, for one image on one thread.

    Attributes:
        networks: By name.
        image: (channels, height, width).
    """

    networks: Mapping[str, LayerTime]
    image: tuple[int, int, int]

    @property
    def fastest_rate(self) -> str:
        """The network that does most operations in a second."""
        return max(self.networks, key=lambda name: self.networks[name].gflops)

    @property
    def slowest_rate(self) -> str:
        """The network that does fewest operations in a second."""
        return min(self.networks, key=lambda name: self.networks[name].gflops)

    def shown(self) -> Iterator[Part]:
        """A row for each network, the quickest first."""
        ranked = sorted(self.networks.items(), key=lambda each: each[1].seconds)
        yield TextTable(
            pick(
                f"One image of {'×'.join(map(str, self.image))}, one thread",
                f"一幅 {'×'.join(map(str, self.image))} 的图像，单线程",
            ),
            (pick("network", "网络"), "MACs", pick("time", "时间"), "GFLOP/s"),
            [
                (name, quantity(each.macs), duration(each.seconds), number(each.gflops, 3))
                for name, each in ranked
            ],
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Time over operations, and a line on which time would be operations.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, footnote, headline
        from convscope.look.palette import FAINT, MARKERS, SERIES

        quickest = self.networks[self.fastest_rate]
        with drawing(path, 8.5, 4.6) as figure:
            headline(
                figure,
                pick(
                    "Operations don't tell the time of a network",
                    "运算量说明不了网络的时间",
                ),
            )
            axes = figure.subplots()
            most = 1.1 * max(each.macs for each in self.networks.values()) / 1e6
            slope = 1e3 * quickest.seconds / (quickest.macs / 1e6)
            axes.plot([0, most], [0, slope * most], color=FAINT, linewidth=1)
            for place, (name, each) in enumerate(self.networks.items()):
                axes.plot(
                    each.macs / 1e6, 1e3 * each.seconds, MARKERS[place % 7], markersize=10,
                    color=SERIES[place % 7], linestyle="none", label=name,
                )  # fmt: skip
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
            figure.legend(loc="outside right center")
            axes.set_xlabel(pick("million MACs for one image", "每幅图像的百万次乘加"))
            axes.set_ylabel(pick("milliseconds", "毫秒"))
            footnote(
                figure,
                pick(
                    f"Line: as many operations per second as {self.fastest_rate}.",
                    f"线：每秒运算次数与 {self.fastest_rate} 相同。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        networks = {name: each._asdict() for name, each in self.networks.items()}
        return {"networks": networks, "image": list(self.image)}


def time_networks(
    networks: Sequence[str] = USUAL, *, image: tuple[int, int, int] = (3, 32, 32)
) -> NetworkTimes:
    """Time a forward pass of each network on one image, on one thread.

    Args:
        networks: Names of the catalog.
        image: (channels, height, width).

    Raises:
        UsageError: There is no such network, or none is named.
    """
    if not networks:
        raise UsageError("time_networks needs at least one network.")
    made = {name: (build(name, in_channels=image[0]).eval(), image) for name in networks}
    return NetworkTimes(time_layers(made).layers, image)
