"""Train a small network for seconds, in memory: no folder, no report, one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Change = Callable[[Tensor, torch.Generator], Tensor]


def train_briefly(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int = 10,
    rate: float = 0.005,
    batch_size: int = 64,
    seed: int = 0,
    change: Change | None = None,
    momentum: float | None = None,
) -> tuple[float, ...]:
    """Train a network in place, the rate falling linearly to 0, on cross-entropy.

    Args:
        network: From (N, channels, height, width) to logits (N, classes); left in evaluation mode.
        images: float32 (N, channels, height, width), as the network takes them.
        labels: int64 (N,), class numbers.
        epochs: How often every image is seen.
        rate: Learning rate at the beginning.
        batch_size: Images of a step.
        seed: Of the order of the images, and of what `change` draws.
        change: Makes other images of a batch's, drawing from the generator (augmentation).
        momentum: Of stochastic gradient descent; None: the optimizer is Adam.

    Returns:
        The mean loss over the images of each epoch, as they were met.
    """
    steps = epochs * ceil(len(images) / batch_size)
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(network.parameters(), lr=rate)
        if momentum is None
        else torch.optim.SGD(network.parameters(), lr=rate, momentum=momentum)
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    random = torch.Generator().manual_seed(seed)
    losses = torch.zeros(epochs)
    network.train()
    with on_one_thread():
        steps_taken = train_in_steps(
            network, optimizer, images, labels, epochs, batch_size, random, change
        )
        for epoch, loss, count in steps_taken:
            schedule.step()
            losses[epoch] += loss * count
    network.eval()
    return tuple((losses / len(images)).tolist())


def train_in_steps(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    epochs: int,
    batch_size: int,
    random: torch.Generator,
    change: Change | None = None,
) -> Iterator[tuple[int, Tensor, int]]:
    """Train on cross-entropy, every image once in an epoch; stops after each step.

    Args:
        network: In training mode; from a batch of images to logits (N, classes).
        optimizer: Of its parameters.
        images: float32, as the network takes them.
        labels: int64 (N,), class numbers.
        epochs: How often every image is seen.
        batch_size: Images of a step; the last batch of an epoch may be smaller.
        random: Draws the order of the images, and what `change` draws.
        change: Makes other images of a batch's (augmentation).

    Yields:
        The epoch, from 0; the batch's mean loss, and how many images it had.
    """
    for epoch in range(epochs):
        order = torch.randperm(len(images), generator=random)
        for batch in torch.split(order, batch_size):
            met = images[batch] if change is None else change(images[batch], random)
            loss = F.cross_entropy(network(met), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            yield epoch, loss.detach(), len(batch)


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Compute on one thread: small layers are slower on several, and round otherwise on each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
