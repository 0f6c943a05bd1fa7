"""54, 55 or 56: what AlexNet's first layer gives for each reading of it, and what that matters."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from convscope.experiments.alexnet_variants import ALEXNET_INPUTS, build_small_alexnet
from convscope.experiments.paired_difference import PairedDifference, measure_difference
from convscope.inspection.trace.trace import trace
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import Words, pick
from convscope.look.numbers import percent, write_as
from convscope.look.palette import BLUE, FAINT, INK, PALE_BLUE
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "224, padding 1": Words("224, padding 1", "224，填充 1"),
    "224, padding 2": Words("224, padding 2", "224，填充 2"),
    "227, no padding": Words("227, no padding", "227，不填充"),
    "224, padding 3 and 4": Words("224, padding 3 and 4", "224，填充 3 和 4"),
    "28": Words("28, 3×3 kernel", "28，3×3 卷积核"),
}

MARGIN = 2  # percentage points that count as "no matter"


class FirstMap(NamedTuple):
    """What the first convolution makes of an image.

    Attributes:
        given: A name of `ALEXNET_INPUTS`.
        quotient: (size + padding − kernel) / stride + 1, before it is rounded down.
        height: Of the first layer's maps, asked of the network itself.
        flat: Numbers that reach the first dense layer of the network with few channels.
    """

    given: str
    quotient: float
    height: int
    flat: int


@dataclass(frozen=True)
class FirstMaps(Printed):
    """The first layer under each reading. It prints as a table.

    Attributes:
        rows: One for each.
    """

    rows: tuple[FirstMap, ...]

    def height(self, given: str) -> int:
        """Height of the first layer's maps for one of `ALEXNET_INPUTS`."""
        return next(row.height for row in self.rows if row.given == given)

    def shown(self) -> Iterator[Part]:
        """A row for each reading."""
        headings = [
            pick("images", "图像"),
            pick("before rounding", "取整之前"),
            pick("first layer", "第一层"),
            pick("reach the dense layer", "到达全连接层"),
        ]
        rows = [
            [name_of(row.given), f"{row.quotient:g}", f"{row.height}×{row.height}", str(row.flat)]
            for row in self.rows
        ]
        title = pick("AlexNet's first layer, read in different ways", "AlexNet 第一层的几种读法")
        yield TextTable(title, headings, rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"rows": [row._asdict() for row in self.rows]}


def name_of(given: str) -> str:
    """What one of `ALEXNET_INPUTS` is called in the current language."""
    return str(NAMES[given])


def measure_first_maps(inputs: Sequence[str] = tuple(ALEXNET_INPUTS)) -> FirstMaps:
    """Ask networks how high their first maps are; nothing is computed (see `cs.trace`).

    Args:
        inputs: Names of `ALEXNET_INPUTS`.

    Raises:
        UsageError: There is no such input.
    """
    rows = []
    for given in inputs:
        layers = trace(build_small_alexnet(given), (1, *[ALEXNET_INPUTS[given].size] * 2)).layers
        images = ALEXNET_INPUTS[given]
        kernel, stride = (3, 1) if images.small else (11, 4)
        first = next(layer for layer in layers if layer.kind == "convolution")
        flat = next(layer for layer in layers if layer.kind == "flatten")
        quotient = (images.size + images.before + images.after - kernel) / stride + 1
        rows.append(FirstMap(given, quotient, first.output_shape[1], flat.output_shape[0]))
    return FirstMaps(tuple(rows))


@dataclass(frozen=True)
class InputTrials(Printed):
    """Trainings with each input from the same seeds.

    Attributes:
        accuracies: By input, the accuracy on test images, one for each seed.
        seconds: By input, processor time of a training's steps, the median over the seeds.
        reference: The input that the others are compared with.
    """

    accuracies: Mapping[str, tuple[float, ...]]
    seconds: Mapping[str, float]
    reference: str

    def difference(self, given: str) -> PairedDifference:
        """Accuracy with an input less that with the reference, in percentage points."""
        one, other = (
            [100 * share for share in self.accuracies[name]] for name in (given, self.reference)
        )
        return measure_difference(one, other)

    def shown(self) -> Iterator[Part]:
        """A row for each input."""
        headings = [
            pick("images", "图像"),
            pick("mean accuracy", "平均准确率"),
            pick("difference, points", "相差（百分点）"),
            pick("95 % interval", "95 % 区间"),
            pick("seconds", "秒"),
        ]
        rows = []
        for given, values in self.accuracies.items():
            found = self.difference(given)
            is_reference = given == self.reference
            rows.append(
                [
                    name_of(given),
                    percent(statistics.fmean(values)),
                    "" if is_reference else write_as(found.mean, "+.1f"),
                    ""
                    if is_reference
                    else f"{write_as(found.low, '+.1f')} … {write_as(found.high, '+.1f')}",
                    f"{self.seconds[given]:.1f}",
                ]
            )
        count = len(self.accuracies[self.reference])
        title = pick(
            f"A small AlexNet, {count} seeds, compared with {name_of(self.reference)}",
            f"小型 AlexNet，{count} 个种子，与“{name_of(self.reference)}”相比",
        )
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """The differences from the reference, with their intervals.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        others = [given for given in self.accuracies if given != self.reference]
        with drawing(path, 8.5, 1.9 + 0.55 * len(others)) as figure:
            headline(
                figure,
                pick(
                    "Other sizes, other paddings: how much accuracy changes",
                    "换一种尺寸和填充，准确率变多少",
                ),
            )
            axes = figure.subplots()
            axes.axvspan(-MARGIN, MARGIN, color=PALE_BLUE, alpha=0.5, lw=0)
            axes.axvline(0, color=FAINT, linewidth=1)
            for row, given in enumerate(others):
                found = self.difference(given)
                axes.plot([found.low, found.high], [row, row], color=BLUE, linewidth=2.5)
                axes.plot(found.mean, row, "o", color=BLUE, markersize=8)
                axes.annotate(
                    write_as(found.mean, "+.1f"), (found.mean, row), (0, 9),
                    textcoords="offset points", ha="center", color=INK,
                )  # fmt: skip
            axes.set_yticks(range(len(others)), [name_of(given) for given in others])
            axes.set_ylim(len(others) - 0.5, -0.6)
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            axes.set_xlabel(
                pick(
                    f"percentage points more than with {name_of(self.reference)}",
                    f"比“{name_of(self.reference)}”高出的百分点",
                )
            )
            count = len(self.accuracies[self.reference])
            footnote(
                figure,
                pick(
                    f"Point: mean of {count} pairs; line: its 95 % interval; blue area: ±{MARGIN} "
                    "points.",
                    f"点：{count} 对的平均；线：95 % 区间；蓝色区域：±{MARGIN} 个百分点。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        plain = asdict(self)
        return plain | {"accuracies": {name: [*v] for name, v in self.accuracies.items()}}


def read_input_trials(
    rows: Iterable[Mapping[str, Any]], reference: str = "224, padding 1"
) -> InputTrials:
    """Trainings that were stored, by their input.

    Args:
        rows: With "variant" (a name of `ALEXNET_INPUTS`), "seed", "accuracy" and "seconds".
        reference: The input that the others are compared with.
    """
    ordered = sorted(rows, key=lambda row: row["seed"])
    accuracies: dict[str, list[float]] = {given: [] for given in ALEXNET_INPUTS}
    seconds: dict[str, list[float]] = {given: [] for given in ALEXNET_INPUTS}
    for row in ordered:
        accuracies[row["variant"]].append(row["accuracy"])
        seconds[row["variant"]].append(row["seconds"])
    return InputTrials(
        {given: tuple(values) for given, values in accuracies.items()},
        {given: statistics.median(values) for given, values in seconds.items()},
        reference,
    )
