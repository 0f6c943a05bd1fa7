"""One training step, written once: loss, gradients, clipping, optimizer, weight average.

The training loop takes these steps, and whatever tells in advance what a step will do takes the
same ones: the probes that choose precision and threads, the learning-rate range test, and the
recording that forecasts of time and memory are made of. A step has two halves, since the loop looks
at the loss before it lets it change the weights:

    loss, logits = training_loss(network, images, labels, execution, label_smoothing=0.1)
    take_step(loss, network, optimizer, clip_gradient=1.0, average=average, number=17)

`training_step` is both, for those who don't look.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.runtime.execution import Execution
from convscope.runtime.module_output import main_logits
from convscope.runtime.weight_average import WeightAverage


def training_step(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    execution: Execution,
    optimizer: torch.optim.Optimizer,
    *,
    label_smoothing: float = 0.0,
    clip_gradient: float | None = None,
    average: WeightAverage | None = None,
    number: int = 0,
) -> Tensor:
    """Change the weights of a network once, by the gradient of its loss on a batch.

    Args:
        network: In training mode, on the device; its weights and buffers change.
        images: (N, C, H, W) float32, augmented and normalized, on the device.
        labels: (N,) int64 class numbers, or (N, classes) float32 shares of the classes in images
            that are mixtures (mixup).
        execution: Precision and algorithms of the forward pass.
        optimizer: Over the network's parameters.
        label_smoothing: Share of every label that is spread evenly over all classes (Szegedy et
            al. 2016, section 7).
        clip_gradient: Largest Euclidean norm of the gradient of all parameters together; a longer
            one is shortened to it (Pascanu et al. 2013). None: it is used as it is.
        average: Moves towards the new weights.
        number: Steps taken before this one; early on, the average forgets faster.

    Returns:
        The mean loss of the batch before the step, a float32 scalar without a graph.
    """
    loss, _ = training_loss(network, images, labels, execution, label_smoothing=label_smoothing)
    take_step(loss, network, optimizer, clip_gradient=clip_gradient, average=average, number=number)
    return loss.detach()


def training_loss(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    execution: Execution,
    *,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """The first half of a step: the forward pass and the cross-entropy of its logits, in float32.

    Args:
        network: As for `training_step`, like all that follows.
        images: (N, C, H, W).
        labels: (N,) class numbers, or (N, classes) shares.
        execution: Precision and algorithms.
        label_smoothing: Share of every label that is spread over all classes.

    Returns:
        loss: The mean over the batch, a float32 scalar from which gradients can be computed.
        logits: (N, classes), in the precision of the execution; of several outputs, the main one.
    """
    with execution.forward_pass():
        logits = main_logits(network(images))
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)
    return loss, logits


def take_step(
    loss: Tensor,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    clip_gradient: float | None = None,
    average: WeightAverage | None = None,
    number: int = 0,
    on_gradients: Callable[[], None] | None = None,
) -> None:
    """The second half of a step: backward pass, clipping, optimizer, weight average.

    Afterwards the parameters have no gradients, so that the next forward pass doesn't hold them.

    Args:
        loss: From `training_loss`.
        network: As for `training_step`, like all that follows.
        optimizer: Over the network's parameters.
        clip_gradient: Largest norm of the gradient.
        average: Moves towards the new weights.
        number: Steps taken before this one.
        on_gradients: Called when `grad` of every parameter is there, before it is clipped.
    """
    loss.backward()  # type: ignore[no-untyped-call]
    if on_gradients is not None:
        on_gradients()
    if clip_gradient is not None:
        # All parameters at once, as PyTorch does by itself where tensors are plain: in a recording
        # they aren't, and what is recorded is to be what training does.
        at_once = True if loss.device.type in ("cpu", "cuda") else None
        nn.utils.clip_grad_norm_(network.parameters(), clip_gradient, foreach=at_once)
    optimizer.step()
    optimizer.zero_grad()
    if average is not None:
        average.update(network, number)
