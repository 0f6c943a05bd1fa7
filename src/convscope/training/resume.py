"""Go on with a run that was stopped, from its newest checkpoint."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.evaluation.run_splits import check_still_there, is_named, run_splits
from convscope.runs.begin_from import read_origin
from convscope.runs.changed_recipe import check_recipe_change, list_changes
from convscope.runs.checked_json import write_checked
from convscope.runs.claim import claimed
from convscope.runs.model_file import read_card
from convscope.runs.not_kept import check_given
from convscope.runs.race import is_undecided
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.run_facts import ExecutionFacts
from convscope.runs.split_record import read_split_record
from convscope.runtime.device import choose_device
from convscope.runtime.exclusive import exclusive
from convscope.runtime.joining import check_alone, join_processes, were_started_together
from convscope.runtime.process import forget_peak
from convscope.runtime.processes import Processes
from convscope.runtime.quiet import quiet_compiler
from convscope.runtime.usual_settings import in_usual_settings
from convscope.training.begin import (
    borrowed,
    execution_of,
)
from convscope.training.carry_out import carry_out
from convscope.training.interrupt import explain_stop
from convscope.training.job import Job, prepare
from convscope.training.lack_of_memory import explain_lack_of_memory
from convscope.training.live_view import LiveView
from convscope.training.loop import Watcher
from convscope.training.race import go_on_with_race
from convscope.training.together import check_alike, check_process_count, copy_run

NOTHING_LOST = "Stopped before a step was taken; the run is as it was: convscope resume {}"


@exclusive("training")
@in_usual_settings
def resume(
    run: Run | str | Path,
    *,
    module: nn.Module | None = None,
    data: Data | None = None,
    force: bool = False,
    histograms: bool = False,
    watcher: Watcher | None = None,
    quiet: bool = False,
) -> Run:
    """Go on with a run that was stopped, from its newest checkpoint, and evaluate the result.

    A run that has ended is evaluated again; to train it longer, raise `epochs` in its recipe.toml.
    A race between networks (`train("auto", …)`) that was stopped goes on, too.

    Args:
        run: The run or its folder.
        module: The module, if the run trains one of your own.
        data: The images, if they came from arrays, or if the folder has moved.
        force: Go on although the recipe was changed in what can change while a run goes on, such as
            `learning_rate` or `augmentation`; environment.json keeps what, and after which epoch.
        histograms: As for `train`.
        watcher: As for `train`.
        quiet: Show nothing.

    Raises:
        UsageError: Not a run, another process trains it, its recipe was changed in what it
            computes, the data has changed, or its own module wasn't given.
        ConvscopeError: Every checkpoint is damaged, or training failed.
    """
    if not isinstance(run, Run) and is_undecided(run):
        check_alone("The networks of a race")
        return go_on_with_race(Path(run), data, histograms=histograms, quiet=quiet)
    with ExitStack() as until_the_end:
        if not were_started_together():
            run = run if isinstance(run, Run) else Run(run)
        until_the_end.enter_context(explain_stop(NOTHING_LOST.format(run)))
        processes = until_the_end.enter_context(join_processes(choose_device("auto")))
        run = copy_run(processes, run)
        until_the_end.enter_context(claimed(run.folder))
        return _go_on(
            run,
            module,
            data,
            processes,
            force=force,
            histograms=histograms,
            watcher=watcher,
            quiet=quiet,
        )


def _go_on(
    run: Run,
    module: nn.Module | None,
    data: Data | None,
    processes: Processes,
    *,
    force: bool,
    histograms: bool,
    watcher: Watcher | None,
    quiet: bool,
) -> Run:
    begun = time.perf_counter()
    forget_peak()
    recipe, environment = run.recipe, run.read_environment(ExecutionFacts)
    began = environment.get("recipe")
    changed = check_recipe_change(run.folder, began, recipe, force=force)
    check_given(run, "convscope.resume", module, data)
    if processes.is_first:
        _check_has_begun(run)
    check_process_count(processes, run, environment.get("processes", 1))
    view = LiveView(quiet=quiet or not processes.is_first)
    view.message(f"{run.folder}: going on")
    if data is None:
        check_still_there(run)
    with processes.first_of_machine_first("reading the images"):
        job = _prepare_again(run, module or recipe.network, data or recipe.data, recipe, view)
    job = replace(job, part=processes.part)
    check_alike(processes, job)
    execution = execution_of(environment, recipe)
    execution = replace(execution, device=processes.place_on(execution.device))
    if changed:
        _record_changes(run, environment, changed)
        view.message(f"Going on with changed settings: {list_changes(changed)}")
    with (
        quiet_compiler(module),
        explain_lack_of_memory(recipe.batch_size),
        borrowed(job.network, execution.device),
    ):
        return carry_out(
            run,
            job,
            execution,
            view,
            begun,
            processes,
            histograms=histograms,
            watcher=watcher,
            quiet=quiet,
        )


def _record_changes(
    run: Run, environment: dict[str, Any], changed: dict[str, tuple[Any, Any]]
) -> None:
    """Keep, with the run, that it goes on with other settings than it began with."""
    epochs = len(run.metrics("epoch"))
    now = run.recipe.model_dump(mode="json", exclude_none=True)
    changes = [*environment.get("changes", ()), {"after_epoch": epochs, "fields": changed}]
    content = {**environment, "recipe": now, "changes": changes}
    write_checked(run.environment_file, content, indent=2)


def _check_has_begun(run: Run) -> None:
    """Refuse a run whose first weights are nowhere: they aren't in it yet, nor made from its seed.

    Raises:
        UsageError: It stopped while it took them over.
    """
    if run.recipe.from_ and not any(run.checkpoints.glob("step-*.json")):
        raise UsageError(
            f"Run {str(run.folder)!r} stopped before its first step. Start it again: convscope "
            f"train NETWORK DATA --recipe {run.recipe_file} --out NEW_FOLDER"
        )


def _prepare_again(
    run: Run, network: str | nn.Module, data: Data, recipe: Recipe, view: LiveView
) -> Job:
    """The run's own images, as it began; where files came or were renamed since, by its record.

    Raises:
        UsageError: Images that it was trained or validated on are gone or were changed.
    """
    known = run.environment["data_fingerprint"]
    notes: tuple[str, ...] = ()
    origin = read_origin(run)
    job = prepare(network, data, recipe, origin)
    if job.splits["train"].has_fingerprint(known):
        return job
    record = read_split_record(run.folder)
    if record is not None and isinstance(data, str | Path) and not is_named(data):
        card = read_card(run.model_file) if run.model_file.exists() else job.card
        own = run_splits(run, data, card)
        notes = own.notes
        if own.changed.isdisjoint({"train", "validation"}) and "train" in own.splits:
            splits = {name: record.in_order(images) for name, images in own.splits.items()}
            again = prepare(network, splits, recipe, origin)
            if again.splits["train"].has_fingerprint(known):
                for note in notes:
                    view.message(note)
                return again
    raise UsageError(
        f"The training images of {recipe.data or 'the arrays given'!r} aren't those that run "
        f"{str(run.folder)!r} began with, so going on would mix two data sets: "
        f"{' '.join(notes) or _reason(run.environment) + '.'} Put them back as they were, or give "
        "the place where they are (--data), or start a new run: convscope train."
    )


def _reason(environment: dict[str, Any]) -> str:
    """Why training images may differ from those that a run began with."""
    if "recipe" in environment:  # which was the same
        return "files were added, removed or changed since, or divided otherwise"
    return "files were changed since, or size or validation in its recipe.toml"
