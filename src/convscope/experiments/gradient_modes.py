"""Two ways to a gradient: back from the result once, or forward once for each input."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from convscope.errors import unknown_name
from convscope.look.language import pick
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.runtime.quiet import quiet_torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Mode: TypeAlias = Literal["reverse", "forward"]
MODES: tuple[Mode, ...] = ("reverse", "forward")
SEED = 0


@dataclass(frozen=True)
class ModeCost:
    """What one gradient cost.

    Attributes:
        mode: "reverse" or "forward".
        inputs: Numbers that the function has.
        depth: Layers of the function.
        operations: Functions of tensors that were computed.
        peak_bytes: Most bytes of tensors that were held at once, besides inputs and weights.
        seconds: Processor time, the least of several tries.
    """

    mode: Mode
    inputs: int
    depth: int
    operations: int
    peak_bytes: int
    seconds: float


@dataclass(frozen=True)
class GradientModes(Printed):
    """What gradients cost in both modes, over the number of inputs and over the depth.

    Attributes:
        over_inputs: Costs at one depth.
        over_depth: Costs at one number of inputs.
    """

    over_inputs: tuple[ModeCost, ...]
    over_depth: tuple[ModeCost, ...]

    def growth(self, mode: Mode, over: Literal["inputs", "depth"], quantity: str) -> float:
        """How many times as much the last cost is as the first.

        Args:
            mode: "reverse" or "forward".
            over: What grows from the first to the last.
            quantity: "operations", "peak_bytes" or "seconds".
        """
        costs = self.over_inputs if over == "inputs" else self.over_depth
        values = [float(getattr(cost, quantity)) for cost in costs if cost.mode == mode]
        return values[-1] / values[0]

    def shown(self) -> Iterator[Part]:
        """A table for the inputs, and one for the depth."""
        headings = [
            pick("mode", "模式"),
            pick("inputs", "输入数"),
            pick("layers", "层数"),
            pick("operations", "运算次数"),
            pick("peak memory", "内存峰值"),
            pick("time", "时间"),
        ]
        yield Paragraph(
            pick(
                "Reverse mode pays for depth in memory, forward mode for inputs in time.",
                "反向模式用内存为深度付账，前向模式用时间为输入数付账。",
            ),
            "bold",
        )
        for costs in (self.over_inputs, self.over_depth):
            rows = [
                [
                    pick(cost.mode, "反向" if cost.mode == "reverse" else "前向"),
                    str(cost.inputs),
                    str(cost.depth),
                    f"{cost.operations:,}",
                    f"{cost.peak_bytes:,} B",
                    f"{1000 * cost.seconds:.1f} ms",
                ]
                for cost in costs
            ]
            yield TextTable("", headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Operations over inputs, and memory over depth.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.gradient_figures import gradient_modes_figure

        return gradient_modes_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "over_inputs": [asdict(cost) for cost in self.over_inputs],
            "over_depth": [asdict(cost) for cost in self.over_depth],
        }


def compare_gradient_modes(
    inputs: Sequence[int] = (8, 16, 32, 64), depths: Sequence[int] = (8, 16, 32, 64)
) -> GradientModes:
    """Measure both modes on a stack of layers, y = tanh(Wy), whose numbers are summed at the end.

    Args:
        inputs: Numbers of inputs to try, with as many layers as the first of `depths`.
        depths: Numbers of layers to try, with as many inputs as the first of `inputs`.
    """
    return GradientModes(
        tuple(measure_mode(mode, each, depths[0]) for mode in MODES for each in inputs),
        tuple(measure_mode(mode, inputs[0], each) for mode in MODES for each in depths),
    )


def measure_mode(mode: Mode, inputs: int, depth: int, tries: int = 3) -> ModeCost:
    """What the gradient of a stack of layers costs in one mode.

    Args:
        mode: "reverse" or "forward".
        inputs: Numbers that go in, and units of each layer.
        depth: Layers.
        tries: How often it is timed.

    Raises:
        UsageError: There is no such mode.
    """
    if mode not in MODES:
        raise unknown_name("mode", mode, MODES)
    function, point = _stack(inputs, depth)
    gradient = reverse_gradient if mode == "reverse" else forward_gradient
    counter = _Counter()
    with counter:
        gradient(function, point)
    times = []
    for _ in range(tries):
        started = time.process_time()
        gradient(function, point)
        times.append(time.process_time() - started)
    return ModeCost(mode, inputs, depth, counter.operations, counter.peak, min(times))


def reverse_gradient(function: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    """The gradient by one pass forward, which keeps what it computed, and one back.

    Args:
        function: Maps a vector (n,) to a scalar.
        point: (n,).
    """
    point = point.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(function(point), point)
    return gradient


def forward_gradient(function: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    """The gradient by a pass for each input, which carries that input's influence along.

    Nothing is kept behind an operation (Griewank and Walther, Evaluating Derivatives, 2008,
    chapter 3).

    Args:
        function: Maps a vector (n,) to a scalar.
        point: (n,).
    """
    found = []
    # PyTorch compiles rules of its own for this mode, in a way that it has deprecated itself.
    with quiet_torch(), torch.no_grad():
        for place in range(point.numel()):
            direction = torch.zeros_like(point)
            direction[place] = 1.0
            with forward_ad.dual_level():
                moved = function(forward_ad.make_dual(point, direction))  # type: ignore[no-untyped-call]
                slope = forward_ad.unpack_dual(moved).tangent  # type: ignore[no-untyped-call]
                found.append(0.0 if slope is None else slope.item())
    return point.new_tensor(found)


def _stack(inputs: int, depth: int) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    random = torch.Generator().manual_seed(SEED)
    weights = [torch.randn(inputs, inputs, generator=random) / inputs**0.5 for _ in range(depth)]

    def function(values: Tensor) -> Tensor:
        for weight in weights:
            values = torch.tanh(weight @ values)
        return values.sum()

    return function, torch.rand(inputs, generator=random)


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is computed, and the bytes of all results that are still held."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0
        self.peak = 0
        self._held: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {each.untyped_storage()._cdata for each in args if isinstance(each, Tensor)}
        result = func(*args, **(kwargs or {}))
        self.operations += 1
        for each in result if isinstance(result, tuple | list) else (result,):
            if isinstance(each, Tensor):
                storage = each.untyped_storage()
                if storage._cdata not in given:
                    reference = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
                    self._held[storage._cdata] = (reference, storage.nbytes())
        self._held = {
            key: held for key, held in self._held.items()
            if not held[0].expired()  # type: ignore[no-untyped-call]
        }  # fmt: skip
        self.peak = max(self.peak, sum(size for _, size in self._held.values()))
        return result
