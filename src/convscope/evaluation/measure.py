"""What a network answers on labelled images: logits, mean loss, accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.runtime.execution import Precision, autocast


class LabelledBatches(Protocol):
    """What `measure` needs of `data.batches.Batches`, made with `train=False`."""

    def epoch(self, epoch: int) -> Iterable[tuple[Tensor, Tensor]]:
        """Batches of images float (n, C, H, W) and labels int64 (n,), in the data's order."""


@dataclass(frozen=True)
class Outcome:
    """What a network answered.

    Attributes:
        logits: (N, classes) float32, on the CPU, in the order of the images.
        labels: (N,) int64, on the CPU.
        loss: Mean cross-entropy, computed in float32; natural logarithm.
        accuracy: Share of images whose largest logit is that of their label.
    """

    logits: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)
    loss: float
    accuracy: float

    @property
    def probabilities(self) -> Tensor:
        """Softmax of the logits: (N, classes) float32."""
        return self.logits.softmax(dim=1)


def measure(
    network: nn.Module,
    batches: LabelledBatches,
    *,
    precision: Precision = "float32",
    on_batch: Callable[[int], None] | None = None,
) -> Outcome:
    """Run a network over labelled images, each once, without training it.

    Args:
        network: Maps images (n, C, H, W) to logits (n, classes); lies on the device of the
            batches. Every module's training mode is left as found.
        batches: At least one image.
        precision: "bfloat16" runs the network under autocast; the loss is float32 either way.
        on_batch: Told the number of images of every batch that is done.
    """
    parts: list[Tensor] = []
    label_parts: list[Tensor] = []
    with answering(network):
        for images, labels in batches.epoch(0):
            with autocast(images.device, precision):
                logits = network(images)  # (n, classes)
            parts.append(logits.float())
            label_parts.append(labels)
            if on_batch is not None:
                on_batch(len(images))
    # Joined outside of inference mode, so that callers may use them like any other tensor, and
    # moved at once: a copy after every batch would make a GPU wait for the CPU.
    all_logits, all_labels = torch.cat(parts).cpu(), torch.cat(label_parts).cpu()
    right = int((all_logits.argmax(dim=1) == all_labels).sum())
    return Outcome(
        logits=all_logits,
        labels=all_labels,
        loss=F.cross_entropy(all_logits, all_labels).item(),
        accuracy=right / len(all_labels),
    )


@contextmanager
def answering(network: nn.Module) -> Iterator[None]:
    """Within: evaluation mode and no gradients. After: every module's mode as it was."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in modes:
            module.training = training
