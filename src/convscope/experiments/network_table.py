"""Networks beside one another, as they were stored: cost, memory, speed, accuracy, forecasts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.look import numbers
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import BLUE, FAINT, GREEN, INK, VERMILION
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
LARGEST, SMALLEST = 900, 40  # square points, of the marks


@dataclass(frozen=True)
class NetworkTable(Printed):
    """Networks that were forecast, trained and evaluated on the same images.

    Attributes:
        rows: One for each network, the cheapest first; keys as `benchmarks/results/networks.py`
            gives them.
    """

    rows: tuple[Row, ...]

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.rows if row["network"] == name)

    @property
    def most_accurate(self) -> Row:
        """The network that is right most often."""
        return max(self.rows, key=lambda row: float(row["accuracy"]))

    @property
    def largest(self) -> Row:
        """The network with the most parameters."""
        return max(self.rows, key=lambda row: int(row["parameters"]))

    def within(self, seconds: float) -> list[str]:
        """Names of the networks whose training took at most so much time of one processor core."""
        return [row["network"] for row in self.rows if row["processor_seconds"] <= seconds]

    def rank_correlation(self, first: str, second: str) -> float:
        """Spearman's rank correlation of two columns: 1 where one always grows with the other."""
        one, other = (
            np.argsort(np.argsort([float(row[key]) for row in self.rows]))
            for key in (first, second)
        )
        return float(np.corrcoef(one, other)[0, 1])

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        headings = (
            pick("network", "网络"),
            pick("parameters", "参数"),
            pick("MACs", "乘加"),
            pick("receptive field", "感受野"),
            pick("memory", "内存"),
            pick("core time", "单核时间"),
            pick("right", "准确率"),
        )
        rows = [
            [
                row["network"],
                numbers.quantity(row["parameters"]),
                numbers.quantity(row["macs"]),
                f"{row['field']} px",
                numbers.size(row["peak_bytes"]),
                numbers.duration(row["processor_seconds"]),
                numbers.percent(row["accuracy"]),
            ]
            for row in self.rows
        ]
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw accuracy over the operations for an image; the area of a mark is its parameters.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.5, 5.6) as figure:
            headline(
                figure,
                pick(
                    "More operations, more parameters: not always more accurate",
                    "运算更多、参数更多，未必更准确",
                ),
            )
            axes = figure.subplots()
            most = max(row["parameters"] for row in self.rows)
            for row in self.rows:
                area = max(SMALLEST, LARGEST * row["parameters"] / most)
                axes.scatter(
                    row["macs"] / 1e6, row["accuracy"], color=BLUE, alpha=0.65, linewidths=0,
                    s=area, zorder=3,
                )  # fmt: skip
                beside = 3 + 0.36 * area**0.5
                axes.annotate(
                    row["network"], (row["macs"] / 1e6, row["accuracy"]), xytext=(beside, beside),
                    textcoords="offset points", fontsize=9, color=INK, zorder=4,
                )  # fmt: skip
            axes.set_xscale("log")
            low, high = (each(row["macs"] for row in self.rows) / 1e6 for each in (min, max))
            ticks = [t for t in (0.1, 1, 10, 100, 1000) if low / 5 < t < 5 * high]
            axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
            axes.set_xlim(low / 1.6, 3.2 * high)
            axes.minorticks_off()
            axes.set_ylim(0, 1.08)
            shares = [0, 0.25, 0.5, 0.75, 1.0]
            axes.set_yticks(shares, [numbers.percent(share, 0) for share in shares])
            axes.set_xlabel(pick("million MACs for an image", "每幅图像的百万次乘加"))
            axes.set_ylabel(pick("right on test images", "测试准确率"))
            footnote(
                figure,
                pick(
                    "area: parameters. Digits at 32×32, three epochs by the fast recipe.",
                    "面积：参数个数。32×32 的手写数字，按 fast 配方训练三轮。",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"rows": [dict(row) for row in self.rows]}


def read_network_table(rows: Sequence[Row]) -> NetworkTable:
    """Make a table of stored rows.

    Args:
        rows: As `benchmarks/results/networks.py` measures them.
    """
    return NetworkTable(tuple(sorted(rows, key=lambda row: int(row["macs"]))))


@dataclass(frozen=True)
class ForecastCheck(Printed):
    """Forecasts beside what came of them.

    Attributes:
        rows: One for each network; keys as for `NetworkTable`.
    """

    rows: tuple[Row, ...]

    def inside(self, what: str) -> int:
        """How many outcomes lie within their range: of "seconds" or of "bytes"."""
        return sum(
            row[f"low_{what}"] <= row[ACTUAL[what]] <= row[f"high_{what}"] for row in self.rows
        )

    def worst(self, what: str) -> float:
        """The outcome farthest from its forecast, as a ratio of at least 1: 1.25 is 25 % off."""
        ratios = [float(row[ACTUAL[what]] / row[f"forecast_{what}"]) for row in self.rows]
        return max(max(ratio, 1 / ratio) for ratio in ratios)

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        headings = (
            pick("network", "网络"),
            pick("time, forecast", "时间：预测"),
            pick("range", "范围"),
            pick("came", "实际"),
            pick("memory, forecast", "内存：预测"),
            pick("range", "范围"),
            pick("came", "实际"),
        )
        rows = []
        for row in self.rows:
            cells = [row["network"]]
            for what, word in (("seconds", numbers.duration), ("bytes", numbers.size)):
                low, high = row[f"low_{what}"], row[f"high_{what}"]
                cells.append(word(row[f"forecast_{what}"]))
                cells.append(f"{word(low)} – {word(high)}")
                mark = "" if low <= row[ACTUAL[what]] <= high else " !"
                cells.append(word(row[ACTUAL[what]]) + mark)
            rows.append(cells)
        yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw each outcome over its forecast, with the range.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 10.0, 1.9 + 0.42 * len(self.rows)) as figure:
            headline(
                figure,
                pick(
                    "How near the forecasts came: outcome over forecast",
                    "预测有多准：实际除以预测",
                ),
            )
            all_axes = figure.subplots(1, 2, sharey=True)
            names = [row["network"] for row in self.rows]
            titles = (
                pick("time of one core", "单核时间"), pick("peak memory", "内存峰值"),
            )  # fmt: skip
            for axes, what, title in zip(all_axes, ACTUAL, titles, strict=True):
                axes.set_title(title)
                axes.axvline(1, color=FAINT, linewidth=1, linestyle="--")
                for place, row in enumerate(self.rows):
                    middle = row[f"forecast_{what}"]
                    low, high = row[f"low_{what}"] / middle, row[f"high_{what}"] / middle
                    came = row[ACTUAL[what]] / middle
                    axes.plot([low, high], [place, place], color=FAINT, linewidth=5, alpha=0.5,
                              solid_capstyle="butt")  # fmt: skip
                    colour = GREEN if low <= came <= high else VERMILION
                    axes.plot(came, place, "o", color=colour, markersize=8)
                axes.grid(visible=False, axis="y")
            all_axes[0].set_xscale("log")
            all_axes[0].set_xticks([0.25, 0.5, 1, 2, 4], ["¼", "½", "1", "2", "4"])
            all_axes[0].minorticks_off()
            all_axes[0].set_yticks(range(len(names)), names)
            all_axes[0].invert_yaxis()
            footnote(
                figure,
                pick(
                    "grey: the range stated beforehand; green: within it, orange: outside",
                    "灰色：事先说的范围；绿色：落在其中，橙色：落在其外",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"rows": [dict(row) for row in self.rows]}


ACTUAL = {"seconds": "processor_seconds", "bytes": "peak_bytes"}


def check_forecasts(rows: Sequence[Row]) -> ForecastCheck:
    """Set forecasts beside what came of them, cheapest network first.

    Args:
        rows: As `benchmarks/results/networks.py` measures them.
    """
    return ForecastCheck(tuple(sorted(rows, key=lambda row: int(row["macs"]))))
