"""Forecasts as pictures: the memory of a step as it goes on, time and memory by batch size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FixedLocator, FuncFormatter, NullLocator

from convscope.evaluation.figures.canvas import (
    FAINT,
    INK,
    drawable,
    drawing,
    footnote,
    headline,
    shortened,
)
from convscope.planning.forecast import Forecast, Forecaster
from convscope.planning.memory_timeline import KINDS, MemoryTimeline, memory_timeline
from convscope.planning.words import size_words, time_words

# Okabe and Ito, "Color universal design", 2008: told apart with any kind of colour blindness.
COLOURS = ("#0072b2", "#cc79a7", "#7b8794", "#d55e00", "#56b4e9", "#e69f00")
NAMES = {
    "parameters": "parameters",
    "optimizer": "state of the optimizer",
    "pictures": "pictures of the batch",
    "gradients": "gradients",
    "activations": "activations kept for the backward pass",
    "temporary": "temporary",
}
HALVINGS, DOUBLINGS = 4, 2  # of the batch size, that are drawn
MEASURING_SECONDS = 0.4  # for each batch size
NAMED_LAYERS = 5


def plan_figure(forecaster: Forecaster, forecast: Forecast, path: str | Path) -> None:
    """Draw the memory over a training step, and time and memory against the batch size.

    Args:
        forecaster: Made the forecast.
        forecast: Of the batch size in question.
        path: The PNG to write.
    """
    around = [
        forecast
        if batch_size == forecast.batch_size
        else forecaster.at(batch_size, measuring_seconds=MEASURING_SECONDS)
        for batch_size in _batch_sizes(forecast.batch_size, forecaster.workload.counts["train"])
    ]
    timeline = memory_timeline(forecaster.step, forecast.batch_size)
    with drawing(path, 11.0, 8.4) as figure:
        headline(figure, _headline(forecast))
        top, bottom = figure.subfigures(2, 1, height_ratios=(1.15, 1))
        _draw_timeline(top, timeline, forecast)
        left, right = bottom.subplots(1, 2)
        _draw_times(left, around, forecast)
        _draw_memory(right, around, forecast)
        footnote(
            figure,
            "Bars hold the outcome nine times in ten. The larger mark is the batch size planned.",
        )


def _batch_sizes(middle: int, pictures: int) -> list[int]:
    sizes = {middle // 2**i for i in range(HALVINGS + 1)}
    sizes |= {middle * 2**i for i in range(DOUBLINGS + 1)}
    return sorted(size for size in sizes if 1 <= size <= max(pictures, middle))


def _headline(forecast: Forecast) -> str:
    name = shortened(drawable(forecast.network, instead="network"), 30)
    return (
        f"{name}, batch size {forecast.batch_size}, {forecast.size}×{forecast.size} pixels, "
        f"{forecast.precision}: {time_words(forecast.step.value)} a step, "
        f"{size_words(forecast.memory.value)}"
    )


def _draw_timeline(figure: Figure, timeline: MemoryTimeline, forecast: Forecast) -> None:
    axes = figure.subplots()
    axes.set_title("Memory over a training step")
    steps = np.arange(timeline.bytes.shape[1])
    shown = [row for row in range(len(KINDS)) if timeline.bytes[row].any()]
    axes.stackplot(
        steps,
        timeline.bytes[shown],
        labels=[NAMES[KINDS[row]] for row in shown],
        colors=[COLOURS[row] for row in shown],
        step="post",
        linewidth=0,
    )
    axes.yaxis.set_major_formatter(EngFormatter(unit="B", places=None))
    axes.set_xlim(0, max(1, len(steps) - 1))
    total = timeline.bytes.sum(axis=0)
    axes.set_ylim(0, 1.3 * total.max())
    axes.grid(visible=False, axis="x")
    axes.set_xticks([])
    _mark_phases(axes, timeline)
    _name_layers(axes, timeline, total)
    outside = size_words(forecast.memory.value - total.max())
    axes.set_xlabel(
        f"blocks of memory taken and given back, in order. Beside these, {outside} for the "
        "process, the data set and the allocator's reserve",
        fontsize=9,
        color=FAINT,
    )
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right upper", fontsize=9)


def _mark_phases(axes: Axes, timeline: MemoryTimeline) -> None:
    for phase in ("forward", "backward", "optimizer"):
        start = timeline.first(phase)
        if start is None:
            continue
        axes.axvline(start, color=INK, linewidth=0.8, linestyle=":")
        axes.annotate(
            phase, (start, 1), xycoords=("data", "axes fraction"), xytext=(4, -4),
            textcoords="offset points", va="top", fontsize=9, color=INK,
        )  # fmt: skip


def _name_layers(axes: Axes, timeline: MemoryTimeline, total: np.ndarray) -> None:
    """Name the layers under way at the highest moments, apart from one another."""
    room = max(1, len(total) // 12)
    free = np.ones(len(total), bool)
    named: set[str] = set()
    for index in np.argsort(-total, kind="stable"):
        layer = timeline.layers[index]
        if not free[index] or not layer or layer in named:
            continue
        free[max(0, index - room) : index + room] = False
        named.add(layer)
        axes.annotate(
            shortened(drawable(layer, instead="layer"), 26), (index, total[index]),
            xytext=(0, 10), textcoords="offset points", ha="center", fontsize=8, color=INK,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.8},
        )  # fmt: skip
        if len(named) == NAMED_LAYERS:
            return


def _draw_times(axes: Axes, around: Sequence[Forecast], forecast: Forecast) -> None:
    axes.set_title("Time of an epoch")
    middles = [each.epoch_seconds * each.step.value / each.uncorrected["step"] for each in around]
    shares = [
        (each.step.low / each.step.value, each.step.high / each.step.value) for each in around
    ]
    lows = [middle * (1 - low) for middle, (low, _) in zip(middles, shares, strict=True)]
    highs = [middle * (high - 1) for middle, (_, high) in zip(middles, shares, strict=True)]
    _draw_against_batches(axes, around, forecast, middles, lows, highs)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: time_words(seconds)))


def _draw_memory(axes: Axes, around: Sequence[Forecast], forecast: Forecast) -> None:
    axes.set_title("Peak memory of the process")
    middles = [each.memory.value for each in around]
    lows = [each.memory.value - each.memory.low for each in around]
    highs = [each.memory.high - each.memory.value for each in around]
    _draw_against_batches(axes, around, forecast, middles, lows, highs)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda size, _: size_words(size)))


def _draw_against_batches(
    axes: Axes,
    around: Sequence[Forecast],
    forecast: Forecast,
    middles: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
) -> None:
    sizes = [each.batch_size for each in around]
    axes.errorbar(
        sizes, middles, yerr=(lows, highs), color=COLOURS[0], marker="o", markersize=4,
        linewidth=1.6, elinewidth=1.0, capsize=3,
    )  # fmt: skip
    at = sizes.index(forecast.batch_size)
    axes.plot(sizes[at], middles[at], color=COLOURS[3], marker="o", markersize=9)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:.0f}"))
    axes.set_ylim(0, 1.08 * max(m + h for m, h in zip(middles, highs, strict=True)))
    axes.set_xlabel("pictures per step")
