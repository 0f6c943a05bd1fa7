"""How a search ends: the best recipe is trained with new seeds, and all is written."""

from __future__ import annotations

import json
import time

from convscope.data.load import Data
from convscope.errors import ConvscopeError
from convscope.files import write_text
from convscope.look.numbers import counted
from convscope.training.live_view import LiveView
from convscope.training.seeds import train_seeds
from convscope.tuning.begin import OpenStudy
from convscope.tuning.collect import RETESTED, collect_retests, collect_trials
from convscope.tuning.storage import explain_storage, hide_password
from convscope.tuning.study import Study, write_study
from convscope.tuning.study_figure import study_figure
from convscope.tuning.study_page import study_page


def train_with_new_seeds(
    opened: OpenStudy, data: Data, seeds: int, view: LiveView, *, quiet: bool
) -> None:
    """Train the best recipe with new seeds, unless that was done or others still search.

    Args:
        opened: What was searched.
        data: As the person gave it, so that the runs know where their images are.
        seeds: How many; they follow that of the search.
        view: Is told what happens.
        quiet: Show nothing.

    Raises:
        ConvscopeError: No seed came to a result, or a signal came.
    """
    study = write_results(opened)
    best, recipe, retest = study.best, study.best_recipe, study.retest
    if best is None or recipe is None or (retest is not None and len(retest.test) >= seeds):
        return
    states = [each.state.name for each in opened.study.get_trials(deepcopy=False)]
    running = states.count("RUNNING")
    if running:
        view.message(
            f"{counted(running, 'trial')} of other processes still going on: the last of them "
            "trains the best recipe with new seeds"
        )
        return
    view.message(f"Trial {best.number} is the best: trained with {seeds} new seeds")
    place = opened.folder / "retests" / f"trial-{best.number}"
    group = train_seeds(
        recipe.network,
        data,
        recipe.replace(seed=recipe.seed + 1),
        seeds=seeds,
        out=place,
        quiet=quiet,
    )
    runs = group.runs
    if not runs:
        raise ConvscopeError(
            f"The best recipe came to nothing with new seeds: {'; '.join(group.failures.values())}"
        )
    content = {
        "number": best.number,
        "validation": [max(r["validation_accuracy"] for r in run.metrics("epoch")) for run in runs],
        "test": [run.summary()["accuracy"] for run in runs],
        "split": runs[0].summary()["split"],
        "folder": str(place),
        "at": time.time(),
    }
    with explain_storage(opened.url):
        opened.study.set_user_attr(f"{RETESTED}{best.number}", json.dumps(content))


def write_results(opened: OpenStudy) -> Study:
    """Write what is known of the study by now: as data, page and figure."""
    with explain_storage(opened.url):
        trials, retests = collect_trials(opened.study), collect_retests(opened.study)
        name = opened.study.study_name
    study = write_study(
        opened.folder,
        name,
        hide_password(opened.url),
        opened.recipe,
        [str(each) for each in opened.space],
        trials,
        retests,
    )
    write_text(study.report_file, study_page(study))
    study_figure(study, opened.folder / "figure.png")
    return study
