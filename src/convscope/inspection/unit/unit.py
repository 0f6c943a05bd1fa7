"""Where one number of a network comes from, forwards and backwards.

    explanation = unit(run, "shoe.png", "features.conv1:2,10,12", backward=True)
    print(explanation)                     # the arithmetic, step by step
    explanation.figure("unit.png")         # the same as an image
    explanation.as_dict()                  # the same as data

`arithmetic/` holds the rules, one for each kind of operation.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.errors import UsageError, unknown_name
from convscope.graph.arithmetic.backward import (
    gradient_in_number,
    gradient_in_probability,
    gradient_in_weight,
)
from convscope.graph.arithmetic.forms import Calculated
from convscope.graph.arithmetic.forward import Step, steps
from convscope.graph.arithmetic.loss import Loss, loss_of
from convscope.graph.arithmetic.numbers import constant, has_batch
from convscope.graph.arithmetic.steepest import steepest_input, steepest_weight
from convscope.graph.arithmetic.words import in_brackets, number
from convscope.graph.capture import capture
from convscope.graph.graph import Graph, Node
from convscope.inspection.open.image import OpenedImage, open_image
from convscope.inspection.receptive_field.unit_field import UnitField, unit_field
from convscope.inspection.unit.explanation import Backward, UnitExplanation
from convscope.runs.run import Run

FORM = "LAYER:CHANNEL,ROW,COLUMN"
SOFTMAX = "softmax"
"""The layer that makes probabilities of the logits, where the network leaves that to the loss."""


def unit(
    network: nn.Module | Run | str | Path,
    image: Tensor | NDArray[np.generic] | str | Path,
    unit: str | tuple[str, Sequence[int]],
    *,
    backward: bool = False,
    label: int | str | None = None,
    weight: str | tuple[str, Sequence[int]] | None = None,
) -> UnitExplanation:
    """Explain one number of a network on an image: the arithmetic that made it.

    The network is left as found.

    Args:
        network: A module; a run, its folder, or a `model.safetensors`; or a name of the catalog.
        image: A file or uint8 (C, H, W), treated as for training; or a float tensor (C, H, W),
            as the network takes it.
        unit: The layer and the number's place there: "features.conv1:2,10,12" is channel 2, row
            10, column 12; "dense3:4" is unit 4. Or both apart: ("features.conv1", (2, 10, 12)).
            "softmax:4" is the probability of class 4, also if the network returns logits.
        backward: Also explain the gradient of the loss (cross-entropy) in the number, in one of
            its weights and in one of its inputs.
        label: The right class for the loss, by name or number. None: the predicted one.
        weight: The weight to explain the gradient of, as in "features.conv1.weight:2,0,4,4".
            None: of those that the number was computed with, the one with the largest gradient.

    Raises:
        UsageError: No such network, layer, unit, class or weight; an image that does not fit; or
            an operation that is not known.
        ConvscopeError: The file is no image.
    """
    return explained(
        open_image(network, image), unit, backward=backward, label=label, weight=weight
    )


def explained(
    subject: OpenedImage,
    unit: str | tuple[str, Sequence[int]],
    *,
    backward: bool = False,
    label: int | str | None = None,
    weight: str | tuple[str, Sequence[int]] | None = None,
) -> UnitExplanation:
    """What `unit` does, of a network and image that are opened already."""
    name, place = _parsed(unit, "unit", FORM)
    # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        graph = capture(subject.network, subject.pixels, gradients=backward)
    graph, node = _layer(graph, name)
    index = _index(node, name, place)
    found, asked = steps(graph, node, index)
    if node is graph.input and subject.image is not None:
        found[asked] = _normalized(found[asked], subject)
    back = None
    if backward:
        chosen = None if weight is None else _parsed(weight, "weight", "PARAMETER:INDEX")
        right = _label(label, subject.classes)
        with torch.inference_mode(mode=False), torch.enable_grad():
            loss = loss_of(graph, right)
            back = _backward(graph, loss, node, index, found[asked], chosen)
    return UnitExplanation(
        network=graph.network,
        opened=subject,
        graph=graph,
        steps=tuple(found),
        asked=asked,
        sees=_sees(graph, node, index),
        backward=back,
        notes=(*subject.notes, *graph.notes),
    )


def _parsed(
    given: str | tuple[str, Sequence[int]], argument: str, form: str
) -> tuple[str, tuple[int, ...]]:
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


def _layer(graph: Graph, name: str) -> tuple[Graph, Node]:
    """The layer, and the graph with it; a softmax is put behind the logits if it is missing."""
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
        parameters={},
        shape=logits.shape,
        dtype=logits.dtype,
        depends_on_images=True,
        value=logits.value.softmax(dim=-1),
    )
    return dataclasses.replace(graph, nodes=[*graph.nodes, node]), node


def _index(node: Node, name: str, place: tuple[int, ...]) -> tuple[int, ...]:
    """The number's full index, with the batch axis."""
    batch = has_batch(node)
    shape = node.shape[1:] if batch else node.shape
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
    return (0, *place) if batch else place


def _sees(graph: Graph, node: Node, index: tuple[int, ...]) -> UnitField | None:
    """What a number can see of the image; None for what follows from padding or weights alone."""
    if not has_batch(node):
        return None
    try:
        return unit_field(graph, node, index[1:])
    except UsageError:  # it sees no pixel
        return None


def _label(label: int | str | None, classes: tuple[str, ...]) -> int | None:
    if label is None or isinstance(label, int):
        return label
    if label in classes:
        return classes.index(label)
    if label.isdecimal():
        return int(label)
    if not classes:
        raise UsageError(f"The classes have no names here. Give the label's number, not {label!r}.")
    raise unknown_name("class", label, classes)


def _backward(
    graph: Graph,
    loss: Loss,
    node: Node,
    index: tuple[int, ...],
    step: Step,
    chosen: tuple[str, tuple[int, ...]] | None,
) -> Backward:
    weight = chosen or steepest_weight(graph, loss, node, index)
    source = steepest_input(graph, loss, step.form)
    own = None
    if node.edge is not None:
        own = gradient_in_number(graph, loss, node, index)
    elif node.name == SOFTMAX:
        own = gradient_in_probability(loss, index[-1], SOFTMAX)
    return Backward(
        loss,
        number=own,
        weight=None if weight is None else gradient_in_weight(graph, loss, *weight),
        source=None if source is None else gradient_in_number(graph, loss, *source),
    )


def _normalized(step: Step, subject: OpenedImage) -> Step:
    """The step of a pixel: how the network's number follows from the one in the file."""
    assert subject.image is not None and subject.normalization is not None  # noqa: S101, PT018
    pixel = int(subject.image[step.index])
    mean = subject.normalization.mean[step.index[0]]
    std = subject.normalization.std[step.index[0]]
    result = (pixel / 255 - mean) / std
    form = Calculated(
        formula="x = (pixel / 255 − mean) / standard deviation",
        inserted=f"({pixel} / 255 − {in_brackets(mean)}) / {number(std)} = {number(result)}",
        given={
            "pixel": constant("pixel of the file", pixel),
            "mean": constant("mean of the training images", mean),
            "standard deviation": constant("standard deviation of the training images", std),
        },
        result=result,
        magnitude=(pixel / 255 + abs(mean)) / std,
    )
    error = abs(result - step.value) / max(form.magnitude, 1e-38)
    return dataclasses.replace(step, form=form, error=error)
