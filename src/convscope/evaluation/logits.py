"""A network run over labelled images: logits, mean loss, accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.data.batches import Batches
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError
from convscope.runs.model import Model
from convscope.runtime.execution import Execution, Precision, autocast
from convscope.runtime.module_output import main_logits


class LabelledBatches(Protocol):
    """What `compute_batch_logits` needs of `data.batches.Batches`, made with `train=False`."""

    def epoch(self, epoch: int) -> Iterable[tuple[Tensor, Tensor]]:
        """Batches of images float (n, C, H, W) and labels int64 (n,), in the data's order."""


@dataclass(frozen=True)
class Logits:
    """The logits of labelled images, and what they come to.

    Attributes:
        values: (N, classes) float32, on the CPU, in the order of the images.
        labels: (N,) int64 true classes, on the CPU.
        loss: Mean cross-entropy, computed in float32; natural logarithm.
        accuracy: Share of images whose largest logit is that of their label.
    """

    values: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)
    loss: float
    accuracy: float

    @property
    def probabilities(self) -> Tensor:
        """Softmax of the logits as they are, not calibrated: (N, classes) float32."""
        return self.values.softmax(dim=1)


def compute_logits(
    model: Model,
    images: ImageSet,
    *,
    batch_size: int,
    device: torch.device,
    on_batch: Callable[[int], None] | None = None,
) -> Logits:
    """Run a trained network in full float32, so that every machine gives the same logits.

    Args:
        model: The network is moved to the device; the images are normalized as its card says.
        images: Images with the card's channels.
        batch_size: Images that go through the network together.
        device: Where to compute.
        on_batch: Told the number of images of every batch that is done.

    Raises:
        ConvscopeError: Some logits are not numbers.
    """
    execution = Execution(device, "float32", layout=model.layout(device))
    batches = Batches(
        images,
        batch_size,
        normalization=model.normalization,
        train=False,
        size=model.card.size,
        fit=model.card.fit,
        device=device,
        memory_format=execution.memory_format,
    )
    # GPUs would otherwise shorten the factors of a convolution to 10 bits (TF32).
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        logits = compute_batch_logits(execution.place(model.network), batches, on_batch=on_batch)
    check_finite(logits.values)
    return logits


def compute_batch_logits(
    network: nn.Module,
    batches: LabelledBatches,
    *,
    precision: Precision = "float32",
    on_batch: Callable[[int], None] | None = None,
) -> Logits:
    """Run a network over batches of labelled images, each image once, without training it.

    Args:
        network: Maps images (n, C, H, W) to logits (n, classes); lies on the device of the
            batches. Every module's training mode is left as found.
        batches: At least one image.
        precision: "bfloat16" runs the network under autocast; the loss is float32 either way.
        on_batch: Told the number of images of every batch that is done.
    """
    parts: list[Tensor] = []
    label_parts: list[Tensor] = []
    with evaluation_mode(network):
        for images, labels in batches.epoch(0):
            with autocast(images.device, precision):
                logits = main_logits(network(images))  # (n, classes)
            parts.append(logits.float())
            label_parts.append(labels)
            if on_batch is not None:
                on_batch(len(images))
    # Joined outside of inference mode, so that callers may use them like any other tensor, and
    # moved at once: a copy after every batch would make a GPU wait for the CPU.
    return summarize_logits(torch.cat(parts).cpu(), torch.cat(label_parts).cpu())


def summarize_logits(values: Tensor, labels: Tensor) -> Logits:
    """What logits (N, classes) come to for these labels (N,); both on the CPU."""
    right = int((values.argmax(dim=1) == labels).sum())
    return Logits(
        values=values,
        labels=labels,
        loss=F.cross_entropy(values, labels).item(),
        accuracy=right / len(labels),
    )


def check_finite(values: Tensor) -> None:
    """Complain about logits or probabilities (N, classes) that are NaN or infinite.

    Raises:
        ConvscopeError: Those of an image are; the message says what to do.
    """
    wrong = int((~values.isfinite()).any(dim=1).sum())
    if wrong:
        raise ConvscopeError(
            f"For {wrong} of {len(values)} images the network's logits are not numbers (NaN or "
            "infinite): its training diverged. Train again with a lower learning rate."
        )


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Within: evaluation mode and no gradients. After: every module's mode as it was.

    Not PyTorch's inference mode: a module of somebody's own may compute a gradient in its forward
    pass, or keep a tensor for the next training step.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
