"""What a person asks for: a unit, a weight, a class, and where they are in the graph."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from convscope.errors import UsageError, unknown_name
from convscope.graph.graph import Graph, Node

SOFTMAX = "softmax"
"""The layer that makes probabilities of the logits, where the network leaves that to the loss."""


def parse_place(
    given: str | tuple[str, Sequence[int]], argument: str, form: str
) -> tuple[str, tuple[int, ...]]:
    """The name and the place in "NAME:1,2,3".

    Args:
        given: What a person wrote, or both apart.
        argument: What the argument is called: "unit" or "weight".
        form: What it should look like.

    Raises:
        UsageError: It looks otherwise.
    """
    if not isinstance(given, str):
        name, place = given
        return name, tuple(int(i) for i in place)
    name, _, numbers = given.rpartition(":")
    if not name or not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", numbers):
        example = (
            "features.conv1:2,10,12" if argument == "unit" else "features.conv1.weight:2,0,4,4"
        )
        raise UsageError(f"{argument} must be {form}, as in {example!r}; given {given!r}.")
    return name, tuple(int(i) for i in numbers.split(","))


def find_layer(graph: Graph, name: str) -> tuple[Graph, Node]:
    """The layer, and the graph with it; a softmax is put behind the logits if it is missing.

    Raises:
        UsageError: There is no such layer.
    """
    names = {node.name for node in graph} | {
        call.name for call in graph.root.walk() if call.output is not None
    }
    if name in names or graph.output.kind in ("softmax", "log softmax"):
        return graph, graph[name]
    if name != SOFTMAX:
        raise unknown_name(f"layer of {graph.network}:", name, [*sorted(names - {""}), SOFTMAX])
    logits = graph.output
    assert logits.value is not None, "the image was real"  # noqa: S101
    node = Node(
        name=SOFTMAX,
        kind="softmax",
        module="",
        function="torch.nn.functional.softmax",
        arguments={"dim": -1},
        inputs=(logits,),
        roles=("input",),
        parameters={},
        shape=logits.shape,
        dtype=logits.dtype,
        depends_on_images=True,
        batch_axis=logits.batch_axis,
        value=logits.value.softmax(dim=-1),
    )
    return dataclasses.replace(graph, nodes=[*graph.nodes, node]), node


def full_index(node: Node, name: str, place: tuple[int, ...]) -> tuple[int, ...]:
    """The number's full index, with the batch axis.

    Raises:
        UsageError: The layer has no such number.
    """
    shape = node.unit_shape
    fits = len(place) == len(shape) and all(
        0 <= i < size for i, size in zip(place, shape, strict=True)
    )
    if not fits:
        axes = {3: " (channels, height, width)", 1: " units"}.get(len(shape), "")
        size = " × ".join(map(str, shape))
        last = ",".join(str(size - 1) for size in shape)
        raise UsageError(
            f"Layer {name!r} has {size}{axes}, so its last unit is {name}:{last}; given "
            f"{name}:{','.join(map(str, place))}."
        )
    return node.full_index(place)


def find_label(label: int | str | None, classes: tuple[str, ...]) -> int | None:
    """The number of a class that was given by number or name; None stays None.

    Raises:
        UsageError: There is no class of this name.
    """
    if label is None or isinstance(label, int):
        return label
    if label in classes:
        return classes.index(label)
    if label.isdecimal():
        return int(label)
    if not classes:
        raise UsageError(f"The classes have no names here. Give the label's number, not {label!r}.")
    raise unknown_name("class", label, classes)
