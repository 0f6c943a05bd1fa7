"""The networks as an image: what each costs, and how accurate it came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    EngFormatter,
    FixedLocator,
    FuncFormatter,
    NullLocator,
    PercentFormatter,
)

from convscope.comparison.evaluation_record import EvaluationRecord
from convscope.look.canvas import drawable, drawing, footnote, headline, shortened
from convscope.look.numbers import duration
from convscope.look.palette import INK, MARKERS, SERIES
from convscope.networks.catalog import entry
from convscope.planning.decisions import expected_epoch_seconds
from convscope.planning.forecast import Forecast
from convscope.planning.overview import NetworkCost, Overview

LARGEST, SMALLEST = 420, 14  # square points, of the marks
SECONDS = (0.1, 1, 10, 60, 600, 3600, 36_000, 360_000)  # that are marked on an axis of time
MOST_NAMES = 12  # of networks in one image; of more, only the ends of each family are named


def overview_figure(
    found: Overview,
    forecasts: Mapping[str, Forecast],
    evaluated: Mapping[str, EvaluationRecord],
    data: str | Path,
    path: str | Path,
) -> None:
    """Draw time against MACs of all networks, and accuracy against time of the trained.

    Args:
        found: The networks.
        forecasts: Of each.
        evaluated: Of those that were trained.
        data: Name or path, for the headline.
        path: The PNG to write.
    """
    trained = [cost for cost in found.costs if cost.network in evaluated]
    seconds = {name: expected_epoch_seconds(forecast) for name, forecast in forecasts.items()}
    with drawing(path, 13.0, 6.6) as figure:
        name = shortened(drawable(Path(data).name, instead="images"), 30)
        headline(figure, f"What networks cost on {name}, {found.size}×{found.size} pixels")
        left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
        left.set_title("Time of an epoch")
        left.set_xlabel("MACs for an image, forward")
        left.set(xscale="log", yscale="log")
        left.xaxis.set_major_formatter(EngFormatter())
        left.xaxis.set_minor_locator(NullLocator())
        _mark_times(left.yaxis)
        left.margins(0.12, 0.08)
        points = {cost.network: (cost.macs, seconds[cost.network]) for cost in found.costs}
        _draw(left, found.costs, points, found)
        right.set_title("Accuracy of those that were trained")
        if trained:
            _draw_accuracies(right, trained, seconds, evaluated, found)
        else:
            right.set_axis_off()
            right.text(0, 0.9, "No run on these images yet: convscope train", color=INK)
        figure.legend(*left.get_legend_handles_labels(), loc="outside right upper", markerscale=0.8)
        footnote(
            figure,
            "The larger the mark, the more parameters. Times are forecasts for this machine. "
            "Accuracy: the best run of each network on the test images, with 95 % interval.",
        )


def _draw_accuracies(
    axes: Axes,
    trained: Sequence[NetworkCost],
    seconds: Mapping[str, float],
    evaluated: Mapping[str, EvaluationRecord],
    found: Overview,
) -> None:
    points = {}
    for cost in trained:
        result = evaluated[cost.network]
        points[cost.network] = place = (seconds[cost.network], result.accuracy)
        axes.vlines(place[0], *result.interval, color=INK, linewidth=1.0)
    axes.set_xlabel("time of an epoch, forecast")
    axes.set_xscale("log")
    _mark_times(axes.xaxis)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.margins(x=0.25, y=0.12)
    _draw(axes, trained, points, found)


def _mark_times(axis: Axis) -> None:
    axis.set_major_locator(FixedLocator(SECONDS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))


def _named(costs: Sequence[NetworkCost]) -> set[str]:
    """The networks whose names there is room for."""
    if len(costs) <= MOST_NAMES:
        return {cost.network for cost in costs}
    families: dict[str, list[str]] = {}
    for cost in costs:
        families.setdefault(entry(cost.network).family, []).append(cost.network)
    return {name for names in families.values() for name in (names[0], names[-1])}


def _draw(
    axes: Axes,
    costs: Sequence[NetworkCost],
    points: Mapping[str, tuple[float, float]],
    found: Overview,
) -> None:
    """A mark for each network, and its name; the colour is that of its family."""
    families = list(dict.fromkeys(entry(cost.network).family for cost in found.costs))
    most = max(cost.parameters for cost in found.costs)
    named, labelled = _named(costs), set()
    for cost in sorted(costs, key=lambda each: -each.parameters):
        family = entry(cost.network).family
        number = families.index(family)
        axes.scatter(
            *points[cost.network],
            s=max(SMALLEST, LARGEST * cost.parameters / most),
            color=SERIES[number % len(SERIES)],
            marker=MARKERS[number // len(SERIES)],
            alpha=0.75,
            linewidths=0,
            label=None if family in labelled else family,
            zorder=3,
        )
        labelled.add(family)
        if cost.network in named:
            axes.annotate(
                cost.network, points[cost.network], xytext=(5, 3), textcoords="offset points",
                fontsize=8, color=INK, zorder=4,
            )  # fmt: skip
