"""The measurements as a figure: units, gradients, and the range test, layer by layer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from convscope.diagnosis.activations import Activation
from convscope.diagnosis.gradients import LayerGradient
from convscope.diagnosis.measurements import Measurements
from convscope.look.canvas import drawable, drawing, footnote, headline, shorten
from convscope.look.palette import BLUE, FAINT, INK, PALE_BLUE, PALE_GREEN, VERMILION

Layer = TypeVar("Layer")

NOW, FIRST, STUCK = BLUE, FAINT, VERMILION
ENDS = {("ReLU",): "give 0", ("sigmoid", "tanh"): "are near an end of the range"}
MOST_LAYERS = 40  # rows; of more, evenly chosen ones
ROW = 0.24  # inches
TITLE_PAD = 42  # points between title and drawing, for the legend


def draw_measurements(
    measured: Measurements, verdict: str, path: str | Path | None = None
) -> Figure:
    """Draw what was measured.

    Args:
        measured: Everything.
        verdict: What was found, in a few words.
        path: The PNG to write; None leaves the figure in memory.
    """
    gradients = _thinned([each for each in measured.gradients.layers if each.ratio is not None])
    units = _thinned(measured.activations)
    rows = max(len(gradients), len(units), 8)
    with drawing(path, 15, 2.2 + ROW * rows) as figure:
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.1, 1.1))
        _units(left, units)
        _gradients(middle, gradients, measured.gradients_first.layers)
        _range_test(right, measured)
        headline(figure, shorten(f"{verdict} · {measured.subject}", 120))
        footnote(
            figure,
            f"Units: {measured.images} training images, in training mode. Gradients: median "
            "over batches. Range test: Smith 2017, section 3.3.",
        )
    return figure


def _units(axes: Axes, units: list[Activation]) -> None:
    """For each activation function, how much of it is at its end."""
    axes.set_title("Activation functions", pad=TITLE_PAD)
    if not units:
        _say(axes, "No ReLU, sigmoid or tanh was seen.")
        return
    places = range(len(units))
    kinds = {each.kind for each in units}
    ends = [text for kind, text in ENDS.items() if kinds & set(kind)]
    axes.barh(
        places, [each.share_at_end for each in units], 0.72,
        color=PALE_BLUE, label=f"values that {' or '.join(ends)}",
    )  # fmt: skip
    axes.barh(
        places, [each.stuck for each in units], 0.36,
        color=STUCK, label="units that do so on every image",
    )  # fmt: skip
    _rows(axes, [_called(each) for each in units])
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of a layer")
    axes.grid(visible=False, axis="y")
    _legend(axes, columns=1)


def _gradients(
    axes: Axes, layers: list[LayerGradient], first_layers: tuple[LayerGradient, ...]
) -> None:
    """For each layer, the length of its gradient beside that of its weights."""
    axes.set_title("Gradient / weights", pad=TITLE_PAD)
    first = {each.name: each.ratio for each in first_layers}
    for label, color, ratios in (
        ("when the run began", FIRST, [first.get(each.name) for each in layers]),
        ("now", NOW, [each.ratio for each in layers]),
    ):
        shown = [
            (ratio, place)
            for place, ratio in enumerate(ratios)
            if ratio is not None and ratio > 0 and math.isfinite(ratio)
        ]
        axes.plot(
            [ratio for ratio, _ in shown], [place for _, place in shown],
            label=label, color=color, marker="o", markersize=5, linewidth=1,
        )  # fmt: skip
    for place, layer in enumerate(layers):
        if not layer.ratio:  # has no place on a logarithmic axis
            axes.text(0.01, place, "0", va="center", transform=axes.get_yaxis_transform())
    axes.set_xscale("log")
    # Whole decades, named alone: within one, the names of its parts would overlap.
    low, high = (math.log10(end) for end in axes.get_xlim())
    axes.set_xlim(10.0 ** math.floor(low), 10.0 ** math.ceil(high))
    axes.xaxis.set_minor_formatter(NullFormatter())
    _rows(axes, [each.name for each in layers])
    axes.set_xlabel("norm of the gradient / norm of the weights")
    _legend(axes)


def _range_test(axes: Axes, measured: Measurements) -> None:
    """The loss while the learning rate rises; the good range; the recipe's rate."""
    axes.set_title("Learning-rate range test", pad=TITLE_PAD)
    test, rate = measured.range_test, measured.subject.recipe.learning_rate
    if test is None:
        _say(axes, "The weights that the run began with aren't known.")
        return
    shown = [(r, loss) for r, loss in zip(test.rates, test.losses, strict=True) if loss < math.inf]
    axes.plot([r for r, _ in shown], [loss for _, loss in shown], color=NOW, label="smoothed loss")
    if test.lowest is not None and test.highest is not None:
        axes.axvspan(
            test.lowest, test.highest, color=PALE_GREEN, zorder=0, label="from falling to least"
        )
    axes.axvline(rate, color=STUCK, linestyle="--", label=f"recipe: {rate:g}")
    axes.axhline(
        math.log(len(measured.subject.classes)) or 1.0, color=FAINT, linewidth=0.9, linestyle=":",
        label="guessing",
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_ylim(0, 1.3 * test.first_loss if math.isfinite(test.first_loss) else None)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    _legend(axes)


def _called(unit: Activation) -> str:
    """Its layer, and its kind where the layer's name doesn't tell."""
    return (
        unit.layer
        if unit.layer.lower().startswith(unit.kind.lower())
        else f"{unit.layer} ({unit.kind})"
    )


def _legend(axes: Axes, columns: int = 2) -> None:
    """Between the title and the drawing, where it covers nothing."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), borderaxespad=0.1, fontsize=9, ncols=columns,
        handlelength=1.4, columnspacing=1.2,
    )  # fmt: skip


def _rows(axes: Axes, names: list[str]) -> None:
    """Layers from top to bottom, as the images pass them."""
    shown = [shorten(drawable(name, instead="?"), 34) for name in names]
    axes.set_yticks(range(len(names)), shown, fontsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)


def _say(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", color=INK, transform=axes.transAxes)


def _thinned(layers: list[Layer]) -> list[Layer]:
    """At most `MOST_LAYERS` of them, evenly chosen, the first and the last included."""
    if len(layers) <= MOST_LAYERS:
        return layers
    step = (len(layers) - 1) / (MOST_LAYERS - 1)
    return [layers[round(place * step)] for place in range(MOST_LAYERS)]
