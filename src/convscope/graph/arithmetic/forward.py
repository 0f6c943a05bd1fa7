"""Where one number of a network comes from: its own arithmetic, and the steps around it.

`explain` says how an operation computed one number of its output. `steps` goes on from there: back
through what only moves the number or changes it alone (activations, batch norm, flattening,
concatenation) to where it was gathered from many; and forward through the normalization and
activation that follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from convscope.errors import UsageError
from convscope.graph.arithmetic import normalizations, selections, sums
from convscope.graph.arithmetic.call import Call
from convscope.graph.arithmetic.forms import Calculated, Copied, Form
from convscope.graph.arithmetic.functions import FUNCTIONS
from convscope.graph.arithmetic.numbers import Numbers, constant, has_batch
from convscope.graph.folding import described
from convscope.graph.graph import Graph, Node
from convscope.graph.operations import ACTIVATIONS, MOVING

Rule = Callable[[Call, tuple[int, ...]], Form]

ALONE = ACTIVATIONS | {"batch norm", "dropout"}
"""What changes each number alone, so that it belongs to the step before."""

RELATIVE_ERROR = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 0.02}
"""How far a tensor's number may be from the explained one, as a share of the magnitude."""

TINY = 1e-38
"""Below this float32 has hardly any digits, and nothing can be said about a share of it."""


@dataclass(frozen=True)
class Step:
    """How one operation computed one number.

    Attributes:
        layer: Its name.
        kind: Its usual name, as in "convolution".
        description: The kind with sizes, as in "convolution 3×3, stride 2".
        index: Of the number, without the batch axis.
        shape: Of the layer's output, without the batch axis.
        value: The number that the network computed.
        form: The arithmetic.
        error: How far the explained number is from the network's, as a share of the magnitude of
            the numbers that were added up (of the sum of absolute products, for a weighted sum).
        allowed: The most that rounding explains.
    """

    layer: str
    kind: str
    description: str
    index: tuple[int, ...]
    shape: tuple[int, ...]
    value: float
    form: Form
    error: float
    allowed: float

    @property
    def agrees(self) -> bool:
        """Whether the explained number is the network's, but for rounding."""
        return self.error <= self.allowed

    @property
    def label(self) -> str:
        """The number's name, as in "conv1[2, 10, 12]"."""
        return f"{self.layer}[{', '.join(map(str, self.index))}]"

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "description": self.description,
            "index": list(self.index),
            "shape": list(self.shape),
            "value": self.value,
            "explained": self.form.result,
            "relative_error": self.error,
            "agrees": self.agrees,
            "formula": self.form.formula,
            "in_numbers": self.form.inserted,
            "arithmetic": self.form.as_dict(),
        }


def explain(graph: Graph, node: Node, index: tuple[int, ...]) -> Step:
    """Say how an operation computed one number.

    Args:
        graph: Of a call with one real image.
        node: The operation.
        index: Of the number, with the batch axis.

    Raises:
        UsageError: The operation is not known, or its output is not numbers to compute with.
    """
    assert node.value is not None, "the image was real"  # noqa: S101
    rule = RULES.get(node.kind)
    if node.arguments.get("rounding_mode") is not None:
        rule = None
    if rule is None or not node.dtype.is_floating_point:
        raise _unexplained(node)
    value = float(node.value[index])
    form = rule(Call(graph, node), index)
    batch = has_batch(node)
    return Step(
        layer=node.name,
        kind=node.kind,
        description=described(node),
        index=index[1:] if batch else index,
        shape=node.shape[1:] if batch else node.shape,
        value=value,
        form=form,
        error=relative_error(form.result, value, form.magnitude),
        allowed=RELATIVE_ERROR.get(node.dtype, 0.05),
    )


def relative_error(explained: float, value: float, magnitude: float) -> float:
    """The difference of two numbers as a share of a magnitude; 0 if both are the same."""
    if explained == value or (np.isnan(explained) and np.isnan(value)):
        return 0.0
    difference = abs(explained - value)
    return difference / max(magnitude, abs(value), TINY)


def steps(graph: Graph, node: Node, index: tuple[int, ...]) -> tuple[list[Step], int]:
    """The steps that lead to one number, and those that follow.

    Returns:
        The steps in the order of computing, and which of them computed the number asked about.
    """
    own = explain(graph, node, index)
    before: list[Step] = []
    step = own
    source = _single_source(graph, step)
    while source is not None and source[0].kind in RULES:
        step = explain(graph, *source)
        before.insert(0, step)
        source = _single_source(graph, step)
    after: list[Step] = []
    users = graph.users(node)
    while len(users) == 1 and users[0].kind in (ACTIVATIONS | {"batch norm"}):
        after.append(explain(graph, users[0], index))
        users = graph.users(users[0])
    return [*before, own, *after], len(before)


def _single_source(graph: Graph, step: Step) -> tuple[Node, tuple[int, ...]] | None:
    """The layer's number that this one was made from, if it was from that alone."""
    if isinstance(step.form, Copied):
        given: Numbers | None = step.form.given
    elif isinstance(step.form, Calculated) and step.kind in ALONE:
        given = step.form.given["x"]
        if "numbers" in step.form.given:  # its statistics are those of many
            given = None
    else:
        given = None
    if given is None or not given.places:
        return None
    source = next((node for node in graph if node.name == given.name), None)
    if source is None or source is graph.input:
        return None
    return source, tuple(int(place) for place in given.places if isinstance(place, int))


def _unexplained(node: Node) -> UsageError:
    if node.dtype.is_floating_point:
        made = f"is made by {node.function}, whose arithmetic Convscope doesn't know"
    else:
        made = f"holds {str(node.dtype).removeprefix('torch.')} values, which aren't computed with"
    inputs = ", ".join(repr(source.name) for source in node.inputs) or "none"
    return UsageError(f"Layer {node.name!r} {made}. Ask about what it was given: {inputs}.")


def _from_outside(call: Call, index: tuple[int, ...]) -> Copied:
    """The image, or a tensor that the network brought along."""
    assert call.node.value is not None, "the image was real"  # noqa: S101
    name = "the image" if call.node.kind == "input" else "a constant of the network"
    formula = f"y[{call.shown(index)}] = {name}"
    return Copied(formula, constant(name, float(call.node.value[index])))


RULES: dict[str, Rule] = {
    "input": _from_outside,
    "constant": _from_outside,
    "convolution": sums.convolution,
    "transposed convolution": sums.transposed_convolution,
    "dense": sums.dense,
    "matrix product": sums.matrix_product,
    "average pooling": sums.average_pooling,
    "adaptive average pooling": sums.adaptive_average_pooling,
    "mean": sums.mean,
    "total": sums.total,
    "sum": sums.addition,
    "difference": sums.addition,
    "product": sums.multiplication,
    "resizing": sums.resizing,
    "max pooling": selections.max_pooling,
    "adaptive max pooling": selections.adaptive_max_pooling,
    "maximum": selections.extreme,
    "minimum": selections.extreme,
    "concatenation": selections.concatenation,
    "dropout": selections.dropout,
    "choice": selections.chosen,
    "assignment": selections.moved,
    "overwritten": selections.overwritten,
    "batch norm": normalizations.batch_norm,
    "instance norm": normalizations.batch_norm,
    "group norm": normalizations.group_norm,
    "layer norm": normalizations.layer_norm,
    "local response norm": normalizations.local_response_norm,
    "softmax": normalizations.softmax,
    "log softmax": normalizations.softmax,
    "quotient": normalizations.of_two,
    "power": normalizations.of_two,
    "larger of two": normalizations.of_two,
    "smaller of two": normalizations.of_two,
    "clamp": normalizations.clamp,
    **dict.fromkeys(MOVING, selections.moved),
    **dict.fromkeys(FUNCTIONS, normalizations.function),
}
