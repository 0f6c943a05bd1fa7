"""Memory against the batch size: what grows with it, and what is there for any batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.experiments.step_bytes import StepBytes, record_network
from convscope.look import numbers
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.palette import BLUE, FAINT, GREEN, VERMILION
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCHES = (1, 2, 8, 32, 64, 128, 256)


@dataclass(frozen=True)
class BatchMemory(Printed):
    """The memory of a network's training step by batch size.

    Attributes:
        steps: By batch size, in float32.
        short: The same in bfloat16.
    """

    steps: tuple[StepBytes, ...]
    short: tuple[StepBytes, ...]

    def at(self, batch_size: int, precision: str = "float32") -> StepBytes:
        """The step with a batch size."""
        steps = self.steps if precision == "float32" else self.short
        return next(step for step in steps if step.batch_size == batch_size)

    def growth(self, first: int, second: int) -> float:
        """How many times as much memory the second batch size takes as the first."""
        return self.at(second).peak / self.at(first).peak

    def shown(self) -> Iterator[Part]:
        """A row for each batch size."""
        headings = (
            pick("batch", "批量"),
            pick("memory", "内存"),
            pick("of it activations", "其中激活值"),
            pick("in bfloat16", "用 bfloat16"),
            pick("of float32", "相当于 float32 的"),
        )
        rows = [
            [
                str(long.batch_size),
                numbers.size(long.peak),
                numbers.percent(long.share("activations"), 0),
                numbers.size(short.peak),
                numbers.percent(short.peak / long.peak, 0),
            ]
            for long, short in zip(self.steps, self.short, strict=True)
        ]
        yield TextTable(self.steps[0].network, headings, rows, left=frozenset())

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw memory over the batch size, both logarithmic, in both precisions.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 8.0, 5.0) as figure:
            headline(
                figure,
                pick(
                    "With few images the network fills the memory, with many their activations",
                    "图像少时占内存的是网络，图像多时是激活值",
                ),
            )
            axes = figure.subplots()
            batches = [step.batch_size for step in self.steps]
            for steps, colour, mark, label in (
                (self.steps, BLUE, "o", "float32"),
                (self.short, VERMILION, "s", "bfloat16"),
            ):
                axes.loglog(
                    batches, [s.peak / 1e6 for s in steps], color=colour, marker=mark, label=label,
                    base=2,
                )  # fmt: skip
            last = self.steps[-1]
            axes.plot(
                batches, [last.peak / 1e6 * b / last.batch_size for b in batches],
                color=FAINT, linestyle="--", linewidth=1,
                label=pick("if proportional to the batch", "假如与批量成正比"),
            )  # fmt: skip
            axes.axhline(
                last.lasting / 1e6, color=GREEN, linewidth=1, linestyle=":",
                label=pick("weights, gradients, averages", "权重、梯度、滑动平均"),
            )  # fmt: skip
            axes.set_xticks(batches, [str(b) for b in batches])
            low, high = self.steps[0].peak / 1e6, last.peak / 1e6
            ticks = [
                t for t in (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000) if low / 3 < t < 2 * high
            ]
            axes.set_yticks(ticks, [f"{t:,}" for t in ticks])
            axes.set_ylim(low / 2, 1.6 * high)
            axes.minorticks_off()
            axes.set_xlabel(pick("images in a batch", "批量中的图像数"))
            axes.set_ylabel(pick("MB at the peak", "峰值 MB"))
            axes.legend(loc="upper left")
            footnote(
                figure,
                pick(
                    f"{last.network}, a training step with AdamW, without the process itself",
                    f"{last.network}，用 AdamW 训练一步，不含进程本身",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; bytes."""
        return {"steps": [step.as_dict() for step in (*self.steps, *self.short)]}


def compare_batch_memory(
    network: str, batches: Sequence[int] = BATCHES, *, size: int = 32
) -> BatchMemory:
    """Follow training steps of several batch sizes, in float32 and in bfloat16.

    Args:
        network: Name in the catalog.
        batches: Numbers of images.
        size: Height and width of the images, in pixels.

    Raises:
        UsageError: There is no such network, or it doesn't take such images.
    """
    long, short = (
        record_network(network, size=size, precision="float32"),
        record_network(network, size=size, precision="bfloat16"),
    )
    return BatchMemory(
        tuple(long.at(batch) for batch in batches), tuple(short.at(batch) for batch in batches)
    )
