"""What a run leaves to be measured on this machine: how it is computed, what is kept in memory."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch

from convscope.errors import UsageError
from convscope.look.numbers import percent
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.runtime.allocator import returning_memory
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.execution import Execution
from convscope.runtime.processes import Processes
from convscope.runtime.recomputation import find_blocks
from convscope.training.job import Job
from convscope.training.live_view import LiveView


def choose_for_job(job: Job, device: torch.device) -> Execution:
    """What computes the job's steps fastest here, of what its recipe leaves open."""
    batches = job.training_batches(Execution(device, "float32"))
    images, labels = next(iter(batches.epoch(0)))
    recipe = job.recipe
    with returning_memory():
        return choose_execution(
            job.network,
            images,
            labels,
            device,
            recipe.precision,
            recipe.threads,
            label_smoothing=recipe.label_smoothing,
        )


def measure_together(
    job: Job, device: torch.device, view: LiveView, processes: Processes
) -> tuple[Execution, tuple[str, ...]]:
    """How the job is computed, and which blocks again; the first of several processes measures.

    Args:
        job: What will be trained.
        device: Of this process.
        view: Told what was chosen.
        processes: That will train it.

    Raises:
        UsageError: It can't be trained as its recipe says.
    """

    def measure() -> dict[str, Any]:
        execution = choose_for_job(job, device)
        blocks = choose_recomputed(job, execution, view)
        names = {each.name for each in fields(execution)} - {"device"}
        return {name: getattr(execution, name) for name in names} | {"blocks": blocks}

    chosen = processes.from_first("how it is computed", measure)
    blocks = tuple(chosen.pop("blocks"))
    return Execution(device, **chosen), blocks


def choose_recomputed(job: Job, execution: Execution, view: LiveView) -> tuple[str, ...]:
    """The blocks whose activations won't be kept, as the recipe says or chosen from the network.

    Raises:
        UsageError: A block doesn't exist, or none can be chosen for this network.
    """
    recompute = job.recipe.recompute
    if recompute != "auto":
        find_blocks(job.network, recompute)
        return recompute
    shape = (job.card.channels, job.card.size, job.card.size)
    try:
        planned = plan_recomputation(job.network, shape, execution, job.recipe)
    except RuntimeError as error:
        raise UsageError(
            "recompute: no blocks can be chosen, since a step with this network can't be "
            f'followed ({str(error).splitlines()[0]}). Name them: recompute=["layer1"].'
        ) from error
    if planned.blocks:
        view.message(
            f"Computed again instead of kept: {len(planned.blocks)} blocks; "
            f"{percent(planned.saved, 0)} "
            f"less memory in a step of many images, {percent(planned.repeated, 0)} more work"
        )
    else:
        view.message("Nothing is computed again: no block saves more memory than it costs time")
    return planned.blocks
