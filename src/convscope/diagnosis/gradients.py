"""How large the gradient of each layer is, beside its weights."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.runtime.execution import Execution
from convscope.runtime.training_step import training_loss


@dataclass(frozen=True)
class LayerGradient:
    """The weights of a layer (a matrix or kernels) and their gradient.

    Attributes:
        name: Path of the parameter, without ".weight" at its end.
        weight: Euclidean norm of the weights.
        gradient: Euclidean norm of the gradient, the median over batches; None if none arrives
            there, not even zeros: the layer is frozen, or the loss doesn't depend on it.
        is_frozen: Whether it doesn't ask for a gradient.
    """

    name: str
    weight: float
    gradient: float | None
    is_frozen: bool = False

    @property
    def ratio(self) -> float | None:
        """Gradient over weights: what a step changes, relative to what is there, at rate 1."""
        if self.gradient is None:
            return None
        return self.gradient / max(self.weight, 1e-12)


@dataclass(frozen=True)
class NetworkGradients:
    """Gradients of a network on some batches.

    Attributes:
        layers: In the order in which the network defines them.
        loss: Mean training loss over the batches.
    """

    layers: tuple[LayerGradient, ...]
    loss: float


def measure_gradients(
    network: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], *, label_smoothing: float
) -> NetworkGradients:
    """Compute the loss and its gradient on some batches in float32, without taking a step.

    Args:
        network: In the mode to measure it in; its gradients are cleared.
        batches: Images (N, C, H, W) and labels.
        label_smoothing: Share of every label that is spread over all classes.
    """
    # Vectors are left out: the bias before a batch norm has no gradient, and nothing is wrong.
    weights = {name: p for name, p in network.named_parameters() if p.ndim > 1}
    norms: dict[str, list[float]] = {name: [] for name in weights}
    losses: list[float] = []
    for images, labels in batches:
        network.zero_grad(set_to_none=True)
        plain = Execution(images.device, "float32")
        loss, _ = training_loss(network, images, labels, plain, label_smoothing=label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.item())
        for name, weight in weights.items():
            if weight.grad is not None:
                norms[name].append(float(torch.linalg.vector_norm(weight.grad)))
    network.zero_grad(set_to_none=True)
    layers = tuple(
        LayerGradient(
            name.removesuffix(".weight"),
            float(torch.linalg.vector_norm(weight.detach())),
            statistics.median(norms[name]) if norms[name] else None,
            is_frozen=not weight.requires_grad,
        )
        for name, weight in weights.items()
    )
    return NetworkGradients(layers, statistics.fmean(losses))
