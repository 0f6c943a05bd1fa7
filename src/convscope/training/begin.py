"""How a run begins: its images looked at, the machine measured, the folder written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convscope.data.check.leaks import check_leaks
from convscope.data.image_set import ImageSet
from convscope.data.load import Data
from convscope.runs.checked_json import write_checked
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run, new_run
from convscope.runtime.device import choose_device, describe
from convscope.runtime.exclusive import in_training
from convscope.runtime.execution import Execution
from convscope.runtime.kept_state import generators_kept
from convscope.runtime.processes import ALONE, Processes
from convscope.runtime.training_mode import modes_kept
from convscope.training.job import Job
from convscope.training.live_view import LiveView
from convscope.training.measure import measure_together
from convscope.version import __version__


def check_images(
    splits: Mapping[str, ImageSet], data: Data, recipe: Recipe, view: LiveView
) -> None:
    """Say what a person should know of images before a network is trained on them.

    Raises:
        UsageError: Images are in two splits, or have two classes, and it isn't allowed.
    """
    found = check_leaks(
        splits,
        data,
        allow=recipe.allow_leaks,
        allow_conflicts=recipe.allow_conflicting_labels,
        reading=recipe.reading,
    )
    for note in (*splits["train"].notes, *found):
        view.message(note)


def measure_job(
    job: Job, device: torch.device, view: LiveView, processes: Processes = ALONE
) -> tuple[Execution, Recipe]:
    """How this machine computes a job fastest, and its recipe with all that was chosen.

    What was measured goes into the run's recipe, so that it gives the same run on this machine.
    """
    execution, blocks = measure_together(job, device, view, processes)
    measured = {
        "precision": execution.precision,
        "threads": execution.threads,
        "recompute": blocks,
        "grey_range": job.splits["train"].grey_range,
    }
    return execution, job.recipe.replace(**measured)


def write_new_run(
    folder: Path,
    job: Job,
    recipe: Recipe,
    execution: Execution,
    processes: Processes = ALONE,
    *,
    force: bool = False,
) -> Run:
    """Make the run's folder, with the recipe and how it is computed here.

    Args:
        folder: As for `new_run`.
        job: What is to be trained.
        recipe: As `measure_job` gives it.
        execution: As `measure_job` gives it.
        processes: That train it.
        force: As for `new_run`.
    """
    run = new_run(folder, recipe, force=force)
    environment = {
        "convscope": __version__,
        **describe(),
        "device": str(execution.device),
        "precision": execution.precision,
        "layout": execution.layout,
        "matrix_convolutions": execution.plan,
        "execution_reason": execution.reason,
        "data_fingerprint": job.splits["train"].fingerprint(),
        "recipe": run.recipe.model_dump(mode="json", exclude_none=True),
    }
    if not processes.are_alone:
        environment["processes"] = processes.count
    if job.card.origin is not None:
        environment["origin"] = job.card.origin.model_dump(mode="json")
    write_checked(run.environment_file, environment, indent=2)
    return run


def execution_of(environment: dict[str, Any], recipe: Recipe) -> Execution:
    """How a run that began is computed, for going on.

    Args:
        environment: Of the run, with the fields of `ExecutionFacts`.
        recipe: Of the run.
    """
    return Execution(
        choose_device(environment["device"]),
        environment["precision"],
        recipe.threads,
        environment["matrix_convolutions"],
        environment.get("layout", "channels_last"),  # runs of earlier versions have no other
        "as the run began",
    )


@contextmanager
def borrowed(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Within: a network may be trained, and other threads keep off; the rest is kept as it is."""
    gpus = [device] if device.type == "cuda" else []
    with modes_kept(network), generators_kept(gpus), in_training(network):
        yield
