"""Where one number of a network comes from, forwards and backwards.

    explanation = unit(run, "shoe.png", "features.conv1:2,10,12", backward=True)
    print(explanation)                     # the arithmetic, step by step
    explanation.figure("unit.png")         # the same as a figure
    explanation.as_dict()                  # the same as data

The rules, one file for each family of operations, are in `graph.operations`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.graph import Graph, Node
from convscope.graph.operations.forms import Calculated
from convscope.graph.operations.numbers import constant
from convscope.graph.operations.words import in_brackets, number
from convscope.inspection.open.image import OpenedImage, open_image
from convscope.inspection.receptive_field.unit_field import UnitField, unit_field
from convscope.inspection.unit.asked import (
    SOFTMAX,
    find_label,
    find_layer,
    full_index,
    parse_place,
)
from convscope.inspection.unit.backward import (
    explain_number_gradient,
    explain_probability_gradient,
    explain_weight_gradient,
)
from convscope.inspection.unit.explanation import UnitBackward, UnitFindings
from convscope.inspection.unit.loss import Loss, compute_loss
from convscope.inspection.unit.steepest import find_steepest_input, find_steepest_weight
from convscope.inspection.unit.steps import UnitStep, follow_steps
from convscope.inspection.unit.text import as_parts, as_text
from convscope.look.html import escape
from convscope.runs.run import Run
from convscope.runtime.usual_settings import in_usual_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console, ConsoleOptions, RenderResult

FORM = "LAYER:CHANNEL,ROW,COLUMN"


@dataclass(frozen=True)
class UnitExplanation(UnitFindings):
    """The arithmetic behind one number. It prints as text, and shows as text in a notebook."""

    def __str__(self) -> str:
        return as_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from as_parts(self, options.max_width)

    def _repr_html_(self) -> str:
        return f"<pre>{'<br>'.join(escape(line) for line in str(self).splitlines())}</pre>"

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the way forwards.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.inspection.unit.figure import draw_unit

        return draw_unit(self, path)

    def backward_figure(self, path: str | Path | None = None) -> Figure:
        """Draw the way backwards.

        Args:
            path: The PNG to write; None writes none.

        Raises:
            UsageError: It was not asked for.
        """
        from convscope.inspection.unit.figure_backward import draw_unit_backward

        return draw_unit_backward(self, path)


@in_usual_settings
def unit(
    network: nn.Module | Run | str | Path,
    image: Tensor | NDArray[np.generic] | str | Path,
    unit: str | tuple[str, Sequence[int]],
    *,
    backward: bool = False,
    label: int | str | None = None,
    weight: str | tuple[str, Sequence[int]] | None = None,
    module: nn.Module | None = None,
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
        module: The module to fill, if `network` is a run of one that isn't in the catalog.

    Raises:
        UsageError: No such network, layer, unit, class or weight; an image that does not fit; or
            numbers that can't be explained, as random ones.
        ConvscopeError: The file is no image.
    """
    return explain_unit(
        open_image(network, image, module=module),
        unit,
        backward=backward,
        label=label,
        weight=weight,
    )


def explain_unit(
    subject: OpenedImage,
    unit: str | tuple[str, Sequence[int]],
    *,
    backward: bool = False,
    label: int | str | None = None,
    weight: str | tuple[str, Sequence[int]] | None = None,
) -> UnitExplanation:
    """What `unit` does, with a network and image that are opened already."""
    name, place = parse_place(unit, "unit", FORM)
    # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        graph = capture(subject.network, subject.pixels, gradients=backward)
    graph, node = find_layer(graph, name)
    index = full_index(node, name, place)
    found, asked = follow_steps(graph, node, index)
    if node is graph.input and subject.image is not None:
        found[asked] = _normalized(found[asked], subject)
    back = None
    if backward:
        chosen = None if weight is None else parse_place(weight, "weight", "PARAMETER:INDEX")
        right = find_label(label, subject.classes)
        with torch.inference_mode(mode=False), torch.enable_grad():
            loss = compute_loss(graph, right)
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


def _sees(graph: Graph, node: Node, index: tuple[int, ...]) -> UnitField | None:
    """What a number can see of the image; None for what follows from padding or weights alone."""
    if not node.depends_on_images:
        return None
    try:
        return unit_field(graph, node, node.unit_index(index))
    except UsageError:  # it sees no pixel
        return None


def _backward(
    graph: Graph,
    loss: Loss,
    node: Node,
    index: tuple[int, ...],
    step: UnitStep,
    chosen: tuple[str, tuple[int, ...]] | None,
) -> UnitBackward:
    weight = chosen or find_steepest_weight(graph, loss, node, index)
    source = find_steepest_input(graph, loss, step.form)
    own = None
    if node.edge is not None:
        own = explain_number_gradient(graph, loss, node, index)
    elif node.name == SOFTMAX:
        own = explain_probability_gradient(loss, index[-1], SOFTMAX)
    return UnitBackward(
        loss,
        number=own,
        weight=None if weight is None else explain_weight_gradient(graph, loss, *weight),
        source=None if source is None else explain_number_gradient(graph, loss, *source),
    )


def _normalized(step: UnitStep, subject: OpenedImage) -> UnitStep:
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
