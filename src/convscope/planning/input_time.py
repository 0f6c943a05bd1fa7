"""How long it takes to make a batch: measured on images of the same size, made up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from convscope.data.batches import Batches, Normalization
from convscope.data.image_set import ImageSet

if TYPE_CHECKING:
    from convscope.planning.workload import Workload

MOST_IMAGES = 128
REPETITIONS = 2


def input_seconds(workload: Workload, batch_size: int) -> float:
    """Seconds for making a training batch, as training makes it.

    Args:
        workload: Gives the shape of stored images, their size, augmentation.
        batch_size: Images per step.
    """
    count = min(batch_size, MOST_IMAGES)
    channels = workload.stored_shape[0]
    images = np.full((count * (REPETITIONS + 1), *workload.stored_shape), 127, np.uint8)
    made_up = ImageSet(images, np.arange(len(images)) % 2, ("a", "b"))
    batches = Batches(
        made_up,
        count,
        normalization=Normalization((0.5,) * channels, (0.25,) * channels),
        train=True,
        size=workload.size,
        fit=workload.recipe.fit,
        augmentation=workload.recipe.augmentation,
        device=workload.execution.device,
        memory_format=workload.execution.memory_format,
    )
    times, start = [], time.perf_counter()
    for _ in batches.epoch(0):
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
    return min(times[1:] or times) * batch_size / count
