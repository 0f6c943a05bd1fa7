"""All networks in one figure: what each costs, and how accurate it came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import (
    EngFormatter,
    FixedLocator,
    FuncFormatter,
    NullLocator,
    PercentFormatter,
)

from convscope.comparison.evaluation_record import EvaluationRecord
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.numbers import duration
from convscope.look.palette import INK, SERIES
from convscope.networks.catalog import entry

MARKERS = ("o", "s", "^", "D")
LARGEST, SMALLEST = 420, 14  # square points, of the marks
SECONDS = (0.1, 1, 10, 60, 600, 3600, 36_000, 360_000)  # that are marked on an axis of time
MOST_NAMES = 12  # of networks in one image; of more, only the ends of each family are named


def overview_figure(
    data: str,
    size: int,
    costs: Mapping[str, tuple[int, int]],
    seconds: Mapping[str, float],
    evaluated: Mapping[str, EvaluationRecord],
    path: str | Path | None = None,
) -> Figure:
    """Draw time against MACs of all networks, and accuracy against time of the trained.

    Args:
        data: Name or path of the images, for the headline.
        size: Height and width of the images.
        costs: MACs for an image, and parameters, of each network; the cheapest first.
        seconds: Time of an epoch with each network.
        evaluated: Evaluations of those that were trained.
        path: The PNG to write; None: none is.
    """
    trained = [name for name in costs if name in evaluated]
    with drawing(path, 13.0, 6.6) as figure:
        name = shorten(drawable(Path(data).name, instead="images"), 30)
        headline(figure, f"What networks cost on {name}, {size}×{size} pixels")
        left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
        left.set_title("Time of an epoch")
        left.set_xlabel("MACs for an image, forward")
        left.set(xscale="log", yscale="log")
        left.xaxis.set_major_formatter(EngFormatter())
        left.xaxis.set_minor_locator(NullLocator())
        _mark_times(left.yaxis)
        left.margins(0.12, 0.08)
        _draw(left, {name: (macs, seconds[name]) for name, (macs, _) in costs.items()}, costs)
        right.set_title("Accuracy of those that were trained")
        if trained:
            _draw_accuracies(right, trained, seconds, evaluated, costs)
        else:
            right.set_axis_off()
            right.text(0, 0.9, "No run on these images yet: convscope train", color=INK)
        figure.legend(*left.get_legend_handles_labels(), loc="outside right upper", markerscale=0.8)
        footnote(
            figure,
            "The larger the mark, the more parameters. Times are forecasts for this machine. "
            "Accuracy: the best run of each network on the test images, with 95 % interval.",
        )
    return figure


def _draw_accuracies(
    axes: Axes,
    trained: Sequence[str],
    seconds: Mapping[str, float],
    evaluated: Mapping[str, EvaluationRecord],
    costs: Mapping[str, tuple[int, int]],
) -> None:
    points = {name: (seconds[name], evaluated[name].accuracy) for name in trained}
    for name in trained:
        axes.vlines(seconds[name], *evaluated[name].interval, color=INK, linewidth=1.0)
    axes.set_xlabel("time of an epoch, forecast")
    axes.set_xscale("log")
    _mark_times(axes.xaxis)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.margins(x=0.25, y=0.12)
    _draw(axes, points, costs)


def _mark_times(axis: Axis) -> None:
    axis.set_major_locator(FixedLocator(SECONDS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))


def _named(networks: Sequence[str]) -> set[str]:
    """The networks whose names there is room for."""
    if len(networks) <= MOST_NAMES:
        return {*networks}
    families: dict[str, list[str]] = {}
    for network in networks:
        families.setdefault(entry(network).family, []).append(network)
    return {name for names in families.values() for name in (names[0], names[-1])}


def _draw(
    axes: Axes,
    points: Mapping[str, tuple[float, float]],
    costs: Mapping[str, tuple[int, int]],
) -> None:
    """A mark for each network, and its name; the colour is that of its family."""
    families = list(dict.fromkeys(entry(network).family for network in costs))
    parameters = {network: count for network, (_, count) in costs.items()}
    named, labelled = _named([*points]), set()
    for network in sorted(points, key=lambda each: -parameters[each]):
        family = entry(network).family
        number = families.index(family)
        axes.scatter(
            *points[network],
            s=max(SMALLEST, LARGEST * parameters[network] / max(parameters.values())),
            color=SERIES[number % len(SERIES)],
            marker=MARKERS[number // len(SERIES)],
            alpha=0.75,
            linewidths=0,
            label=None if family in labelled else family,
            zorder=3,
        )
        labelled.add(family)
        if network in named:
            axes.annotate(
                network, points[network], xytext=(5, 3), textcoords="offset points",
                fontsize=8, color=INK, zorder=4,
            )  # fmt: skip
