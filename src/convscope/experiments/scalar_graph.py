"""The graph behind a number: each intermediate value, and the chain rule along the edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from convscope.errors import UsageError
from convscope.look.language import pick
from convscope.look.numbers import number
from convscope.look.printed import Paragraph, Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIGNS = {"mul": "×", "add": "+", "sub": "−", "rsub": "−", "div": "÷", "pow": "^", "neg": "−"}


@dataclass(frozen=True)
class ValueNode:
    """One value of the computation.

    Attributes:
        label: The name of an input, or the operation that made it, with its constants.
        value: The number.
        gradient: How fast the result grows with it; None for what was detached, where PyTorch
            keeps none.
        inputs: Places of the values that it was made of, in the list of nodes.
        slopes: For each of them, how fast this value grows with it alone.
    """

    label: str
    value: float
    gradient: float | None
    inputs: tuple[int, ...]
    slopes: tuple[float, ...]


@dataclass(frozen=True)
class ValueGraph(Printed):
    """A computation with scalars, recorded.

    Attributes:
        nodes: The values, each behind those that it was made of; the result is the last.
    """

    nodes: tuple[ValueNode, ...]

    @property
    def gradients(self) -> dict[str, float | None]:
        """The gradient of the result with respect to each input, by its name."""
        return {node.label: node.gradient for node in self.nodes if not node.inputs}

    def chain_rule(self) -> tuple[float, ...]:
        """The gradient of each node from those behind it: the sum of gradient × slope over edges.

        Computed from the slopes alone, from the result back to the inputs.
        """
        found = [0.0] * len(self.nodes)
        found[-1] = 1.0
        for place in reversed(range(len(self.nodes))):
            node = self.nodes[place]
            for source, slope in zip(node.inputs, node.slopes, strict=True):
                found[source] += found[place] * slope
        return tuple(found)

    @property
    def chain_rule_error(self) -> float:
        """The largest difference between `chain_rule` and what PyTorch found."""
        pairs = zip(self.chain_rule(), self.nodes, strict=True)
        return max(abs(ours - node.gradient) for ours, node in pairs if node.gradient is not None)

    def shown(self) -> Iterator[Part]:
        """A row for each value, from the inputs to the result."""
        yield Paragraph(
            pick(
                f"{len(self.nodes)} values; the result is {self.nodes[-1].value:.4g}",
                f"{len(self.nodes)} 个值；结果为 {self.nodes[-1].value:.4g}",
            ),
            "bold",
        )
        headings = [
            pick("value of", "何者的值"),
            pick("value", "值"),
            pick("gradient", "梯度"),
            pick("made of", "由何得出"),
        ]
        rows = [
            [
                node.label,
                number(node.value),
                "–" if node.gradient is None else number(node.gradient),
                ", ".join(
                    f"{self.nodes[source].label} (×{slope:.4g})"
                    for source, slope in zip(node.inputs, node.slopes, strict=True)
                ),
            ]
            for node in self.nodes
        ]
        yield TextTable("", headings, rows, left=frozenset({0, 3}))

    def figure(self, path: str | Path | None = None) -> Figure:
        """The graph, with values in the nodes, slopes on the edges and gradients below.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.scalar_graph_figure import value_graph_figure

        return value_graph_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"nodes": [asdict(node) for node in self.nodes]}


def value_graph(function: Callable[..., Tensor], **inputs: float) -> ValueGraph:
    """Record how a function computes a number from numbers, with all gradients.

    Args:
        function: Takes scalar tensors by name, and gives one; loops and branches are recorded as
            they happen for these inputs.
        **inputs: The numbers.

    Raises:
        UsageError: The function gives no scalar that depends on the inputs.
    """
    given = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in inputs.items()
    }
    recorder = _ScalarRecorder(given)
    with recorder:
        result = function(**given)
    if not isinstance(result, Tensor) or result.numel() != 1 or not result.requires_grad:
        raise UsageError("The function must give one number that depends on its inputs.")
    for tensor in recorder.tensors:
        if not tensor.is_leaf:
            tensor.retain_grad()
    result.backward()  # type: ignore[no-untyped-call]
    return ValueGraph(_nodes(recorder, result))


class _ScalarRecorder(TorchFunctionMode):
    """Notes every function that makes a scalar of scalars."""

    def __init__(self, given: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.tensors = [*given.values()]
        self.labels = [*given]
        self.sources: list[tuple[int, ...]] = [() for _ in given]
        self.slopes: list[tuple[float, ...]] = [() for _ in given]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        known = [
            place for each in args for place, tensor in enumerate(self.tensors) if tensor is each
        ]
        is_new = isinstance(result, Tensor) and not any(result is each for each in self.tensors)
        is_new = is_new and result.is_floating_point()  # comparisons decide, but pass nothing on
        if known and is_new and result.numel() == 1:
            self.tensors.append(result)
            self.labels.append(_label(func, args))
            self.sources.append(tuple(known))
            self.slopes.append(_slopes(func, args, kwargs or {}))
        return result


def _label(function: Any, arguments: tuple[Any, ...]) -> str:
    name = getattr(function, "__name__", str(function)).strip("_")
    name = {"rmul": "mul", "radd": "add", "rpow": "pow", "truediv": "div"}.get(name, name)
    constants = [f"{each:g}" for each in arguments if isinstance(each, int | float)]
    return " ".join([SIGNS.get(name, name), *constants])


def _slopes(function: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[float, ...]:
    """The derivative of one function with respect to each tensor it was given, by itself."""
    if getattr(function, "__name__", "") == "detach":
        return tuple(0.0 for each in arguments if isinstance(each, Tensor))
    alone = [
        each.detach().clone().requires_grad_() if isinstance(each, Tensor) else each
        for each in arguments
    ]
    tensors = [each for each in alone if isinstance(each, Tensor)]
    with torch.enable_grad():
        found = torch.autograd.grad(function(*alone, **named), tensors)
    return tuple(float(each) for each in found)


def _nodes(recorder: _ScalarRecorder, result: Tensor) -> tuple[ValueNode, ...]:
    """Those that were made up to the result, without what isn't used for it."""
    last = next(place for place, each in enumerate(recorder.tensors) if each is result)
    used = {last}
    for place in range(last, -1, -1):
        if place in used:
            used |= set(recorder.sources[place])
    kept = sorted(used)
    renumbered = {old: new for new, old in enumerate(kept)}
    return tuple(
        ValueNode(
            recorder.labels[old],
            recorder.tensors[old].item(),
            None if (gradient := recorder.tensors[old].grad) is None else gradient.item(),
            tuple(renumbered[source] for source in recorder.sources[old]),
            recorder.slopes[old],
        )
        for old in kept
    )
