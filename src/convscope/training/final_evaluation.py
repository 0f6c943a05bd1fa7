"""The end of a run: its result is calibrated, evaluated and reported."""

from __future__ import annotations

import math

from convscope.evaluation.analysis import analyse
from convscope.evaluation.calibrate import calibrate_on
from convscope.evaluation.evaluate import evaluate_images
from convscope.evaluation.report import write_report, write_report_page
from convscope.evaluation.run_images import choose_split
from convscope.evaluation.run_splits import RunSplits
from convscope.evaluation.suspicions import find_largest_class_alone, find_suspicions
from convscope.evaluation.text import next_steps_in_words
from convscope.runs.not_kept import how_to_ask
from convscope.runs.run import Run
from convscope.runs.stages import count_head_epochs
from convscope.training.expectation import Expectation
from convscope.training.job import Job
from convscope.training.live_view import LiveView


def evaluate_result(
    run: Run, job: Job, view: LiveView, expectation: Expectation | None, *, quiet: bool
) -> None:
    """Calibrate and evaluate the result, and write the report.

    Args:
        run: Its model is calibrated.
        job: Its images, divided as for training.
        view: Is told what a person should know.
        expectation: What was forecast of the run; None if it had ended before.
        quiet: Show no progress.
    """
    view.message("final evaluation")
    if expectation:
        expectation.evaluation_begins()
    batch_size = job.recipe.batch_size
    model = run.model(None if job.card.network else job.network)
    if "validation" in job.splits:
        rate = job.recipe.unknown_rate
        own = RunSplits(job.splits)
        model = calibrate_on(model, run, rate, own, batch_size=batch_size, quiet=quiet)
    images = choose_split(job.splits, "test", model.card)
    trained = {name: count for name, count in job.splits["train"].counts().items() if count}
    evaluation = evaluate_images(
        model, run, images, batch_size=batch_size, trained=trained, quiet=quiet
    )
    shown = _count_images_shown(run, job)
    analysis = analyse(evaluation, batch_size=batch_size, images_trained=shown, quiet=quiet)
    if analysis.robustness is None:
        view.message(
            "Robustness is left out, since it would take long beside this training: "
            + how_to_ask(run, "evaluate", "convscope.evaluate")
        )
    write_report(analysis)
    if expectation:
        expectation.settle(run)
        write_report_page(analysis)  # again, with forecast and actual, which only now is known
    values, labels = evaluation.logits.values, evaluation.logits.labels
    for each in (
        *find_suspicions(values, labels, model.card.classes),
        *find_largest_class_alone(values.argmax(dim=1), labels, model.card.classes),
        *next_steps_in_words([each.text for each in evaluation.next_steps]),
    ):
        view.message(each)


def _count_images_shown(run: Run, job: Job) -> int:
    """Images that more than a new layer has learned from, each as often as it was seen."""
    recipe = job.recipe
    epochs = run.metrics("epoch")
    steps: int = epochs[-1]["step"] if epochs else 0  # the file may have been lost
    if recipe.from_:
        per_epoch = math.ceil(len(job.splits["train"]) / recipe.batch_size)
        steps -= count_head_epochs(recipe) * per_epoch
    return max(0, steps) * recipe.batch_size
