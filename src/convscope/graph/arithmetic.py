"""The arithmetic of single numbers: by the rule of the kind, or else by the general one."""

from __future__ import annotations

from typing import NamedTuple

from convscope.errors import UsageError
from convscope.graph.graph import Node
from convscope.graph.operations import general
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Copied, Form
from convscope.graph.operations.numbers import Index, Operand, Product, constant
from convscope.graph.operations.table import find

GENERAL_WAY = "gradient · local derivative ∂y/∂x"


class Flow(NamedTuple):
    """What flows back into one number through one operation.

    Attributes:
        products: Gradients in the output times how much the output changes with the number.
        way: How it flows, in words.
        by_rule: Whether the kind has a rule for it, rather than the operation being asked.
        explained: Whether it is taken apart; if not, one product holds what PyTorch says.
    """

    products: list[Product]
    way: str
    by_rule: bool
    explained: bool = True


def compute(call: Call, index: Index) -> Form:
    """How an operation computed one number of its output.

    Args:
        call: The operation.
        index: The number's place, with the batch axis.

    Raises:
        UsageError: The output isn't numbers to compute with, or comes out differently each time.
    """
    node = call.node
    if not node.dtype.is_floating_point:
        raise _not_numbers(node)
    if not node.inputs and node.call is None:
        return _brought_along(call, index)
    is_complex = any(source.dtype.is_complex for source in node.inputs)  # rules are for real ones
    rule = None if is_complex else find(node.kind).forward
    form = None if rule is None else rule(call, index)
    return general.compute(call, index) if form is None else form


def flow_back(call: Call, into: Recipient, gradient: Operand) -> Flow:
    """What flows into one number that an operation was given.

    Args:
        call: The operation.
        into: The number.
        gradient: The gradient of the loss in the operation's output.

    Raises:
        UsageError: The operation can't be run again, to ask it.
    """
    kind = find(call.node.kind)
    found = None if kind.backward is None else kind.backward(call, into, gradient)
    if found is not None:
        return Flow(found, kind.way, by_rule=True)
    found = general.flow_back(call, into, gradient)
    if found is not None:
        return Flow(found, GENERAL_WAY, by_rule=False)
    whole = general.flow_back_as_a_whole(call, into, gradient)
    return Flow([whole], GENERAL_WAY, by_rule=False, explained=False)


def _brought_along(call: Call, index: Index) -> Copied:
    """The image, or a tensor that the network brought along."""
    assert call.node.value is not None, "the image was real"  # noqa: S101
    name = "the image" if call.node.kind == "input" else "a constant of the network"
    formula = f"y[{call.shown(index)}] = {name}"
    return Copied(formula, constant(name, float(call.node.value[index])))


def _not_numbers(node: Node) -> UsageError:
    inputs = ", ".join(repr(source.name) for source in node.inputs) or "none"
    return UsageError(
        f"Layer {node.name!r} holds {str(node.dtype).removeprefix('torch.')} values, which aren't "
        f"computed with. Ask about what it was given: {inputs}."
    )
