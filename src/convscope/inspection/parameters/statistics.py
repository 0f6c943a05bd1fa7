"""The parameters of a network in figures: size, spread, zeros, gradients."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import UsageError
from convscope.graph.capture import capture


@dataclass(frozen=True)
class ParameterStatistics:
    """Figures of one parameter.

    Attributes:
        name: The parameter's path.
        also: The parameter's other paths, if it is used in several places (tied).
        shape: The parameter's shape.
        count: How many numbers it holds.
        mean: Mean of the numbers.
        std: Standard deviation of the numbers (of all there are, not an estimate).
        norm: Square root of the sum of the numbers' squares.
        zeros: Share of the numbers that is exactly 0.
        gradient_norm: The norm of the gradient; None if there is none.
        trained: Whether training changes it.
    """

    name: str
    also: tuple[str, ...]
    shape: tuple[int, ...]
    count: int
    mean: float
    std: float
    norm: float
    zeros: float
    gradient_norm: float | None
    trained: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {**asdict(self), "also": list(self.also), "shape": list(self.shape)}


def measure_parameters(
    network: nn.Module, images: Tensor | None = None, labels: Tensor | None = None
) -> list[ParameterStatistics]:
    """Figures of every parameter; tied ones stand once, with all of their paths.

    The rows make a table: `pandas.DataFrame(measure_parameters(network))`.

    Args:
        network: Left as found.
        images: (N, C, H, W). With them the gradient is that of the mean cross-entropy on them,
            with dropout off and batch norm as for predicting. Without, it is the one that the
            parameters hold, if any.
        labels: (N,) classes of the images.

    Raises:
        UsageError: Images without labels, or the other way round.
    """
    if (images is None) != (labels is None):
        raise UsageError("Gradients need both images and labels; only one of them was given.")
    paths: dict[object, list[str]] = {}
    first: dict[object, nn.Parameter] = {}
    for path, parameter in network.named_parameters(remove_duplicate=False):
        paths.setdefault(_place(parameter), []).append(path)
        first.setdefault(_place(parameter), parameter)
    if images is None or labels is None:
        gradients = {path: p.grad for path, p in network.named_parameters() if p.grad is not None}
    else:
        gradients = _gradients(network, images, labels)
    return [
        _figures(first[place], names, [gradients[name] for name in names if name in gradients])
        for place, names in paths.items()
    ]


def _place(parameter: Tensor) -> object:
    """The same for parameters that are one, or that are the same part of the same memory."""
    if parameter.device.type == "meta" or not parameter.numel():
        return id(parameter)
    return parameter.data_ptr(), parameter.shape, parameter.stride(), parameter.device


def _gradients(network: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    graph = capture(network, images, gradients=True)
    assert graph.result is not None  # noqa: S101 - gradients were asked for
    loss = F.cross_entropy(graph.result, labels)
    names = graph.parameter_names
    return dict(zip(names, graph.gradients(loss, names), strict=True))


def _norm_of_sum(gradients: list[Tensor]) -> float:
    return float(torch.stack(gradients).double().sum(dim=0).norm())


def _figures(
    parameter: nn.Parameter, names: list[str], gradients: list[Tensor]
) -> ParameterStatistics:
    values = parameter.detach().double()
    return ParameterStatistics(
        name=names[0],
        also=tuple(names[1:]),
        shape=tuple(parameter.shape),
        count=parameter.numel(),
        mean=float(values.mean()),
        std=float(values.std(correction=0)),
        norm=float(values.norm()),
        zeros=float((values == 0).double().mean()),
        gradient_norm=_norm_of_sum(gradients) if gradients else None,
        trained=parameter.requires_grad,
    )
