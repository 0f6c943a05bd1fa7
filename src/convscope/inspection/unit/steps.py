"""Where one number of a network comes from: its own arithmetic, and the steps around it.

`explain_number` says how an operation computed one number of its output. `follow_steps` goes on
from there: back through what only moves the number or changes it alone (activations, batch norm,
flattening, concatenation) to where it was gathered from many; and forward through the normalization
and activation that follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from convscope.errors import UsageError
from convscope.graph.arithmetic import compute
from convscope.graph.graph import Graph, Node
from convscope.graph.operations.call import Call
from convscope.graph.operations.forms import Calculated, Copied, Form
from convscope.graph.operations.numbers import Numbers
from convscope.graph.operations.table import describe, find

RELATIVE_ERROR = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 0.02}
"""How far a tensor's number may be from the explained one, as a share of the magnitude."""

TINY = 1e-38
"""Below this float32 has hardly any digits, and nothing can be said about a share of it."""


@dataclass(frozen=True)
class UnitStep:
    """How one operation computed one number.

    Attributes:
        layer: The operation's name.
        kind: The operation's usual name, as in "convolution".
        description: The kind with sizes, as in "convolution 3×3, stride 2".
        index: The number's place, without the batch axis.
        shape: The shape of the layer's output, without the batch axis.
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


def explain_number(graph: Graph, node: Node, index: tuple[int, ...]) -> UnitStep:
    """Say how an operation computed one number.

    Args:
        graph: A call with one real image.
        node: The operation.
        index: The number's place, with the batch axis.

    Raises:
        UsageError: The output is not numbers to compute with, or is another each time.
    """
    assert node.value is not None, "the image was real"  # noqa: S101
    form = compute(Call(graph, node), index)
    value = float(node.value[index])
    return UnitStep(
        layer=node.name,
        kind=node.kind,
        description=describe(node).removeprefix("other: "),
        index=node.unit_index(index),
        shape=node.unit_shape,
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


def follow_steps(graph: Graph, node: Node, index: tuple[int, ...]) -> tuple[list[UnitStep], int]:
    """The steps that lead to one number, and those that follow.

    Returns:
        The steps in the order of computing, and which of them computed the number asked about.

    Raises:
        UsageError: As `explain_number`, for the number asked about.
    """
    own = explain_number(graph, node, index)
    before: list[UnitStep] = []
    source = _single_source(graph, own)
    while source is not None:
        try:
            step = explain_number(graph, *source)
        except UsageError:  # where the number was made can't be said, so the way ends behind it
            break
        before.insert(0, step)
        source = _single_source(graph, step)
    after: list[UnitStep] = []
    users = graph.users(node)
    while len(users) == 1 and _follows(users[0]):
        after.append(explain_number(graph, users[0], index))
        users = graph.users(users[0])
    return [*before, own, *after], len(before)


def _follows(node: Node) -> bool:
    """Whether a layer normalizes or activates each number alone."""
    return find(node.kind).is_activation or node.kind == "batch norm"


def _single_source(graph: Graph, step: UnitStep) -> tuple[Node, tuple[int, ...]] | None:
    """The layer's number that this one was made from, if it was from that alone."""
    form = step.form
    given: Numbers | None = None
    if isinstance(form, Copied):
        given = form.given
    elif isinstance(form, Calculated) and _changes_alone(step):
        given = form.given["x"] if "numbers" not in form.given else None  # statistics of many
    if given is None or not given.places:
        return None
    source = next((node for node in graph if node.name == given.name), None)
    if source is None or source is graph.input:
        return None
    return source, tuple(int(place) for place in given.places if isinstance(place, int))


def _changes_alone(step: UnitStep) -> bool:
    """Whether an operation changes each number alone, so that it belongs to the step before."""
    return find(step.kind).is_activation or step.kind in ("batch norm", "dropout")
