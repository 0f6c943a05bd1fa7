"""Search for a recipe: from data and minutes to a recipe that `train` takes, and a report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from convscope.data.load import Data
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.choose_recipe import choose_recipe, run_name
from convscope.runs.claim import claimed
from convscope.runs.recipe import Recipe
from convscope.runtime.joining import check_alone
from convscope.runtime.usual_settings import in_usual_settings
from convscope.training.interrupt import explain_stop
from convscope.training.live_view import LiveView
from convscope.tuning.begin import OpenStudy, open_study, take_folder
from convscope.tuning.finish import train_with_new_seeds, write_results
from convscope.tuning.search import Search, worker_folder
from convscope.tuning.storage import (
    connect,
    explain_storage,
    hide_password,
    import_optuna,
    sqlite_url,
)
from convscope.tuning.study import Study

STOPPED = 128  # exit codes above it are those of signals


@in_usual_settings
def tune(
    network: str,
    data: Data,
    recipe: str | Path | Recipe | None = None,
    *,
    minutes: float,
    trials: int | None = None,
    search: Sequence[str] | None = None,
    seeds: int = 3,
    out: str | Path | None = None,
    storage: str | None = None,
    study: str | None = None,
    resume: bool = False,
    quiet: bool = False,
    **changes: Any,
) -> Study:
    """Search for a recipe within a time, by validation images, and train the best with new seeds.

    Trials are proposed by Optuna's TPE; the first is the recipe itself. A trial whose learning
    curve lies below the median of the others' is ended early; one that by its forecast can't end
    in time, or doesn't fit into memory, isn't begun. Test images are asked once: by the best
    recipe, trained with seeds that chose nothing.

    Args:
        network: Name in the catalog; "stack" is made to be searched.
        data: As for `train`.
        recipe: Where the search begins, as for `train`.
        minutes: For everything: loading, trials and new seeds.
        trials: How many at most, in this call; None: as many as the time allows.
        search: What is searched, as "FIELD=LOW..HIGH" or "FIELD=A,B,C"; None: depth, width and
            kernel of "stack", the learning rate and augmentation.
        seeds: With how many new seeds the best recipe is trained, at least 2.
        out: Folder of the search. None: `runs/tune-NETWORK-DATA-1`, or the next number.
        storage: URL of a database that several machines share; None: a file in the folder.
        study: Its name there; None: NETWORK-DATA.
        resume: Go on with a study, or join the processes that do. What it searches and begins
            with is known then, and isn't given again.
        quiet: Show nothing.
        **changes: Fields of the recipe to change.

    Raises:
        UsageError: As for `train`; or the time is too short, a field can't be searched, there is
            such a study already, or none to go on with, or it is of other data.
        ConvscopeError: Optuna is missing, the storage can't be reached, or a signal came.
    """
    begun = time.perf_counter()
    import_optuna()
    _check_numbers(minutes, seeds, trials)
    if not isinstance(network, str):
        raise UsageError(
            "tune takes the name of a network of the catalog: every trial builds one of its own. "
            f"Given a {type(network).__name__}."
        )
    check_alone("The trials of a search")
    view = LiveView(quiet=quiet)
    base = choose_recipe(network, data, recipe, changes)
    name = study or run_name(network, base)
    folder, is_new_folder = take_folder(out, storage, f"tune-{name}", resume=resume)
    url = storage or sqlite_url(folder)
    where = f"--out {folder}"
    if storage is not None:
        where = f"--storage {hide_password(storage)} --study {name}"
    what = data if isinstance(data, str | Path) else "DATA"
    again = f"convscope tune {what} --minutes M --resume {where}"
    stopped = f"Stopped; everything is kept. Go on with: {again}"
    opened: OpenStudy | None = None
    try:
        with explain_stop(stopped):
            given = None if search is None else [*search]
            is_given = recipe is not None or bool(changes) or given is not None
            opened = open_study(
                folder, url, name, data, base, given, resume=resume, is_given=is_given, view=view
            )
            view.message(f"Another process joins with: {again}")
            with _at_work(folder):
                until = begun + 60 * minutes
                searching = Search(opened, until=until, trials=trials, seeds=seeds, view=view)
                try:
                    searching.run()
                finally:
                    write_results(opened)
            train_with_new_seeds(opened, data, seeds, view, quiet=quiet)
    except ConvscopeError as error:
        if is_new_folder and not (folder / "trials").exists():
            shutil.rmtree(folder, ignore_errors=True)
            if opened is not None and not resume:
                _forget(opened)
        elif error.exit_code > STOPPED:
            explained = ConvscopeError(stopped)
            explained.exit_code = error.exit_code
            raise explained from None
        raise
    return write_results(opened)


@contextmanager
def _at_work(folder: Path) -> Iterator[None]:
    """Within: other processes of this machine can tell that this one searches."""
    worker = worker_folder(folder)
    with claimed(worker):
        yield
    with suppress(OSError):
        worker.rmdir()
        worker.parent.rmdir()


def _check_numbers(minutes: float, seeds: int, trials: int | None) -> None:
    if not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes must be above 0; given {minutes:g}.")
    if trials is not None and trials < 1:
        raise UsageError(f"--trials must be at least 1; given {trials}.")
    if seeds < 2:
        raise UsageError(
            f"--seeds must be at least 2, since one run shows no spread; given {seeds}."
        )


def _forget(opened: OpenStudy) -> None:
    """Remove a study that came to nothing in its first trial, unless others are at it."""
    optuna, found = import_optuna(), opened.study
    with suppress(ConvscopeError, KeyError), explain_storage(opened.url):
        if len(found.get_trials(deepcopy=False)) <= 1:
            optuna.delete_study(study_name=found.study_name, storage=connect(opened.url))
