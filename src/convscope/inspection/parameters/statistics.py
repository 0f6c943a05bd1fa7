"""Parameters: read by path, in figures of statistics; and units that are never active."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.errors import UsageError, unknown_name
from convscope.graph.capture import capture

Tree: TypeAlias = "Mapping[str, Tree | Tensor]"

RELUS = (
    "ReLU", "ReLU6", "leaky ReLU", "PReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish",
    "hard swish",
)  # fmt: skip
"""Activations that are (nearly) flat on one side, where a unit learns nothing."""


@dataclass(frozen=True)
class ParameterStatistics:
    """Figures of one parameter.

    Attributes:
        name: Its path.
        also: Its other paths, if it is used in several places (tied).
        shape: Its shape.
        count: How many numbers it holds.
        mean: Their mean.
        std: Their standard deviation (of all there are, not an estimate).
        norm: Square root of the sum of their squares.
        zeros: Share of them that is exactly 0.
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


@dataclass(frozen=True)
class DeadUnits:
    """Units of one layer that are never active.

    Attributes:
        layer: Name of the activation.
        units: How many units (channels, for feature maps) the layer has.
        dead: Their numbers.
    """

    layer: str
    units: int
    dead: tuple[int, ...]


def read(network: nn.Module, path: str = "") -> Tensor | Tree:
    """A parameter by its path, or all parameters below a path, nested as the modules are.

        read(network, "features.conv1.weight")     # the parameter
        read(network, "features")                  # {"conv1": {"weight": …, "bias": …}, …}

    Args:
        network: The network.
        path: Names joined by points; "" for all of it.

    Raises:
        UsageError: There is nothing of this name.
    """
    tree: dict[str, Tree | Tensor] = {}
    known = set()
    for name, parameter in network.named_parameters(remove_duplicate=False):
        *modules, last = name.split(".")
        branch = tree
        for depth, module in enumerate(modules, start=1):
            branch = branch.setdefault(module, {})  # type: ignore[assignment]
            known.add(".".join(modules[:depth]))
        branch[last] = parameter
        known.add(name)
    if path and path not in known:
        raise unknown_name("parameter", path, known)
    found: Tensor | Tree = tree
    for part in path.split(".") if path else []:
        found = found[part]  # type: ignore[index]
    return found


def statistics(
    network: nn.Module, images: Tensor | None = None, labels: Tensor | None = None
) -> list[ParameterStatistics]:
    """Figures of every parameter; tied ones stand once, with all of their paths.

    The rows make a table: `pandas.DataFrame(statistics(network))`.

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


def dead_units(network: nn.Module, images: Tensor | Iterable[Tensor]) -> list[DeadUnits]:
    """Units behind a ReLU that are above 0 nowhere, on any of the images.

    Args:
        network: Left as found.
        images: (N, C, H, W), or several batches of them.

    Returns:
        One for each ReLU (any activation with a flat side), in the order of execution.
    """
    batches = [images] if isinstance(images, Tensor) else images
    alive: dict[str, Tensor] = {}
    for batch in batches:
        for node in capture(network, batch):
            if node.kind in RELUS and node.value is not None:
                units = 1 if len(node.shape) in (2, 4) else -1  # tokens have their units last
                active = (node.value > 0).movedim(units, 0).flatten(1).any(dim=1)
                alive[node.name] = active | alive.get(node.name, torch.zeros_like(active))
    return [
        DeadUnits(name, len(active), tuple((~active).nonzero()[:, 0].tolist()))
        for name, active in alive.items()
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
