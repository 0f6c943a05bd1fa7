"""How long single layers take, beside how much they compute: operations per second by layer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from convscope.inspection.trace.trace import trace
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import duration, number, quantity
from convscope.look.palette import BLUE, DIM
from convscope.look.printed import Part, Printed, TextTable
from convscope.runtime.allocator import keep_memory, returning_memory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONG_ENOUGH = 0.15  # seconds that the calls of a layer take together
FEWEST_CALLS, WARM_UP = 3, 2
FLOPS_PER_MAC = 2

TimedLayer = tuple[nn.Module, tuple[int, ...]]

EQUAL_WORK: Mapping[str, TimedLayer] = {
    "3×3, 64 → 64": (nn.Conv2d(64, 64, 3, padding=1, device="meta"), (64, 21, 21)),
    "1×1, 64 → 64": (nn.Conv2d(64, 64, 1, device="meta"), (64, 64, 64)),
    "1×1, 512 → 512": (nn.Conv2d(512, 512, 1, device="meta"), (512, 8, 8)),
    "5×5, 3 → 16": (nn.Conv2d(3, 16, 5, padding=2, device="meta"), (3, 118, 118)),
    "3×3, 512 × (1 → 1)": (
        nn.Conv2d(512, 512, 3, padding=1, groups=512, device="meta"), (512, 60, 60),
    ),
    "Linear, 4096 → 4096": (nn.Linear(4096, 4096, device="meta"), (4096,)),
}  # fmt: skip
"""Six layers of 16.3 to 16.8 million MACs for one image. The fifth is depthwise (each kernel sees
one channel), the sixth dense. They hold no numbers until they are timed."""


class LayerTime(NamedTuple):
    """The time of one layer.

    Attributes:
        macs: For one image.
        images: How many it got at once.
        seconds: Of a forward pass on all images: processor time of the one thread, the mean of
            many calls. What other programs take of the processor does not count.
    """

    macs: int
    images: int
    seconds: float

    @property
    def gflops(self) -> float:
        """Billions of floating-point operations (products and additions) per second."""
        return FLOPS_PER_MAC * self.macs * self.images / self.seconds / 1e9


@dataclass(frozen=True)
class LayerTimes(Printed):
    """Times of layers. It prints as a table and draws itself.

    Attributes:
        layers: By name.
    """

    layers: Mapping[str, LayerTime]

    @property
    def ratio(self) -> float:
        """Operations per second of the fastest layer over those of the slowest."""
        rates = [layer.gflops for layer in self.layers.values()]
        return max(rates) / min(rates)

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (
            pick("layer", "层"),
            pick("MACs", "乘加"),
            pick("images", "图像数"),
            pick("time", "时间"),
            "GFLOP/s",
        )
        rows = [
            (
                name,
                quantity(each.macs * each.images),
                str(each.images),
                duration(each.seconds),
                number(each.gflops, 3),
            )
            for name, each in self.layers.items()
        ]
        yield TextTable(pick("One thread, float32", "单线程，float32"), headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw operations per second as bars, with the times beside them.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 9.0, 1.6 + 0.5 * len(self.layers)) as figure:
            headline(
                figure,
                pick(
                    f"The same operations, {self.ratio:.0f} times the time",
                    f"运算量相同，时间却相差 {self.ratio:.0f} 倍",
                ),
            )
            axes = figure.subplots()
            names = [*self.layers]
            rates = [layer.gflops for layer in self.layers.values()]
            axes.barh(names, rates, color=BLUE, height=0.62)
            for row, layer in enumerate(self.layers.values()):
                axes.annotate(
                    f"{number(layer.gflops, 3)}  ({duration(layer.seconds)})", (layer.gflops, row),
                    xytext=(5, 0), textcoords="offset points", va="center", fontsize=10, color=DIM,
                )  # fmt: skip
            axes.invert_yaxis()
            axes.set_xlim(0, 1.25 * max(rates))
            axes.set_xlabel(pick("GFLOP per second", "每秒 GFLOP（十亿次浮点运算）"))
            axes.grid(visible=False, axis="y")
            axes.tick_params(axis="y", length=0)
            footnote(
                figure,
                pick(
                    "One thread, float32. × (1 → 1): depthwise, each kernel sees one channel. "
                    "Last: a dense layer.",
                    "单线程，float32。× (1 → 1)：逐通道卷积，每个核只看一个通道。"
                    "最后一行：全连接层。",
                )
                if names == [*EQUAL_WORK]
                else pick("One thread, float32.", "单线程，float32。"),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"layers": {name: each._asdict() for name, each in self.layers.items()}}


def time_layers(layers: Mapping[str, TimedLayer] = EQUAL_WORK, *, images: int = 1) -> LayerTimes:
    """Time the forward pass of layers, each by itself, on one thread.

    The first two calls don't count. All tensors are in the processor's caches as far as they fit,
    so in a network, where others have come between, layers are slower.

    Args:
        layers: By name, a layer and the shape of one image as it gets it.
        images: How many it gets at once.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with returning_memory():
            keep_memory(
                for_long=False
            )  # as in training: new memory for each result would take longer than some
            times = {
                name: LayerTime(
                    trace_macs(layer, shape),
                    images,
                    measure_seconds(layer, torch.zeros(images, *shape)),
                )
                for name, (layer, shape) in layers.items()
            }
    finally:
        torch.set_num_threads(before)
    return LayerTimes(times)


def trace_macs(layer: nn.Module, shape: tuple[int, ...]) -> int:
    """MACs of a layer for one image of the given shape.

    Args:
        layer: Any module; a dense layer takes (inputs,).
        shape: Of the image, without the batch axis.
    """
    if isinstance(layer, nn.Linear):
        return layer.in_features * layer.out_features
    return trace(_with_numbers(layer), shape).macs


def _with_numbers(layer: nn.Module) -> nn.Module:
    """The layer itself, or if it holds no numbers, one like it of small random ones."""
    if not any(p.is_meta for p in layer.parameters()):
        return layer
    import copy

    made = copy.deepcopy(layer).to_empty(device="cpu")
    for parameter in made.parameters():
        nn.init.constant_(parameter, 0.01)
    return made


def measure_seconds(layer: nn.Module, images: Tensor) -> float:
    """The mean processor time of a forward pass, of this thread alone; the first two don't count.

    Args:
        layer: Any module; one without numbers gets some.
        images: As it takes them.
    """
    layer, calls = _with_numbers(layer).eval(), 0
    with torch.no_grad():
        for _ in range(WARM_UP):
            layer(images)
        begun = time.thread_time()
        while (passed := time.thread_time() - begun) < LONG_ENOUGH or calls < FEWEST_CALLS:
            layer(images)
            calls += 1
    return passed / calls
