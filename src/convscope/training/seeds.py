"""One recipe trained over several seeds, to see how much of a result is chance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.load import Data
from convscope.errors import ConvscopeError, UsageError
from convscope.look.numbers import percent
from convscope.runs.choose_recipe import choose_recipe, run_name
from convscope.runs.out_folder import reserve_folder
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runs.seed_group import SeedGroup, open_group
from convscope.runtime.joining import check_alone
from convscope.runtime.usual_settings import in_usual_settings
from convscope.training.diagnosis import stuck_at_guessing
from convscope.training.interrupt import TrainingStoppedError
from convscope.training.live_view import LiveView
from convscope.training.one_of_several import train_one


@in_usual_settings
def train_seeds(
    network: str | Callable[[], nn.Module],
    data: Data,
    recipe: str | Path | Recipe | None = None,
    *,
    seeds: int = 5,
    out: str | Path | None = None,
    force: bool = False,
    histograms: bool = False,
    quiet: bool = False,
    **changes: Any,
) -> SeedGroup:
    """Train a network with several seeds, one after the other, each a run of its own.

    Called again with the same `out` it goes on where it stopped: seeds that have ended aren't
    repeated, and more seeds can be asked for. A seed that fails, or whose network only guesses,
    is kept as a failure, and the others go on. All use the precision and the number of threads
    that the first measured, so that they differ in the seed alone.

    Args:
        network: Name in the catalog, or a function that builds a module of your own; it is called
            once for every seed, after torch's generator has been given that seed.
        data: As for `train`.
        recipe: As for `train`. Its seed is the first; the others count up from there.
        seeds: Number of seeds, at least 2.
        out: Folder of the group. None: `runs/NETWORK-DATA-1`, or the next number.
        force: Replace the group that lies in `out`.
        histograms: As for `train`.
        quiet: Show nothing.
        **changes: Fields of the recipe to change.

    Raises:
        UsageError: As for `train`; or `out` holds something else, or seeds of another recipe.
        ConvscopeError: Stopped by a signal; the message says how to go on.
    """
    if isinstance(network, nn.Module):
        raise UsageError(
            "train_seeds needs a function that builds the module, as in lambda: MyNetwork(): every "
            "seed starts from fresh weights, and this module has its weights already."
        )
    check_alone("Seeds")
    if seeds < 2:
        raise UsageError(
            f"--seeds must be at least 2, since one run shows no spread; given {seeds}."
        )
    subject = network if isinstance(network, str) else network()
    chosen = choose_recipe(subject, data, recipe, changes)
    folder = reserve_folder("runs", run_name(subject, chosen)) if out is None else Path(out)
    wanted = range(chosen.seed, chosen.seed + seeds)
    group = open_group(folder, chosen, wanted, force=force)
    _check_images(group)
    view = LiveView(quiet=quiet)
    for number, seed in enumerate(wanted, 1):
        if group.has_ended(seed):
            view.message(f"Seed {seed} ({number} of {seeds}) has ended before: not repeated")
            continue
        view.message(f"Seed {seed} ({number} of {seeds})")
        try:
            run = train_one(
                group.run_folder(seed),
                network,
                data,
                group.recipe.replace(seed=seed),
                group.runs,
                histograms=histograms,
                quiet=quiet,
            )
            _check_images(group)
            problem = _only_guesses(run)
        except TrainingStoppedError as error:
            stopped = ConvscopeError(
                f"Stopped in seed {seed}; everything is kept. Go on with the same command and "
                f"--out {folder}"
            )
            stopped.exit_code = error.exit_code
            raise stopped from None
        except ConvscopeError as error:
            if isinstance(error, UsageError) or not group.has_begun(seed):
                group.remove_if_empty()
                raise  # the next seed would meet the same
            problem = str(error)
        if problem is not None:
            group.add_failure(seed, problem)
            view.message(f"Seed {seed} failed; the others go on")
            continue
        view.message(f"Seed {seed}: accuracy {percent(run.summary()['accuracy'], 2)}")
        group.write()
    return group


def _only_guesses(run: Run) -> str | None:
    """What to say of a network that has learned nothing; None if it has.

    After a short run the mean loss of the last epoch may still be that of guessing while the
    network has left it behind, so the evaluation must not show more than guessing either.
    """
    evaluated = run.read_evaluation()
    counts = [each["count"] for each in evaluated["per_class"]]
    if evaluated["interval"][0] > max(counts) / sum(counts):
        return None
    return stuck_at_guessing(run.metrics("epoch")[-1], len(counts), is_last=True)


def _check_images(group: SeedGroup) -> None:
    """Complain about training images that have changed from one seed to another.

    Raises:
        UsageError: They have.
    """
    seen: dict[str, Path] = {}
    for run in group.runs:
        seen.setdefault(run.environment["data_fingerprint"], run.folder)
    if len(seen) > 1:
        first, other, *_ = seen.values()
        raise UsageError(
            f"The training images of {str(other)!r} aren't those of {str(first)!r}: they have "
            "changed in between, so the two differ in more than the seed. Begin anew, in another "
            "--out folder."
        )
