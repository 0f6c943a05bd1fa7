"""What a training step keeps of a network's forward pass, followed without computing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from convscope.planning.memory import step_memory
from convscope.planning.record_step import record_step
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution

BATCH = 32


@dataclass(frozen=True)
class StepFootprint:
    """Memory of a training step by plain SGD in float32.

    Attributes:
        kept: Bytes of the activations of one image that are kept for the backward pass.
        most: Bytes in use at once, with weights, gradients and images: the most during the step.
        batch_size: Images of the step.
    """

    kept: int
    most: int
    batch_size: int


def measure_footprint(
    network: nn.Module,
    image_shape: tuple[int, int, int],
    *,
    batch_size: int = BATCH,
    recomputed: Sequence[str] = (),
) -> StepFootprint:
    """Follow a training step on tensors that have shapes but no memory (as `cs.plan` does).

    Args:
        network: From (N, channels, height, width) to logits; it isn't touched, and may live on the
            "meta" device.
        image_shape: (channels, height, width).
        batch_size: Images of the step.
        recomputed: Paths of modules that are computed again in the backward pass.

    Raises:
        UsageError: There is no such module.
        RuntimeError: The network doesn't take such images.
    """
    execution = Execution(torch.device("cpu"), "float32")
    step = record_step(network, image_shape, execution, Recipe(epochs=1), recomputed)
    memory = step_memory(step, batch_size, heap="returned")
    return StepFootprint(sum(memory.layers.values()) // batch_size, memory.live, batch_size)
