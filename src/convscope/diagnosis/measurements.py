"""All measurements of a diagnosis, made once; the checks only read them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch

from convscope.diagnosis import range_test as range_tests
from convscope.diagnosis import rate_trials
from convscope.diagnosis.activations import Activation, observe
from convscope.diagnosis.first_input import FirstInput, first_input
from convscope.diagnosis.gradients import NetworkGradients, measure_gradients
from convscope.diagnosis.neighbours import Vote, vote
from convscope.diagnosis.predictions import ModePredictions, predict_in_both_modes
from convscope.diagnosis.range_test import RangeTest, range_test
from convscope.diagnosis.rate_trials import Trial
from convscope.diagnosis.subject import Subject
from convscope.look.progress import progress

IMAGES = 512  # on which units are watched
GRADIENT_BATCHES = 4
LEARNED = 0.5  # of the first loss: a run below it needs no trials at other rates
LOOK = 5  # what each other measurement takes, in steps of the range test, for the bar


@dataclass(frozen=True)
class Measurements:
    """What was measured of a run; "now" is with the newest weights, "first" with the first.

    Attributes:
        subject: The run.
        images: How many training images the units were watched on.
        first_input: What arrives at the first layer with weights.
        activations_first: What activation functions gave at the beginning.
        activations: What they give now.
        gradients_first: Loss and gradients at the beginning.
        gradients: Loss and gradients now.
        predictions: What the network predicts now; None if its weights or logits aren't numbers.
        train_vote: Whether similar training images carry the same label.
        monitor_vote: Whether other images carry the labels of similar training images.
        range_test: From the first weights; None if they aren't known.
        trials: At other rates, from the first weights; empty where the run learns anyway.
    """

    subject: Subject
    images: int
    first_input: FirstInput | None
    activations_first: list[Activation]
    activations: list[Activation]
    gradients_first: NetworkGradients
    gradients: NetworkGradients
    predictions: ModePredictions | None
    train_vote: Vote
    monitor_vote: Vote
    range_test: RangeTest | None
    trials: tuple[Trial, ...]

    @property
    def guessing_loss(self) -> float:
        """What a network has that only knows how frequent the classes are: their entropy."""
        counts = torch.tensor([n for n in self.subject.train.counts().values() if n])
        shares = counts / counts.sum()
        return float(-(shares * shares.log()).sum())

    @property
    def has_learned(self) -> bool:
        """Whether the loss has come far down from where guessing would leave it."""
        return self.gradients.loss < LEARNED * math.log(len(self.subject.classes))

    @property
    def least_trial(self) -> Trial | None:
        """The trial with the least loss."""
        return min(self.trials, key=lambda trial: trial.loss, default=None)


def measure_all(subject: Subject, *, quiet: bool = False) -> Measurements:
    """Take all measurements, with a bar. Global random state is left as found.

    Args:
        subject: The run.
        quiet: Show nothing.
    """
    with torch.random.fork_rng(devices=[]), subject.execution.using_threads():
        torch.manual_seed(subject.recipe.seed)
        return _measure(subject, quiet)


def _measure(subject: Subject, quiet: bool) -> Measurements:
    name = subject.run.folder.name
    count = math.ceil(IMAGES / subject.batch_size)
    batches = list(itertools.islice(subject.training_batches(), count))
    images = [each for each, _ in batches]
    some, smoothing = batches[:GRADIENT_BATCHES], subject.recipe.label_smoothing
    first = subject.in_training_mode(subject.first())
    now = subject.in_training_mode(subject.newest)
    tested = None
    with progress(f"Examining {name}", range_tests.STEPS + 4 * LOOK, quiet=quiet) as advance:
        seen = first_input(now, images)
        activations_first = observe(first, images)
        gradients_first = measure_gradients(first, some, label_smoothing=smoothing)
        advance(LOOK)
        activations = observe(now, images)
        gradients = measure_gradients(now, some, label_smoothing=smoothing)
        advance(LOOK)
        predictions = predict_in_both_modes(subject) if math.isfinite(gradients.loss) else None
        advance(LOOK)
        votes = vote(subject.train), vote(subject.train, subject.monitor)
        advance(LOOK)
        if subject.knows_first:
            tested = range_test(
                subject.first(),
                subject.training_batches(),
                subject.recipe,
                subject.execution,
                advance,
            )
    factors = _factors(subject, gradients.loss, tested)
    most = len(factors) * rate_trials.STEPS
    with progress(f"Trying other learning rates on {name}", most, quiet=quiet) as advance:
        trials = rate_trials.rate_trials(subject, factors, advance)
    return Measurements(
        subject=subject,
        images=sum(map(len, images)),
        first_input=seen,
        activations_first=activations_first,
        activations=activations,
        gradients_first=gradients_first,
        gradients=gradients,
        predictions=predictions,
        train_vote=votes[0],
        monitor_vote=votes[1],
        range_test=tested,
        trials=trials,
    )


def _factors(subject: Subject, loss: float, tested: RangeTest | None) -> tuple[float, ...]:
    """Other rates to try, as factors of the recipe's: the run itself is the trial at its own.

    None for a run that learns; larger ones where its rate is too low to show in the range test.
    """
    if tested is None:
        return ()
    if not loss < LEARNED * math.log(len(subject.classes)):
        return rate_trials.LOWER + rate_trials.HIGHER
    is_low = tested.lowest is not None and subject.recipe.learning_rate < tested.lowest
    return rate_trials.HIGHER[:2] if is_low else ()
