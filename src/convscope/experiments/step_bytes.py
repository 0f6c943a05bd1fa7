"""Where the memory of a training step goes, at every moment of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from convscope.look import numbers
from convscope.look.canvas import drawing, headline
from convscope.look.language import Words, pick
from convscope.look.palette import BLUE, FAINT, GREEN, INK, ORANGE, PINK, SKY, VERMILION
from convscope.look.printed import Part, Printed, TextTable
from convscope.planning.memory_timeline import KINDS, MemoryTimeline, memory_timeline
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.planning.record_step import record_step
from convscope.planning.step import RecordedStep
from convscope.runs.build_for_images import build_for_images
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution, Precision

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "parameters": Words("parameters", "参数"),
    "optimizer": Words("optimizer's averages", "优化器的滑动平均"),
    "average": Words("averaged weights", "平均权重"),
    "images": Words("images", "图像"),
    "gradients": Words("gradients", "梯度"),
    "activations": Words("activations kept for backward", "为反向传播保留的激活值"),
    "temporary": Words("temporary", "临时"),
    "workspace": Words("workspace of convolutions", "卷积的工作区"),
}
COLOURS = {
    "parameters": BLUE, "optimizer": PINK, "average": INK, "images": FAINT,
    "gradients": VERMILION, "activations": SKY, "temporary": ORANGE, "workspace": GREEN,
}  # fmt: skip
PHASES = {
    "forward": Words("forward", "前向"),
    "backward": Words("backward", "反向"),
    "optimizer": Words("update", "更新"),
}
SEEN = 0.01  # share of the peak from which a kind is drawn
LASTING = ("parameters", "optimizer", "average", "gradients")  # the same for any batch


@dataclass(frozen=True)
class StepBytes(Printed):
    """The memory that a training step needs, besides the process itself.

    Attributes:
        network: Its name.
        batch_size: Images.
        precision: "float32" or "bfloat16".
        recomputed: Whether activations are computed again in place of being kept.
        parameters: How many numbers are learned.
        repeated: Share of the step's work that recomputation adds.
        timeline: Bytes of each kind after every block that is taken or given back.
    """

    network: str
    batch_size: int
    precision: str
    recomputed: bool
    parameters: int
    repeated: float
    timeline: MemoryTimeline = field(repr=False)

    @property
    def peak(self) -> int:
        """The most bytes in use at once."""
        return int(self.timeline.bytes.sum(axis=0).max())

    @property
    def parts(self) -> dict[str, int]:
        """Bytes by what they are for, at the moment when most are in use."""
        moment = int(self.timeline.bytes.sum(axis=0).argmax())
        return {kind: int(self.timeline.bytes[row, moment]) for row, kind in enumerate(KINDS)}

    @property
    def lasting(self) -> int:
        """Bytes that no batch size changes: parameters, their gradients, the optimizer's averages.

        Each at its largest, for gradients come one after the other.
        """
        most = self.timeline.bytes.max(axis=1)
        return int(sum(most[KINDS.index(kind)] for kind in LASTING))

    def share(self, kind: str) -> float:
        """The share of a kind at the peak."""
        return self.parts[kind] / self.peak

    def shown(self) -> Iterator[Part]:
        """A row for each kind, at the peak."""
        rows = [
            [str(NAMES[kind]), numbers.size(size), numbers.percent(size / self.peak, 0)]
            for kind, size in sorted(self.parts.items(), key=lambda part: -part[1])
            if size
        ]
        rows.append([pick("in all", "合计"), numbers.size(self.peak), ""])
        yield TextTable(
            pick(
                f"{self.network}, {numbers.counted(self.batch_size, 'image')}, {self.precision}: "
                f"{numbers.quantity(self.parameters)} parameters",
                f"{self.network}，{self.batch_size} 幅图像，{self.precision}："
                f"{numbers.quantity(self.parameters)} 个参数",
            ),
            (pick("at the peak", "峰值时"), "", ""),
            rows,
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the memory over the step.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        return draw_steps([self], path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; bytes."""
        return {
            "network": self.network,
            "batch_size": self.batch_size,
            "precision": self.precision,
            "recomputed": self.recomputed,
            "parameters": self.parameters,
            "repeated": self.repeated,
            "peak": self.peak,
            "parts": self.parts,
        }


def measure_step_bytes(
    network: str,
    batch_size: int,
    *,
    size: int = 32,
    channels: int = 1,
    precision: Precision = "float32",
    recompute: bool = False,
) -> StepBytes:
    """Follow a training step with AdamW on tensors without memory, and add up what it holds.

    Args:
        network: Name in the catalog.
        batch_size: Images.
        size: Height and width of the images, in pixels.
        channels: Of the images.
        precision: "float32" or "bfloat16" (weights and their gradients stay float32).
        recompute: Compute activations again where that saves more memory than it adds work.

    Raises:
        UsageError: There is no such network, or it doesn't take such images.
    """
    return record_network(
        network, size=size, channels=channels, precision=precision, recompute=recompute
    ).at(batch_size)


class RecordedNetwork(NamedTuple):
    """A training step of a network that was followed once, and serves any batch size.

    Attributes:
        network: Its name.
        precision: "float32" or "bfloat16".
        recomputed: Whether activations are computed again in place of being kept.
        parameters: How many numbers are learned.
        repeated: Share of the step's work that recomputation adds.
        step: As recorded.
    """

    network: str
    precision: str
    recomputed: bool
    parameters: int
    repeated: float
    step: RecordedStep

    def at(self, batch_size: int) -> StepBytes:
        """The memory of the step with so many images."""
        return StepBytes(
            self.network, batch_size, self.precision, self.recomputed, self.parameters,
            self.repeated, memory_timeline(self.step, batch_size),
        )  # fmt: skip


def record_network(
    name: str,
    *,
    size: int = 32,
    channels: int = 1,
    precision: Precision = "float32",
    recompute: bool = False,
) -> RecordedNetwork:
    """Follow a training step with AdamW on tensors without memory.

    Args:
        name: Name in the catalog.
        size: Height and width of the images, in pixels.
        channels: Of the images.
        precision: "float32" or "bfloat16".
        recompute: Compute activations again where that saves more memory than it adds work.

    Raises:
        UsageError: There is no such network, or it doesn't take such images.
    """
    shape = (channels, size, size)
    with torch.device("meta"):
        _, network, _, _ = build_for_images(name, shape, 10, Recipe(epochs=1, size=size))
    recipe = Recipe(epochs=1, optimizer="adamw")
    execution = Execution(torch.device("cpu"), precision)
    blocks: tuple[str, ...] = ()
    repeated = 0.0
    if recompute:
        chosen = plan_recomputation(network, shape, execution, recipe)
        blocks, repeated = chosen.blocks, chosen.repeated
    step = record_step(network, shape, execution, recipe, blocks)
    parameters = sum(each.numel() for each in network.parameters())
    return RecordedNetwork(name, precision, recompute, parameters, repeated, step)


def draw_steps(steps: Sequence[StepBytes], path: str | Path | None = None) -> Figure:
    """Draw the memory over training steps, one beside the other, on one scale.

    Args:
        steps: One, or two: the second with something changed.
        path: The PNG to write; None only gives the figure.
    """
    with drawing(path, 5.2 + 4.6 * (len(steps) - 1) + 3.0 * (len(steps) == 1), 5.0) as figure:
        headline(figure, _headline(steps))
        all_axes = np.atleast_1d(figure.subplots(1, len(steps), sharey=True))
        shown = [
            row for row in range(len(KINDS))
            if any(s.timeline.bytes[row].max() > SEEN * s.peak for s in steps)
        ]  # fmt: skip
        for axes, step in zip(all_axes, steps, strict=True):
            moments = np.arange(step.timeline.bytes.shape[1])
            axes.stackplot(
                moments,
                step.timeline.bytes[shown] / 1e6,
                labels=[str(NAMES[KINDS[row]]) for row in shown],
                colors=[COLOURS[KINDS[row]] for row in shown],
                step="post",
                linewidth=0,
            )
            axes.set_xlim(0, max(1, len(moments) - 1))
            axes.set_xticks([])
            axes.grid(visible=False, axis="x")
            axes.set_axisbelow(True)
            axes.set_title(_title(step))
            axes.set_xlabel(
                pick("each block of memory taken or given back", "每一次占用或归还内存"),
                fontsize=9, color=FAINT,
            )  # fmt: skip
            for phase, words in PHASES.items():
                begins = step.timeline.first(phase)
                if begins is not None:
                    axes.axvline(begins, color=INK, linewidth=0.8, linestyle=":")
                    # the update is short: its name stands left of its line
                    side = -4 if phase == "optimizer" else 4
                    axes.annotate(
                        str(words), (begins, 1), xycoords=("data", "axes fraction"),
                        xytext=(side, -4), textcoords="offset points", va="top",
                        ha="right" if side < 0 else "left", fontsize=9, color=INK,
                    )  # fmt: skip
        all_axes[0].set_ylim(0, 1.2 * max(step.peak for step in steps) / 1e6)
        all_axes[0].set_ylabel(pick("MB in use", "占用的 MB"))
        figure.legend(
            *all_axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=5, fontsize=9
        )
    return figure


def _title(step: StepBytes) -> str:
    kept = pick("computed again", "重新计算") if step.recomputed else pick("kept", "全部保留")
    return f"{kept}{pick(': ', '：')}{numbers.size(step.peak)}"


def _headline(steps: Sequence[StepBytes]) -> str:
    first, last = steps[0], steps[-1]
    if len(steps) > 1:
        return pick(
            f"Computed again, activations need not be kept: {numbers.size(first.peak)} "
            f"become {numbers.size(last.peak)}",
            f"激活值重新计算就不必保留：{numbers.size(first.peak)} 变为 {numbers.size(last.peak)}",
        )
    return pick(
        f"{numbers.percent(first.share('activations'), 0)} of the memory waits for the backward "
        f"pass: {first.network}, {numbers.counted(first.batch_size, 'image')}",
        f"{numbers.percent(first.share('activations'), 0)} 的内存在等待反向传播："
        f"{first.network}，{first.batch_size} 幅图像",
    )
