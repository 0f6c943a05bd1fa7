"""Softmax and its logarithm: the share of one power of e in all of them."""

from __future__ import annotations

from convscope.definitions.activations import softmax, softmax_jacobian
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call, Recipient
from convscope.graph.operations.forms import Share
from convscope.graph.operations.numbers import Index, Operand, Place, Product, scale_gradients, span
from convscope.graph.operations.table import OperationKind, register, signature
from convscope.graph.region import Region, all_along


def _axis(node: Node) -> int:
    """The axis along which the shares add up to 1."""
    dim, axes = node.arguments["dim"], len(node.shape)
    if dim is None:  # what PyTorch takes then
        dim = 0 if axes in (0, 1, 3) else 1
    return int(dim) % axes


def _look(node: Node, source: int, region: Region) -> Region:
    return all_along(region, (_axis(node),))


def share_out(call: Call, index: Index) -> Share:
    """The share of one power of e in all of them."""
    axis = _axis(call.node)
    places: list[Place] = [*index]
    places[axis] = span(call.node.shape[axis])
    logarithm = call.node.kind == "log softmax"
    right = "e^x[i] / Σ e^x[j]"
    formula = f"y[i] = {f'log ({right})' if logarithm else right}"
    return Share(formula, call.given["input"].numbers(*places), index[axis], logarithm)


def flow_back(call: Call, into: Recipient, gradient: Operand) -> list[Product]:
    """Raising one score lowers the share of all others."""
    axis, place = _axis(call.node), into.place
    places: list[Place] = [*place]
    places[axis] = span(call.node.shape[axis])
    scores = call.given["input"].numbers(*places).values
    own, p = span(len(scores)) == place[axis], softmax(scores)
    if call.node.kind == "softmax":
        slopes = softmax_jacobian(scores)[:, place[axis]]
        cancels = p * (own + p[place[axis]])
    else:
        slopes = own - p[place[axis]]
        cancels = own + p[place[axis]]
    return scale_gradients(
        gradient.numbers(*places), f"slopes of the {call.node.kind}", slopes, cancels
    )


for _name, _function in (("softmax", "softmax"), ("log softmax", "log_softmax")):
    register(
        OperationKind(
            name=_name,
            functions=_function,
            arguments=signature("input", dim=None),
            looks_at=_look,
            forward=share_out,
            backward=flow_back,
            way="gradient · slope, summed over the classes",
            part=lambda node: "softmax",
        )
    )
