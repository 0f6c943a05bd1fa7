"""`train auto`: networks race on short budgets, the losers stop, the winner takes the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from convscope.data.load import Data
from convscope.data.shards import name_source
from convscope.errors import ConvscopeError, UsageError
from convscope.files import file_name
from convscope.look.numbers import duration, percent
from convscope.networks.catalog import AUTO
from convscope.planning.candidates import (
    NATIVE,
    choose_racers,
    describe_rounds,
    own_size,
    recipe_of,
)
from convscope.runs import recipe as recipes
from convscope.runs.claim import claimed
from convscope.runs.out_folder import check_out_folder, clear_run_folder, out_folder
from convscope.runs.race import CurvePoint, Race, Racer, read_race
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.training.begin import borrowed, check_images
from convscope.training.carry_out import carry_out
from convscope.training.interrupt import TrainingStoppedError, explain_stop
from convscope.training.lack_of_memory import explain_lack_of_memory
from convscope.training.live_view import LiveView
from convscope.training.race_track import RaceTrack

NEEDS_MINUTES = (
    "auto needs --minutes, as in: convscope train auto DATA --minutes 10. It divides them between "
    "the networks that race and the winner."
)


def race_networks(
    data: Data,
    recipe: str | Path | Recipe | None,
    changes: dict[str, Any],
    *,
    out: str | Path | None,
    force: bool,
    histograms: bool,
    quiet: bool,
) -> Run:
    """Choose the networks, let them race, and train the winner for the rest of the minutes.

    Args:
        data: As for `train`.
        recipe: None or "fast": every network has its own.
        changes: Fields of the recipe, the same for all; `minutes` is for everything.
        out: As for `train`.
        force: As for `train`.
        histograms: As for `train`.
        quiet: As for `train`.

    Raises:
        UsageError: As for `train`; or a field makes no sense here, or nothing fits into the time.
        ConvscopeError: As for `train`.
    """
    begun = time.perf_counter()
    fields = _check_fields(recipe, changes)
    minutes: float = fields["minutes"]
    view = LiveView(quiet=quiet)
    name = file_name(name_source(Path(data))) if isinstance(data, str | Path) else "arrays"
    with (
        explain_stop("Stopped before the race began; nothing is kept. Give the command again."),
        out_folder(out, f"{AUTO}-{name}", force=force) as folder,
    ):
        track = RaceTrack(folder, data, view)
        first = recipe_of(NATIVE[0], data, fields)
        images = track.load(first)
        check_images(images, data, first, view)
        view.message("auto: forecasting what the networks take")

        def left() -> float:
            return 60 * minutes - (time.perf_counter() - begun)

        racers, left_out = choose_racers(data, fields, left, own_size(images["train"]))
        seconds = max(0.0, left())
        for each, reason in left_out.items():
            view.message(f"{each} doesn't race: {reason}")
        view.message(describe_rounds(racers, seconds))
        race = Race(
            minutes=minutes,
            preparation=60 * minutes - seconds,
            racers=tuple(racers),
            left_out=left_out,
            validation_images=len(images["validation"]),
        )
        with claimed(folder):
            check_out_folder(folder, force=force)
            clear_run_folder(folder)
            race.write(folder)
            return _run_race(race, track, begun, histograms=histograms, quiet=quiet)


def go_on_with_race(folder: Path, data: Data | None, *, histograms: bool, quiet: bool) -> Run:
    """Go on with a race that was stopped.

    Args:
        folder: Of the race; it isn't a run yet.
        data: The images, if they came from arrays, or if the folder has moved.
        histograms: As for `train`.
        quiet: As for `train`.

    Raises:
        UsageError: The images are gone or others, or another process is at it.
        ConvscopeError: As for `train`; or race.json is damaged.
    """
    begun = time.perf_counter()
    with claimed(folder):
        race = read_race(folder)
        if race is None:
            raise UsageError(f"There is no race in {str(folder)!r}.")
        data = data or race.racers[0].recipe.get("data") or None
        if data is None:
            raise UsageError(
                f"The race {str(folder)!r} is on images that came from arrays, and they aren't in "
                "it. Give them: convscope.resume(folder, data=…)."
            )
        view = LiveView(quiet=quiet)
        view.message(f"{folder}: going on with the race")
        track = RaceTrack(folder, data, view)
        return _run_race(race, track, begun, histograms=histograms, quiet=quiet)


def _check_fields(recipe: str | Path | Recipe | None, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes, for a training that time alone ends.

    Raises:
        UsageError: Something was given that makes no sense for networks that race.
    """
    if recipe not in (None, "fast"):
        raise UsageError(
            "auto takes no --recipe: each network has the one that suits it. Single fields can be "
            "set for all: --set FIELD=VALUE. Or name the network yourself."
        )
    fields = {"epochs": None, **changes}
    if fields.get("minutes") is None:
        raise UsageError(NEEDS_MINUTES)
    if fields["epochs"] is not None:
        raise UsageError(
            f"auto takes no --epochs: networks differ in what one takes. {NEEDS_MINUTES}"
        )
    names = ("from_", "network", "network_arguments", "fold", "stages")
    for name, option in zip(names, ("--from", *names[1:]), strict=True):
        if fields.get(name):
            raise UsageError(
                f"auto takes no {option}: it chooses the network, and begins with "
                "published weights where they lie on this machine. Name the network to set it."
            )
    if fields.get("validation") == 0:
        raise UsageError(
            "auto needs validation images to choose a network by, for test images choose nothing: "
            "give --set validation=0.1, or leave it out."
        )
    recipes.parse(
        fields, "auto"
    )  # complains about what isn't accepted, before anything is forecast
    return fields


def _run_race(race: Race, track: RaceTrack, begun: float, *, histograms: bool, quiet: bool) -> Run:
    """The race from where it is, and the winner's training to its report."""
    folder, view, before = track.folder, track.view, race.seconds
    begun -= before  # so that what was taken before a stop counts

    def keep(changed: Race) -> Race:
        changed = changed.model_copy(update={"seconds": time.perf_counter() - begun})
        changed.write(folder)
        return changed

    with _told_how_to_go_on(folder):
        while race.winner is None:
            number = race.rounds_ended + 1
            waiting = [each for each in race.running if each.rounds < number]
            if len(race.running) == 1:
                race = keep(race.model_copy(update={"winner": race.running[0].name}))
            elif waiting:
                racer = _train_for_a_round(race, waiting[0], track, begun)
                race = keep(race.with_racer(racer))
            else:
                race = keep(race.end_round())
                names = ", ".join(each.name for each in race.running)
                view.message(f"Round {number} of {race.rounds} is over; left: {names}")
        if race.rounds:
            view.message(str(race))
        winner = next(each for each in race.racers if each.name == race.winner)
        rest = 60 * race.minutes - (time.perf_counter() - begun)
        job, run, execution = track.promote(winner, winner.seconds + max(0.0, rest))
    view.message(
        f"{winner.name} is trained for the rest: {duration(rest)}"
        if rest > 0
        else f"No time is left for {winner.name} to be trained further; give more --minutes"
    )
    with explain_lack_of_memory(run.recipe.batch_size), borrowed(job.network, execution.device):
        now = time.perf_counter()
        return carry_out(run, job, execution, view, now, histograms=histograms, quiet=quiet)


def _train_for_a_round(race: Race, racer: Racer, track: RaceTrack, begun: float) -> Racer:
    """Train one of the networks for as long as the round gives it; returns where it is then."""
    number = race.rounds_ended + 1
    budget = race.round_seconds(number)
    track.view.message(
        f"Round {number} of {race.rounds}: {racer.name} trains for {duration(budget)}"
    )
    try:
        job, run, execution = track.open(racer)
        recipe = run.recipe.replace(minutes=(racer.seconds + budget) / 60)
        recipe.write(run.recipe_file)
        job = replace(job, recipe=recipe)
        quiet = LiveView(quiet=True)
        with explain_lack_of_memory(recipe.batch_size), borrowed(job.network, execution.device):
            carry_out(
                run, job, execution, quiet, begun, histograms=False, quiet=True, is_trial=True
            )
    except (UsageError, TrainingStoppedError):
        raise
    except ConvscopeError as error:
        track.view.message(f"{racer.name} failed, and the others go on: {error}")
        return racer.model_copy(update={"failed": str(error), "rounds": number})
    curve = tuple(
        CurvePoint(
            seconds=row["seconds"],
            accuracy=row["validation_accuracy"],
            loss=row["validation_loss"],
        )
        for row in run.metrics("epoch")
    )
    trained = racer.model_copy(update={"rounds": number, "curve": curve})
    track.view.message(
        f"  {len(curve)} epochs, validation accuracy {percent(trained.result[0], 2)}"
    )
    return trained


@contextmanager
def _told_how_to_go_on(folder: Path) -> Iterator[None]:
    """Within: whatever is stopped in the race says how the race goes on.

    Raises:
        TrainingStoppedError: A signal came.
    """
    kept = (
        "Stopped in the race; what each network has learned is kept. Go on with: "
        f"convscope resume {folder}"
    )
    try:
        with explain_stop(kept):
            yield
    except TrainingStoppedError as error:
        raise TrainingStoppedError(kept, error.exit_code) from None
