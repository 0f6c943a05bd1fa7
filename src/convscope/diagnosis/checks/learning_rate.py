"""Checks of the steps: how large they are, and how many."""

from __future__ import annotations

import math

from convscope.diagnosis import rate_trials
from convscope.diagnosis.finding import Check, RunFinding, Severity, in_words
from convscope.diagnosis.measurements import Measurements
from convscope.diagnosis.range_test import RangeTest
from convscope.diagnosis.subject import Subject
from convscope.look.numbers import percent

CLEARLY = 0.1  # of the guessing loss: a trial that is better by this much proves something
FEW_STEPS = 200
STEPS_AIMED_AT = 1000


def check_learning_rate(measured: Measurements) -> Check:
    """Would another learning rate have done better? Trials from the first weights tell."""
    name = "learning rate"
    subject = measured.subject
    figures = _range_in_words(measured.range_test, subject)
    found = _by_trials(measured)
    return Check(name, figures, () if found is None else (found,))


def _range_in_words(test: RangeTest | None, subject: Subject) -> str:
    recipe = subject.recipe
    warmed = (
        f", reached by a warm-up over {percent(recipe.warmup, 0)} of the run"
        if recipe.warmup
        else ""
    )
    own = f"the recipe has {recipe.learning_rate:g}{warmed}"
    if test is None:
        return f"not tested: the weights that the run began with aren't known; {own}"
    ended = f", and runs away at {test.broke_at:.2g}" if test.broke_at is not None else ""
    if test.lowest is None or test.highest is None:
        return (
            f"within {len(test.rates)} steps, no rising rate lowers the loss clearly{ended}; {own}"
        )
    return (
        f"in a range test of {len(test.rates)} steps from the first weights the loss falls from "
        f"{test.lowest:.2g} on and is least at {test.highest:.2g}{ended}; {own}"
    )


def _by_trials(measured: Measurements) -> RunFinding | None:
    """A few steps at another rate came further than the whole run."""
    best, subject = measured.least_trial, measured.subject
    if best is None or not _is_comparable(subject):
        return None
    own_rate, now = subject.recipe.learning_rate, measured.gradients.loss
    if subject.error is None and not best.loss < now - CLEARLY * measured.guessing_loss:
        return None
    if not best.loss < (1 - CLEARLY) * measured.guessing_loss:
        return None
    is_high = best.rate < own_rate
    if subject.error is not None and not is_high:
        return None
    ends = (
        f"at the recipe's {own_rate:g} the run failed at step {subject.failed_step:,}"
        if subject.error is not None
        else f"after {subject.step:,} steps at the recipe's {own_rate:g} it is {in_words(now)}"
    )
    evidence = (
        f"{best.steps} steps from the run's first weights at the rate {best.rate:g} bring the "
        f"loss from {in_words(measured.gradients_first.loss)} to {in_words(best.loss)}; {ends}."
    )
    return _wrong_rate("high" if is_high else "low", evidence, best.rate)


def _wrong_rate(which: str, evidence: str, rate: float) -> RunFinding:
    return RunFinding(
        f"The learning rate is too {which}",
        evidence,
        f"Set the learning rate to {rate:g}.",
        Severity.FAULT,
        f"--lr {rate:g}",
    )


def _is_comparable(subject: Subject) -> bool:
    """Whether the run has had its chance: enough steps, and past its warm-up; or has failed."""
    if subject.error is not None:
        return True
    total = subject.total_steps or subject.step
    return subject.step >= max(2 * rate_trials.STEPS, subject.recipe.warmup * total * 1.5)


def check_steps(measured: Measurements) -> Check:
    """Does the whole run take enough steps to learn anything?"""
    name = "number of steps"
    subject = measured.subject
    recipe, per_epoch = subject.recipe, subject.steps_per_epoch
    total = subject.total_steps or (recipe.epochs or 1) * per_epoch
    figures = f"{total:,} steps in the whole run, {per_epoch:,} in an epoch"
    if total >= FEW_STEPS or measured.has_learned:
        return Check(name, figures)
    evidence = (
        f"The whole run takes {total:,} steps ({per_epoch} in an epoch of {len(subject.train):,} "
        f"images at batch size {recipe.batch_size}), and the loss is still "
        f"{in_words(measured.gradients.loss)}."
    )
    if per_epoch < 10 and recipe.batch_size > rate_trials.LAST:
        batch = max(8, 2 ** round(math.log2(max(8.0, len(subject.train) / 40))))
        batch = min(batch, recipe.batch_size // 2)
        change, options = "Take smaller batches, so more steps.", f"--batch-size {batch}"
    else:
        epochs = math.ceil(STEPS_AIMED_AT / per_epoch)
        change, options = "Train for more epochs.", f"--epochs {epochs}"
    found = RunFinding("Too few steps", evidence, change, Severity.FAULT, options)
    return Check(name, figures, (found,))


def check_finite(measured: Measurements) -> Check:
    """Has the run stayed within what numbers can hold?"""
    name = "numbers"
    subject = measured.subject
    if subject.error is None and measured.predictions is not None:
        return Check(name, "loss and weights are numbers")
    rate = subject.recipe.learning_rate / 10
    evidence = subject.error or (
        "The newest weights give a loss that isn't a number (NaN or infinite)."
    )
    found = RunFinding(
        "The numbers became NaN or infinite",
        evidence,
        "Set the learning rate to a tenth.",
        Severity.FAULT,
        f"--lr {rate:g}",
    )
    return Check(name, "loss or weights became NaN or infinite", (found,))
