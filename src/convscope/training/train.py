"""Train a network on images, or go on with a run: from names to a Run folder."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convscope.data.check.leaks import check_leaks
from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.evaluation.analysis import analyse
from convscope.evaluation.calibrate import calibrate_model
from convscope.evaluation.evaluate import evaluate_model
from convscope.evaluation.report import write_report
from convscope.files import write_text
from convscope.look.numbers import percent
from convscope.planning.recomputed_blocks import plan_recomputation
from convscope.runs.checkpoint import latest_checkpoint
from convscope.runs.choose_recipe import choose_recipe, run_name
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run, check_out_folder, new_run, unused_folder
from convscope.runtime.allocator import returning_memory
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.device import choose_device, describe
from convscope.runtime.exclusive import exclusive
from convscope.runtime.execution import Execution
from convscope.runtime.process import forget_peak
from convscope.runtime.recomputation import find_blocks, recomputing
from convscope.runtime.weight_average import WeightAverage
from convscope.training.budget import first_plan
from convscope.training.diagnosis import NotFiniteError
from convscope.training.expectation import Expectation
from convscope.training.interrupt import stop_on_signals
from convscope.training.job import Job, prepare
from convscope.training.live_view import LiveView
from convscope.training.loop import Watcher, fit, is_over
from convscope.training.state import Progress, TrainingState
from convscope.version import __version__

SHOWN_PROBLEMS = 10


@exclusive("training")
def train(
    network: str | nn.Module,
    data: Data,
    recipe: str | Path | Recipe | None = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    histograms: bool = False,
    quiet: bool = False,
    **changes: Any,
) -> Run:
    """Train a network and evaluate it on the test images; everything is kept in a Run folder.

    Args:
        network: Name in the catalog, or a module of your own that maps (N, C, H, W) images to
            (N, classes) logits.
        data: Name of a data set, folder or zip of images, or `{"train": ImageSet, "test": …}`.
        recipe: "book", "fast", a TOML file, or a Recipe. None: the book's if it has settings for
            this network, else fast.
        out: Folder of the run. None: `runs/NETWORK-DATA-1`, or the next number.
        force: Replace the run that lies in `out`.
        histograms: Write a histogram of every parameter to TensorBoard after every epoch.
        quiet: Show nothing.
        **changes: Fields of the recipe to change, such as `epochs=3`.

    Returns:
        The finished run.

    Raises:
        UsageError: A name, a field, the data or the image size isn't accepted; or images of a
            folder are in two splits (allow with `allow_leaks=True`) or have two classes
            (`allow_conflicting_labels=True`); or its folders can be understood in two ways
            (`split_folders` says how).
        ConvscopeError: Training failed (the loss became NaN) or was stopped.
    """
    begun = time.perf_counter()
    forget_peak()
    chosen = choose_recipe(network, data, recipe, changes)
    folder = unused_folder("runs", run_name(network, chosen)) if out is None else Path(out)
    check_out_folder(folder, force=force)
    view = LiveView(quiet=quiet)
    device = choose_device(chosen.device)
    job = prepare(network, data, chosen)
    for note in job.splits["train"].notes:
        view.message(note)
    found = check_leaks(
        job.splits,
        data,
        allow=chosen.allow_leaks,
        allow_conflicts=chosen.allow_conflicting_labels,
        reading=chosen.reading,
    )
    for note in found:
        view.message(note)
    view.message(f"{run_name(network, chosen)}: measuring how it runs fastest here")
    execution = _choose_execution(job, device)
    recompute = _choose_recomputed(job, execution, view)
    # What was measured goes into the run's recipe, so that it gives the same run on this machine.
    measured = {
        "precision": execution.precision,
        "threads": execution.threads,
        "recompute": recompute,
        "grey_range": job.splits["train"].grey_range,
    }
    run = new_run(folder, chosen.replace(**measured), force=force)
    environment = {
        "convscope": __version__,
        **describe(),
        "device": str(execution.device),
        "precision": execution.precision,
        "matrix_convolutions": execution.plan,
        "execution_reason": execution.reason,
        "data_fingerprint": job.splits["train"].fingerprint(),
    }
    write_text(run.environment_file, json.dumps(environment, indent=2) + "\n")
    return _carry_out(run, job, execution, view, begun, histograms=histograms, quiet=quiet)


@exclusive("training")
def resume(
    run: Run | str | Path,
    *,
    module: nn.Module | None = None,
    data: Data | None = None,
    histograms: bool = False,
    quiet: bool = False,
) -> Run:
    """Go on with a run that was stopped, from its newest checkpoint, and evaluate the result.

    A run that has ended is evaluated again; to train it longer, raise `epochs` in its recipe.toml.

    Args:
        run: The run or its folder.
        module: The module, if the run trains one of your own.
        data: The images, if they came from arrays, or if the folder has moved.
        histograms: As for `train`.
        quiet: Show nothing.

    Raises:
        UsageError: Not a run, or the data has changed.
        ConvscopeError: Every checkpoint is damaged, or training failed.
    """
    begun = time.perf_counter()
    forget_peak()
    run = run if isinstance(run, Run) else Run(run)
    recipe, environment = run.recipe, run.environment
    view = LiveView(quiet=quiet)
    view.message(f"{run.folder}: going on")
    job = prepare(module or recipe.network, data or recipe.data, recipe)
    if job.splits["train"].fingerprint() != environment["data_fingerprint"]:
        raise UsageError(
            f"The images in {recipe.data!r} aren't those that run {str(run.folder)!r} began "
            "with, so going on would mix two data sets. Start a new run: convscope train."
        )
    device = choose_device(environment["device"])
    execution = Execution(
        device,
        environment["precision"],
        recipe.threads,
        environment["matrix_convolutions"],
        "as the run began",
    )
    return _carry_out(run, job, execution, view, begun, histograms=histograms, quiet=quiet)


def _choose_execution(job: Job, device: torch.device) -> Execution:
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


def _choose_recomputed(job: Job, execution: Execution, view: LiveView) -> tuple[str, ...]:
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
            "recompute: no blocks can be chosen, since this network asks for the values of its "
            f'tensors ({str(error).splitlines()[0]}). Name them: recompute=["layer1"].'
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


def _carry_out(
    run: Run,
    job: Job,
    execution: Execution,
    view: LiveView,
    begun: float,
    *,
    histograms: bool,
    quiet: bool,
) -> Run:
    from convscope.training.tensorboard import EventLog  # slow to import, and late is early enough

    train_batches = job.training_batches(execution)
    state = _initial_state(job, execution, len(train_batches))
    checkpoint = latest_checkpoint(run.checkpoints)
    if checkpoint is not None:
        for problem in checkpoint.passed_over:
            view.message(f"Damaged checkpoint passed over: {problem}")
        state.restore(checkpoint)
        if job.recipe.minutes is None:  # the recipe may have been given more epochs since
            state.progress.total_steps = first_plan(job.recipe, len(train_batches))
    run.forget_after(state.progress.step)
    _introduce(job, execution, view)
    expectation = None
    if checkpoint is None or not is_over(job.recipe, state.progress):
        resumed = None if checkpoint is None else state.progress
        expectation = Expectation(job, run.recipe, execution, view, begun, resumed)
    watchers: list[Watcher] = [view] if expectation is None else [view, expectation]
    events = EventLog(run.folder / "tensorboard", histograms=histograms)
    if checkpoint is None:
        events.images(next(iter(train_batches.epoch(0)))[0])
    try:
        with (
            stop_on_signals(run.folder) as stop,
            execution.using_threads(),
            returning_memory(),
            view.training(len(train_batches), job.recipe.epochs, job.monitor_name),
            recomputing(state.network, run.recipe.recompute, execution.plan),
        ):
            fit(state, job, execution, run, [*watchers, events], stop)
    except NotFiniteError as error:
        run.log("error", step=state.progress.step, message=str(error))
        view.message(f"To find the reason: convscope doctor {run.folder}")
        raise
    finally:
        events.close()
    view.message("final evaluation")
    if expectation:
        expectation.evaluation_begins()
    batch_size = job.recipe.batch_size
    model = run.model(copy.deepcopy(job.network) if not job.card.network else None)
    if "validation" in job.splits:
        rate = job.recipe.unknown_rate
        model = calibrate_model(model, run, rate, job.splits, batch_size=batch_size, quiet=quiet)
    evaluation = evaluate_model(model, run, job.splits, batch_size=batch_size, quiet=quiet)
    analysis = analyse(evaluation, batch_size=batch_size, robustness=None, quiet=quiet)
    if analysis.robustness is None:
        view.message(
            "Robustness is left out, since it would take minutes for a network this large: "
            f"convscope evaluate {run.folder}"
        )
    if expectation:
        expectation.settle(run)
    write_report(analysis)
    return run


def _initial_state(job: Job, execution: Execution, steps_per_epoch: int) -> TrainingState:
    network = execution.place(job.network)
    average = None
    if job.recipe.ema is not None:
        average = WeightAverage(copy.deepcopy(network), job.recipe.ema)
    progress = Progress(total_steps=first_plan(job.recipe, steps_per_epoch))
    return TrainingState(network, make_optimizer(network, job.recipe), average, progress)


def _introduce(job: Job, execution: Execution, view: LiveView) -> None:
    parameters = sum(p.numel() for p in job.network.parameters())
    channels, size = job.card.channels, job.card.size
    counts = ", ".join(f"{len(images):,} {name}" for name, images in job.splits.items())
    view.message(
        f"{parameters:,} parameters; images {channels}×{size}×{size}: {counts}\n{execution}"
    )
    for note in job.notes:
        view.message(note)
    problems = list(dict.fromkeys(p for each in job.splits.values() for p in each.problems))
    for problem in problems[:SHOWN_PROBLEMS]:
        view.message(f"Left out {problem.path}: {problem.reason}")
    if len(problems) > SHOWN_PROBLEMS:
        view.message(f"… and {len(problems) - SHOWN_PROBLEMS} more; see: convscope data")
