"""Small networks for 8×8 digits with and without batch normalization, and noise that undoes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.errors import UsageError, unknown_name
from convscope.networks.initialization import initialize

KINDS = ("plain", "kaiming", "batch norm", "noisy batch norm")
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class ShiftingNoise(nn.Module):
    """In training, moves and stretches each channel by random numbers drawn anew at every step.

    x · s + m, with s from [0.75, 1.25] and m from [−1, 1]: what batch normalization has set to
    mean 0 and deviation 1 gets another mean and deviation at each step. In prediction: x.

    The idea: Santurkar et al., "How does batch normalization help optimization?", 2018, section 2.
    """

    def forward(self, x: Tensor) -> Tensor:
        """X (N, channels) in the same shape."""
        if not self.training:
            return x
        channels = x.shape[1]
        return x * (0.75 + 0.5 * torch.rand(channels)) + 2 * torch.rand(channels) - 1


def build_normalized_dense(
    kind: str = "batch norm",
    *,
    activation: str = "relu",
    layers: int = 3,
    units: int = 32,
    seed: int = 0,
) -> nn.Sequential:
    """Dense layers from 64 pixels to 10 logits, of one of four kinds.

    - "plain": PyTorch's own first weights;
    - "kaiming": first weights by Kaiming's rule;
    - "batch norm": as plain, with batch normalization before each activation;
    - "noisy batch norm": then `ShiftingNoise` behind each normalization.

    Args:
        kind: One of these.
        activation: "relu" or "sigmoid".
        layers: Hidden layers.
        units: Of each hidden layer.
        seed: Of the first weights.

    Raises:
        UsageError: There is no such kind or activation.
    """
    if kind not in KINDS:
        raise unknown_name("kind", kind, KINDS)
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    parts: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for inputs in [64] + [units] * (layers - 1):
            parts.append(nn.Linear(inputs, units))
            if kind.endswith("batch norm"):
                parts.append(nn.BatchNorm1d(units))
            if kind == "noisy batch norm":
                parts.append(ShiftingNoise())
            parts.append(ACTIVATIONS[activation]())
        network = nn.Sequential(*parts, nn.Linear(units, 10))
        if kind == "kaiming":
            initialize(network, "kaiming")
    return network


def build_normalized_convolutions(seed: int = 0) -> nn.Sequential:
    """Two 3×3 convolutions, each with batch normalization, sigmoid and pooling, for (N, 64).

    Args:
        seed: Of the first weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Sigmoid(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.Sigmoid(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64, 10),
        )  # fmt: skip


def batch_norm_layers(network: nn.Module) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
    """The batch normalization layers of a network, from front to back.

    Raises:
        UsageError: It has none.
    """
    found = [
        each for each in network.modules() if isinstance(each, nn.BatchNorm1d | nn.BatchNorm2d)
    ]
    if not found:
        raise UsageError("The network has no batch normalization; give one that has.")
    return found
