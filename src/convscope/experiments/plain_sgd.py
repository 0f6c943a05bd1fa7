"""Plain SGD at a constant rate, for lessons 5 and 15: in memory, on one thread."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.experiments.brief_training import Change, on_one_thread, train_in_steps


def train_by_sgd(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    rate: float,
    epochs: int,
    batch_size: int = 50,
    seed: int = 0,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    change: Change | None = None,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Train a network in place at a constant rate, on cross-entropy; leaves it for prediction.

    Args:
        network: From a batch of images to logits (N, classes).
        images: float32, as the network takes them.
        labels: int64 (N,), class numbers.
        rate: The learning rate.
        epochs: How often every image is seen.
        batch_size: Images of a step; the last batch of an epoch may be smaller.
        seed: Of the order of the images and of all that layers and `change` draw.
        momentum: Of SGD.
        weight_decay: L2 penalty on all parameters.
        change: Makes other images of a batch's, drawing from the generator (augmentation).
        watch: Called after each step with its number, from 1; the network is in training mode, and
            is put back into it.
    """
    optimizer = torch.optim.SGD(
        network.parameters(), lr=rate, momentum=momentum, weight_decay=weight_decay
    )
    random = torch.Generator().manual_seed(seed)
    network.train()
    with on_one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        steps = train_in_steps(
            network, optimizer, images, labels, epochs, batch_size, random, change
        )
        for step, _ in enumerate(steps, start=1):
            if watch is not None:
                watch(step)
                network.train()
    network.eval()


def measure_loss(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The mean cross-entropy in prediction mode; ∞ if it is no number."""
    network.eval()
    with on_one_thread(), torch.no_grad():
        loss = float(F.cross_entropy(network(images), labels))
    return loss if loss < float("inf") else float("inf")


def measure_accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images that are right, in prediction mode."""
    network.eval()
    with on_one_thread(), torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())
