"""A forecast as a figure: the memory of a step as it goes on, time and memory by batch size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from convscope.look import numbers
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.numbers import duration
from convscope.look.palette import (
    BLUE,
    FAINT,
    GREEN,
    INDIGO,
    INK,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
)
from convscope.planning.forecast import Forecast
from convscope.planning.forecaster import Forecaster
from convscope.planning.history import Range
from convscope.planning.memory_timeline import KINDS, MemoryTimeline, memory_timeline

NAMES = {
    "parameters": "parameters",
    "optimizer": "optimizer's state",
    "average": "averaged weights",
    "images": "batch",
    "gradients": "gradients",
    "activations": "activations kept for backward",
    "temporary": "temporary",
    "workspace": "workspace of convolutions",
}
PART_COLOURS = {
    "parameters": BLUE,
    "optimizer": PINK,
    "average": INDIGO,  # darker than the colours around it
    "images": FAINT,
    "gradients": VERMILION,
    "activations": SKY,
    "temporary": ORANGE,
    "workspace": GREEN,
}
UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))
HALVINGS, DOUBLINGS = 4, 2  # of the batch size, that are drawn
MEASURING_SECONDS = 0.4  # for each batch size
NAMED_LAYERS = 8


def plan_figure(
    forecaster: Forecaster, forecast: Forecast, path: str | Path | None = None
) -> Figure:
    """Draw the memory over a training step, and time and memory against the batch size.

    Args:
        forecaster: What made the forecast, and makes it for other batch sizes.
        forecast: The run with the batch size in question.
        path: The PNG to write; None: none is.
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
        top, bottom = figure.subfigures(2, 1, height_ratios=(1.15, 1))  # type: ignore[misc]
        _draw_step(top, timeline, forecast)
        left, right = bottom.subplots(1, 2)
        _draw_times(left, around, forecast)
        _draw_memory(right, around, forecast)
        footnote(
            figure,
            "Bars hold the outcome nine times in ten. The larger mark is the batch size planned.",
        )
    return figure


def _batch_sizes(middle: int, images: int) -> list[int]:
    sizes = {middle // 2**i for i in range(HALVINGS + 1)}
    sizes |= {middle * 2**i for i in range(DOUBLINGS + 1)}
    return sorted(size for size in sizes if 1 <= size <= max(images, middle))


def _headline(forecast: Forecast) -> str:
    name = shorten(drawable(forecast.network, instead="network"), 30)
    return (
        f"{name}, batch size {forecast.batch_size}, {forecast.size}×{forecast.size} pixels, "
        f"{forecast.precision}: {duration(forecast.step.value)} a step, "
        f"{numbers.size(forecast.memory.value)}"
    )


def _draw_step(figure: Figure, timeline: MemoryTimeline, forecast: Forecast) -> None:
    axes, beside = figure.subplots(1, 2, width_ratios=(2.6, 1))
    axes.set_title("Memory over a training step")
    moments = np.arange(timeline.bytes.shape[1])
    shown = [row for row in range(len(KINDS)) if timeline.bytes[row].any()]
    axes.stackplot(
        moments,
        timeline.bytes[shown],
        labels=[NAMES[KINDS[row]] for row in shown],
        colors=[PART_COLOURS[KINDS[row]] for row in shown],
        step="post",
        linewidth=0,
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda size, _: numbers.size(size)))
    axes.set_axisbelow(True)
    axes.set_xlim(0, max(1, len(moments) - 1))
    axes.grid(visible=False, axis="x")
    axes.set_xticks([])
    total = timeline.bytes.sum(axis=0)
    axes.set_ylim(0, 1.25 * total.max())
    peak = int(total.argmax())
    axes.annotate(
        numbers.size(total[peak]), (peak, total[peak]), xytext=(0, 4),
        textcoords="offset points", ha="center", fontsize=9, color=INK,
    )  # fmt: skip
    _mark_phases(axes, timeline)
    outside = numbers.size(forecast.memory.value - total[peak])
    axes.set_xlabel(
        f"each block taken or given back. Besides: {outside} for process, data set, reserve",
        fontsize=9,
        color=FAINT,
    )
    _draw_layers(beside, forecast)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower left", ncols=6, fontsize=9)


def _draw_layers(axes: Axes, forecast: Forecast) -> None:
    axes.set_title("Layers that keep most")
    layers = sorted(forecast.step_memory.layers.items(), key=lambda each: -each[1])[:NAMED_LAYERS]
    names = [shorten(drawable(name, instead="layer"), 24) or "loss" for name, _ in layers]
    axes.barh(range(len(layers)), [size for _, size in layers], color=SKY, height=0.65)
    axes.set_yticks(range(len(layers)), names, fontsize=9, parse_math=False)
    axes.set_ylim(NAMED_LAYERS - 0.4, -0.6)
    axes.set_axisbelow(True)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: numbers.size(size)))


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


def _draw_times(axes: Axes, around: Sequence[Forecast], forecast: Forecast) -> None:
    longest = max(each.epoch.high for each in around)
    unit, seconds = next(each for each in UNITS if longest >= 2 * each[1] or each[1] == 1)
    axes.set_title(f"Time of an epoch ({unit})")
    ranges = [
        Range(each.epoch.value / seconds, each.epoch.low / seconds, each.epoch.high / seconds)
        for each in around
    ]
    _draw_ranges(axes, around, forecast, ranges)


def _draw_memory(axes: Axes, around: Sequence[Forecast], forecast: Forecast) -> None:
    axes.set_title("Peak memory of the process")
    _draw_ranges(axes, around, forecast, [each.memory for each in around])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda size, _: numbers.size(size)))


def _draw_ranges(
    axes: Axes, around: Sequence[Forecast], forecast: Forecast, ranges: Sequence[Range]
) -> None:
    sizes = [each.batch_size for each in around]
    values = [each.value for each in ranges]
    below = [each.value - each.low for each in ranges]
    above = [each.high - each.value for each in ranges]
    axes.errorbar(
        sizes, values, yerr=(below, above), color=BLUE, marker="o", markersize=4,
        linewidth=1.6, elinewidth=1.0, capsize=3,
    )  # fmt: skip
    at = sizes.index(forecast.batch_size)
    axes.plot(sizes[at], values[at], color=VERMILION, marker="o", markersize=9)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:.0f}"))
    axes.set_ylim(0, 1.08 * max(each.high for each in ranges))
    axes.set_xlabel("images per step")
