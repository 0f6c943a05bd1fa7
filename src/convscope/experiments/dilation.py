"""Dilation: a kernel with holes, wider at the same cost; and what the holes leave out.

Source: Yu and Koltun, "Multi-scale context aggregation by dilated convolutions", ICLR 2016.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import cross_correlation
from convscope.look.canvas import drawing, headline
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.palette import FAINT
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class DilatedStack(NamedTuple):
    """Layers of one kernel size and what one output of the last sees.

    Attributes:
        dilations: One for each layer.
        span: Height and width of the square in which all seen pixels lie.
        paths: On how many ways each pixel of it comes in, int64 (span, span); 0 is a hole.
        weights: Kernel entries of all layers, for one channel.
    """

    dilations: tuple[int, ...]
    span: int
    paths: NDArray[np.int64]
    weights: int

    @property
    def seen(self) -> float:
        """Share of the square that is seen."""
        return float((self.paths > 0).mean())


@dataclass(frozen=True)
class DilatedStacks(Printed):
    """What stacks of dilated layers see. It prints as a table and draws itself.

    Attributes:
        stacks: Of each, its dilations and what it sees.
    """

    stacks: tuple[DilatedStack, ...] = field(repr=False)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("dilations", "各层膨胀"),
            pick("weights", "权重数"),
            pick("field", "感受野"),
            pick("of it seen", "其中看到的"),
        )
        rows = [
            (_names(s), str(s.weights), f"{s.span} × {s.span}", percent(s.seen))
            for s in self.stacks
        ]
        title = pick("What one output sees", "一个输出看到什么")
        yield TextTable(title, headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw which pixels one output sees, for each stack at the same scale.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        widest = max(stack.span for stack in self.stacks)
        with drawing(path, 0.5 + 3.0 * len(self.stacks), 3.9) as figure:
            headline(
                figure,
                pick(
                    "Dilation widens the view and can leave holes in it",
                    "膨胀卷积看得更宽，也可能留下空洞",
                ),
            )
            parts = figure.subplots(1, len(self.stacks), squeeze=False)[0]
            for axes, stack in zip(parts, self.stacks, strict=True):
                shown = np.full((widest, widest), np.nan)
                start = (widest - stack.span) // 2
                inner = slice(start, start + stack.span)
                shown[inner, inner] = np.log1p(stack.paths) / np.log1p(stack.paths.max())
                axes.imshow(shown, cmap="Blues", vmin=0, vmax=1.4)
                axes.set_xticks(np.arange(0.5, widest - 1), [])
                axes.set_yticks(np.arange(0.5, widest - 1), [])
                axes.grid(visible=True, color="white", linewidth=0.5)
                axes.tick_params(length=0)
                axes.spines[:].set(visible=True, color=FAINT, linewidth=0.5)
                field = f"{stack.span}×{stack.span}"
                axes.set_title(
                    pick(
                        f"dilation {_names(stack)}\n{field}, {percent(stack.seen, 0)} seen",
                        f"膨胀 {_names(stack)}\n{field}，看到 {percent(stack.seen, 0)}",
                    ),
                    fontsize=11,
                )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "stacks": [
                {
                    "dilations": [*s.dilations],
                    "span": s.span,
                    "seen": s.seen,
                    "weights": s.weights,
                    "paths": s.paths.tolist(),
                }
                for s in self.stacks
            ]
        }


class DilationCheck(NamedTuple):
    """A dilated kernel and the same kernel with zeros written between its entries.

    Attributes:
        span: Height and width of the second.
        difference: Largest difference of the outputs.
        weights: Entries of the first.
    """

    span: int
    difference: float
    weights: int

    def __str__(self) -> str:
        return pick(
            f"{self.weights} weights spread over {self.span}×{self.span}; "
            f"largest difference {number(self.difference, 2)}",
            f"{self.weights} 个权重铺在 {self.span}×{self.span} 上；"
            f"最大差 {number(self.difference, 2)}",
        )


def spread_kernel(weight: ArrayLike, dilation: int) -> FloatArray:
    """Write dilation − 1 zeros between the entries of a kernel.

    Args:
        weight: (…, height, width).
        dilation: Pixels from one entry to the next.

    Returns:
        (…, dilation · (height − 1) + 1, dilation · (width − 1) + 1).
    """
    weight = as_float(weight)
    height, width = (dilation * (n - 1) + 1 for n in weight.shape[-2:])
    spread = np.zeros((*weight.shape[:-2], height, width))
    spread[..., ::dilation, ::dilation] = weight
    return spread


def check_dilation(kernel: int = 3, dilation: int = 2, *, size: int = 12) -> DilationCheck:
    """Slide a dilated kernel, and the spread one without dilation, over one random image.

    PyTorch does the first, the definition in NumPy the second.

    Args:
        kernel: Height and width of the kernel.
        dilation: Pixels from one entry to the next.
        size: Height and width of the image.
    """
    import torch
    import torch.nn.functional as F

    random = np.random.default_rng(0)
    x, weight = random.normal(size=(1, 1, size, size)), random.normal(size=(1, 1, kernel, kernel))
    spread = spread_kernel(weight, dilation)
    theirs = F.conv2d(torch.from_numpy(x), torch.from_numpy(weight), dilation=dilation).numpy()
    ours = cross_correlation(x, spread)
    alike = theirs.shape == ours.shape
    difference = float(abs(theirs - ours).max()) if alike else float("inf")
    return DilationCheck(spread.shape[-1], difference, kernel**2)


def compare_dilations(
    stacks: Sequence[Sequence[int]] = ((1, 1, 1), (2, 2, 2), (1, 2, 4)), *, kernel: int = 3
) -> DilatedStacks:
    """Find what one output sees through stacks of dilated layers of stride 1.

    Args:
        stacks: The dilations of each stack's layers.
        kernel: Height and width of every kernel.
    """
    return DilatedStacks(tuple(_stack(tuple(dilations), kernel) for dilations in stacks))


def _stack(dilations: tuple[int, ...], kernel: int) -> DilatedStack:
    paths = np.ones((1, 1, 1, 1))
    for dilation in dilations:
        spread = spread_kernel(np.ones((1, 1, kernel, kernel)), dilation)
        # One step back: what one unit sees is added up at all places that its window meets.
        paths = cross_correlation(paths, spread, padding=spread.shape[-1] - 1)
    seen = paths[0, 0].round().astype(np.int64)
    return DilatedStack(dilations, len(seen), seen, len(dilations) * kernel**2)


def _names(stack: DilatedStack) -> str:
    return ", ".join(map(str, stack.dilations))
