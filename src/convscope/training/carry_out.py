"""One run from its next step to its report: what is the same for new and for resumed ones."""

from __future__ import annotations

import shutil
from contextlib import nullcontext

from convscope.errors import ConvscopeError, UsageError
from convscope.files import check_own, free_space, remove_leftovers
from convscope.runs.checkpoint import forget_later, latest_checkpoint, save_checkpoint
from convscope.runs.not_kept import how_to_ask
from convscope.runs.optimization import make_optimizer
from convscope.runs.run import Run
from convscope.runs.split_record import FILE as SPLITS_FILE
from convscope.runs.split_record import read_split_record, write_split_record
from convscope.runs.stages import describe_stages
from convscope.runtime.allocator import returning_memory
from convscope.runtime.execution import Execution
from convscope.runtime.module_copy import copy_module
from convscope.runtime.processes import ALONE, Processes
from convscope.runtime.recomputation import recomputing
from convscope.runtime.weight_average import WeightAverage
from convscope.training.budget import first_plan, plan_steps_again
from convscope.training.diagnosis import NotFiniteError
from convscope.training.expectation import Expectation
from convscope.training.interrupt import explain_stop, stop_on_signals
from convscope.training.job import Job
from convscope.training.live_view import LiveView
from convscope.training.loop import Watcher, fit, is_over
from convscope.training.stages import StagedNetwork
from convscope.training.state import Progress, TrainingState
from convscope.training.together import share_checkpoint

SHOWN_PROBLEMS = 10


def carry_out(
    run: Run,
    job: Job,
    execution: Execution,
    view: LiveView,
    begun: float,
    processes: Processes = ALONE,
    *,
    histograms: bool,
    watcher: Watcher | None = None,
    quiet: bool,
    is_trial: bool = False,
) -> Run:
    """Train a run from its first step, or from its newest checkpoint, to its last, and evaluate it.

    Args:
        run: The folder; what is trained is written into it.
        job: What is trained, and on which images.
        execution: How this machine computes it.
        view: Told of every step, and of what a person should know.
        begun: When the run began (`time.perf_counter`), to compare with its forecast.
        processes: That train together. All but the first write nothing, and end with training.
        histograms: Whether histograms of the parameters are kept for TensorBoard.
        watcher: Is told of steps and epochs as well, last of all; what it raises ends the run.
        quiet: Show no progress.
        is_trial: Whether this is a part of a race: then nothing is forecast, and nothing evaluated
            on test images when the training ends.

    Raises:
        NotFiniteError: The loss or a weight isn't a number any more.
    """
    from convscope.training.tensorboard import EventLog  # slow to import, and late is early enough

    check_own(run.checkpoints, run.figures, run.folder / "tensorboard", run.metrics_file)
    _remove_leftovers(run)
    if processes.is_first and read_split_record(run.folder) is None:
        write_split_record(run.folder, job.splits)
    train_batches = job.training_batches(execution)
    state = _initial_state(job, execution, len(train_batches))
    checkpoint = share_checkpoint(processes, latest_checkpoint(run.checkpoints))
    if checkpoint is not None:
        for problem in checkpoint.passed_over:
            view.message(f"Damaged checkpoint passed over: {problem}")
        state.restore(checkpoint)
        _check_epochs(run, state.progress)
        forget_later(run.checkpoints, state.progress.step)
        steps = plan_steps_again(job.recipe, state.progress, len(train_batches))
        state.progress.total_steps = steps
    elif job.card.origin is not None and processes.is_first:
        # The source may be gone, or be trained further, when this run goes on.
        save_checkpoint(run.checkpoints, state.tensors(), state.plain())
    if processes.is_first:
        _check_disk(run, state)
    run.forget_after(state.progress.step, state.progress.epoch)
    _introduce(job, execution, view)
    expectation = None
    speaks = processes.is_first and not is_trial
    if speaks and (checkpoint is None or not is_over(job.recipe, state.progress)):
        resumed = None if checkpoint is None else state.progress
        expectation = Expectation(
            job, run.recipe, execution, view, begun, resumed, processes=processes.count
        )
        expectation.announce(run)
    watchers: list[Watcher] = [view] if expectation is None else [view, expectation]
    first_step = 0 if checkpoint is None else state.progress.step + 1
    events = EventLog(run.folder / "tensorboard", first_step=first_step, histograms=histograms)
    if checkpoint is None and processes.is_first:
        events.images(next(iter(train_batches.epoch(0)))[0])
    if processes.is_first:
        watchers.append(events)
    if watcher is not None:
        watchers.append(watcher)
    shares_statistics = not processes.are_alone and job.recipe.batch_norm == "synchronized"
    stages = StagedNetwork(state.network, job, execution, run, view)
    try:
        with (
            explain_stop(
                "Stopped at once; what came before the newest checkpoint is kept. Go on from there "
                f"with: convscope resume {run.folder}"
            ),
            stop_on_signals(run.folder, needs_agreement=not processes.are_alone) as stop,
            execution.using_threads(),
            returning_memory(),
            view.training(len(train_batches), job.recipe.epochs, job.monitor_name),
            processes.normalizing(state.network) if shares_statistics else nullcontext(),
            recomputing(state.network, run.recipe.recompute, execution.plan),
        ):
            fit(state, job, execution, run, stages, watchers, stop, processes)
    except NotFiniteError as error:
        run.log("error", step=state.progress.step, message=str(error))
        doctor = how_to_ask(run, "doctor", "convscope.diagnose")
        view.message(f"To find the reason: {doctor}")
        raise
    finally:
        stages.leave()
        events.close()
    processes.part_ways()
    if not speaks:
        return run
    with explain_stop(
        "Stopped in the final evaluation; the training has ended and is kept. For what is left: "
        f"convscope resume {run.folder}; for the evaluation alone: convscope evaluate {run.folder}"
    ):
        # What draws the figures is slow to import, and late is early enough.
        from convscope.training.final_evaluation import evaluate_result

        evaluate_result(run, job, view, expectation, quiet=quiet)
    return run


def _check_disk(run: Run, state: TrainingState) -> None:
    """Refuse to begin what the disk can't hold: two checkpoints and the one being written, a model.

    Raises:
        ConvscopeError: Says how much is needed and how much is free.
    """
    weights = sum(t.numel() * t.element_size() for t in state.network.state_dict().values())
    slots = {"sgd": 1, "nesterov": 1}.get(run.recipe.optimizer, 2)
    copies = 1 + slots + (state.average is not None)
    there = sum(file.stat().st_size for file in run.checkpoints.glob("step-*"))
    needed = 3 * copies * weights + 2 * weights - there
    if needed > shutil.disk_usage(run.folder).free:
        raise ConvscopeError(
            f"The run {str(run.folder)!r} doesn't fit on the disk. "
            f"{free_space(run.folder, needed)} Free some space, or give another folder (--out)."
        )


def _check_epochs(run: Run, progress: Progress) -> None:
    """Refuse to end a run before where it is: its result would be of an epoch that it hasn't.

    Raises:
        UsageError: Its recipe has fewer epochs now.
    """
    begun = progress.epoch + (progress.step_in_epoch > 0)
    epochs = run.recipe.epochs
    if epochs is not None and epochs < begun:
        raise UsageError(
            f"Run {str(run.folder)!r} is in epoch {begun} already, and its recipe says epochs = "
            f"{epochs}. Give at least {begun} in {run.recipe_file}, or start a new run."
        )


def _remove_leftovers(run: Run) -> None:
    """Remove what a process that was killed left half written; only this one writes here now."""
    remove_leftovers(run.checkpoints)
    for file in (run.model_file, run.metrics_file, run.environment_file, run.folder / SPLITS_FILE):
        remove_leftovers(run.folder, file.stem)


def _initial_state(job: Job, execution: Execution, steps_per_epoch: int) -> TrainingState:
    network = execution.place(job.network)
    average = None
    if job.recipe.ema is not None:
        average = WeightAverage(copy_module(network), job.recipe.ema)
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
    origin = job.card.origin
    if origin is not None and job.recipe.stages.head_epochs:
        view.message(describe_stages(job.recipe, origin.new))
    problems = list(dict.fromkeys(p for each in job.splits.values() for p in each.problems))
    for problem in problems[:SHOWN_PROBLEMS]:
        view.message(f"Left out {problem.path}: {problem.reason}")
    if len(problems) > SHOWN_PROBLEMS:
        view.message(f"… and {len(problems) - SHOWN_PROBLEMS} more; see: convscope data")
