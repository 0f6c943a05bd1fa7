"""Asking a trained network about images, treated as they were for training."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from convscope.data.batches import Batches, Normalization
from convscope.data.image_set import ImageSet
from convscope.errors import training_diverged
from convscope.evaluation.measure import Outcome, measure
from convscope.runs.model_file import ModelCard
from convscope.runtime.execution import Execution


def ask(
    network: nn.Module,
    card: ModelCard,
    images: ImageSet,
    *,
    batch_size: int,
    device: torch.device,
    on_batch: Callable[[int], None] | None = None,
) -> Outcome:
    """Run a trained network in full float32, for the same answers on every machine.

    Args:
        network: Is moved to the device.
        card: What the network expects of images.
        images: Images with the card's channels.
        batch_size: Images that go through the network together.
        device: Where to compute.
        on_batch: Told the number of images of every batch that is done.

    Raises:
        ConvscopeError: Some answers are not numbers.
    """
    execution = Execution(device, "float32")
    batches = Batches(
        images,
        batch_size,
        normalization=Normalization(card.mean, card.std),
        train=False,
        size=card.size,
        device=device,
        memory_format=execution.memory_format,
    )
    # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        outcome = measure(execution.place(network), batches, on_batch=on_batch)
    wrong = int((~outcome.logits.isfinite()).any(dim=1).sum())
    if wrong:
        raise training_diverged(f"For {wrong} of {len(images)} images ")
    return outcome
