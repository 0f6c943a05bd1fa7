"""Cross-validation: one recipe trained once for every part of the data that is tested on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.load import Data
from convscope.errors import ConvscopeError, UsageError
from convscope.look.numbers import percent
from convscope.runs.choose_recipe import choose_recipe, run_name
from convscope.runs.fold_group import FoldGroup, open_fold_group
from convscope.runs.out_folder import reserve_folder
from convscope.runs.recipe import Recipe
from convscope.runtime.joining import check_alone
from convscope.runtime.usual_settings import in_usual_settings
from convscope.training.interrupt import TrainingStoppedError
from convscope.training.live_view import LiveView
from convscope.training.one_of_several import train_one


@in_usual_settings
def train_folds(
    network: str | Callable[[], nn.Module],
    data: Data,
    recipe: str | Path | Recipe | None = None,
    *,
    folds: int = 5,
    out: str | Path | None = None,
    force: bool = False,
    histograms: bool = False,
    quiet: bool = False,
    **changes: Any,
) -> FoldGroup:
    """Divide data into parts, and train a network for each that is tested on that part alone.

    For sets too small for one split: every image is tested on once, so all count for the accuracy.
    Classes are spread evenly over the parts; copies, and images of one group, stay in one. Called
    again with the same `out` it goes on where it stopped.

    Args:
        network: Name in the catalog, or a function that builds a module of your own; it is called
            once for every fold, after torch's generator has been given the recipe's seed.
        data: As for `train`; without test images of its own.
        recipe: As for `train`.
        folds: How many parts, at least 2.
        out: Folder of the group. None: `runs/NETWORK-DATA-1`, or the next number.
        force: Replace the group that lies in `out`.
        histograms: As for `train`.
        quiet: Show nothing.
        **changes: Fields of the recipe to change.

    Raises:
        UsageError: As for `train`; or the data have test images of their own, or are too few; or
            `out` holds something else, or folds of another recipe.
        ConvscopeError: A fold failed, or was stopped by a signal; the message says how to go on.
    """
    check_alone("Folds")
    if isinstance(network, nn.Module):
        raise UsageError(
            "train_folds needs a function that builds the module, as in lambda: MyNetwork(): every "
            "fold starts from fresh weights, and this module has its weights already."
        )
    if folds < 2:
        raise UsageError(f"--folds must be at least 2: it is how many parts; given {folds}.")
    subject = network if isinstance(network, str) else network()
    chosen = choose_recipe(subject, data, recipe, {**changes, "fold": None})
    folder = reserve_folder("runs", run_name(subject, chosen)) if out is None else Path(out)
    group = open_fold_group(folder, chosen, folds, force=force)
    view = LiveView(quiet=quiet)
    for fold in range(1, folds + 1):
        if (group.run_folder(fold) / "evaluation.json").is_file():
            view.message(f"Fold {fold} of {folds} has ended before: not repeated")
            continue
        view.message(f"Fold {fold} of {folds}")
        try:
            run = train_one(
                group.run_folder(fold),
                network,
                data,
                group.recipe.replace(fold=(fold, folds)),
                group.runs,
                histograms=histograms,
                quiet=quiet,
            )
        except TrainingStoppedError as error:
            stopped = ConvscopeError(
                f"Stopped in fold {fold}; everything is kept. Go on with the same command and "
                f"--out {folder}"
            )
            stopped.exit_code = error.exit_code
            raise stopped from None
        except UsageError:
            group.remove_if_empty()
            raise
        view.message(f"Fold {fold}: accuracy {percent(run.summary()['accuracy'], 2)}")
        group.write()
    return group
