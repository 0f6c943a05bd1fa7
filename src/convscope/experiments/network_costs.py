"""Where a network keeps its parameters, and where it does its work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.inspection.open.network import Inspectable
from convscope.inspection.trace.trace import trace
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent, quantity
from convscope.look.palette import KINDS
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Shape = Sequence[int]


@dataclass(frozen=True)
class CountedNetwork:
    """What a network costs for one image.

    Attributes:
        name: What it is called.
        shape: (channels, height, width) of the image.
        convolutions: How many convolutional layers there are.
        dense: How many dense layers.
        parameters: Of all layers.
        dense_parameters: Of the dense layers alone.
        macs: Multiply-accumulate operations of a forward pass.
        dense_macs: Those of the dense layers alone.
    """

    name: str
    shape: tuple[int, ...]
    convolutions: int
    dense: int
    parameters: int
    dense_parameters: int
    macs: int
    dense_macs: int

    @property
    def dense_share(self) -> float:
        """Share of the parameters that dense layers hold."""
        return self.dense_parameters / self.parameters

    @property
    def convolution_share(self) -> float:
        """Share of the MACs that convolutions do."""
        return 1 - self.dense_macs / self.macs


@dataclass(frozen=True)
class NetworkCosts(Printed):
    """Several networks beside one another.

    Attributes:
        rows: One for each network.
    """

    rows: tuple[CountedNetwork, ...]

    def __getitem__(self, name: str) -> CountedNetwork:
        """The network of this name.

        Raises:
            KeyError: There is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        headings = [
            pick("network", "网络"),
            pick("image", "图像"),
            pick("convolutions", "卷积层"),
            pick("dense layers", "全连接层"),
            pick("parameters", "参数"),
            pick("of them dense", "其中全连接"),
            "MACs",
            pick("of them convolutions", "其中卷积"),
        ]
        rows = [
            [
                row.name,
                "×".join(map(str, row.shape)),
                str(row.convolutions),
                str(row.dense),
                quantity(row.parameters),
                percent(row.dense_share, 0),
                quantity(row.macs),
                percent(row.convolution_share, 0),
            ]
            for row in self.rows
        ]
        yield TextTable(pick("What each network costs", "每个网络的开销"), headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Two bars for each network: its parameters, its MACs, each by kind of layer.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        return network_costs_figure(self.rows, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"rows": [asdict(row) | {"shape": [*row.shape]} for row in self.rows]}


def count_network_costs(
    networks: Mapping[str, tuple[Inspectable, Shape]],
) -> NetworkCosts:
    """Count parameters and MACs of networks, those of dense layers apart.

    Nothing is computed: the networks run on tensors without numbers (see `cs.trace`).

    Args:
        networks: By name to show, a network as `cs.trace` takes it, and the (channels, height,
            width) of its images.

    Raises:
        UsageError: A network or a shape isn't accepted.
    """
    rows = []
    for name, (network, shape) in networks.items():
        layers = trace(network, shape).layers
        dense = [layer for layer in layers if layer.kind == "dense"]
        rows.append(
            CountedNetwork(
                name=name,
                shape=tuple(shape),
                convolutions=sum(layer.kind == "convolution" for layer in layers),
                dense=len(dense),
                parameters=sum(layer.parameters for layer in layers),
                dense_parameters=sum(layer.parameters for layer in dense),
                macs=sum(layer.macs for layer in layers),
                dense_macs=sum(layer.macs for layer in dense),
            )
        )
    return NetworkCosts(tuple(rows))


def network_costs_figure(rows: Sequence[CountedNetwork], path: str | Path | None = None) -> Figure:
    """Draw where parameters and MACs are, one panel each, a bar for each network.

    Args:
        rows: The networks, from top to bottom.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 9.5, 1.8 + 0.55 * len(rows)) as figure:
        headline(
            figure,
            pick(
                "Dense layers hold the parameters, convolutions do the work",
                "参数多在全连接层，计算多在卷积层",
            ),
        )
        left, right = figure.subplots(1, 2, sharey=True)
        shown = [
            (left, pick("parameters, million", "参数（百万）"), 1e6, "parameters"),
            (right, pick("MACs for an image, billion", "每幅图像的 MAC 数（十亿）"), 1e9, "macs"),
        ]
        for axes, title, unit, of in shown:
            totals = [getattr(row, of) / unit for row in rows]
            dense = [getattr(row, f"dense_{of}") / unit for row in rows]
            _draw_bars(axes, totals, dense)
            axes.set_title(title, fontsize=11, loc="left")
        left.set_yticks(range(len(rows)), [row.name for row in rows])
        left.set_ylim(len(rows) - 0.5, -0.5)
        footnote(
            figure, pick("Blue: convolutions. Green: dense layers.", "蓝：卷积层；绿：全连接层。")
        )
    return figure


def _draw_bars(axes: Axes, totals: Sequence[float], dense: Sequence[float]) -> None:
    places = range(len(totals))
    convolutions = [total - part for total, part in zip(totals, dense, strict=True)]
    axes.barh(places, convolutions, color=KINDS["convolution"].edge, height=0.6)
    axes.barh(places, dense, left=convolutions, color=KINDS["dense"].edge, height=0.6)
    for place, total in zip(places, totals, strict=True):
        axes.text(total + 0.01 * max(totals), place, f" {total:.3g}", va="center")
    axes.set_xlim(0, 1.16 * max(totals))
    axes.set_axisbelow(True)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
