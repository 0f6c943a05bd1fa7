"""Checks of what comes out: the loss, and the predictions in either mode and on other images."""

from __future__ import annotations

import math
import statistics

from convscope.diagnosis.finding import OTHER_START, Check, RunFinding, Severity, in_words
from convscope.diagnosis.measurements import Measurements
from convscope.diagnosis.predictions import PredictionSummary
from convscope.look.numbers import percent
from convscope.training.diagnosis import stuck_at_guessing

ABOVE_GUESSING = 1.1  # times ln(classes)
ALIKE = 0.005  # standard deviation of probabilities between images
ONE_ANSWER = 0.95  # share of the images
NEARLY_ALL = 0.99  # likewise, where the class is that frequent itself
LOST, LOST_BY_MEMORY = 0.25, 0.05  # accuracy, against training mode; with too slow a memory
SLOW = 0.05  # a momentum of batch norm below this is called too slow; usual is 0.1
GAP = 0.1  # between the accuracy on training images and on others
RISEN = 1.25  # times the least loss on the other images
LAST_RESORT = "If nothing else is found:"


def check_above_guessing(measured: Measurements) -> Check:
    """Has the training loss left what guessing gives?"""
    name = "loss"
    subject = measured.subject
    guessing = math.log(len(subject.classes))
    if subject.epochs:
        recorded = float(subject.epochs[-1]["train_loss"])
    elif subject.steps:
        recorded = statistics.fmean(line["loss"] for line in subject.steps[-3:])
    else:
        recorded = measured.gradients.loss
    reference = f"ln({len(subject.classes)}) = {guessing:.3f}"
    figures = f"training loss {in_words(recorded)}; guessing has {reference}"
    if subject.step == 0:
        return Check(name, figures)
    if recorded > ABOVE_GUESSING * guessing:
        return Check(name, figures, (_above(measured, recorded, reference),))
    told = stuck_at_guessing(
        {"epoch": 0, "train_loss": recorded}, len(subject.classes), is_last=True
    )
    if told is None:
        return Check(name, figures)
    evidence = (
        f"The training loss is {in_words(recorded)}, which is {reference}: every "
        f"class gets the same probability."
    )
    title = "The loss stays at guessing"
    change, options = OTHER_START
    change = f"{LAST_RESORT} {change[0].lower()}{change[1:]}"
    found = RunFinding(title, evidence, change, Severity.FAULT, options)
    return Check(name, figures, (found,))


def _above(measured: Measurements, recorded: float, reference: str) -> RunFinding:
    rate = measured.subject.recipe.learning_rate
    evidence = (
        f"The training loss is {in_words(recorded)}, above the {reference} of plain "
        f"guessing: the network is sure of what is wrong, as when steps of "
        f"the rate {rate:g} leap over the minimum."
    )
    return RunFinding(
        "The loss is worse than guessing",
        evidence,
        f"{LAST_RESORT} take smaller steps.",
        Severity.FAULT,
        f"--lr {rate / 10:g}",
    )


def check_last_softmax(measured: Measurements) -> Check:
    """Are the network's outputs logits, as the loss takes them?"""
    name = "outputs"
    if measured.predictions is None:
        return Check(name, "the outputs aren't numbers")
    train = measured.predictions.train
    if not measured.predictions.ends_in_softmax:
        return Check(name, "the outputs are no probabilities, as the loss wants it")
    figures = f"the outputs of {train.images:,} images are shares that add up to 1"
    evidence = (
        f"The outputs of {train.images:,} images lie between 0 and 1 and add up to 1: they are "
        "probabilities already. The loss (cross-entropy) makes probabilities of them once more, "
        "so its slopes are small and it can't come near 0."
    )
    change = "Leave the softmax at the network's end out: the loss has it."
    found = RunFinding("The network ends in a softmax", evidence, change, Severity.FAULT)
    return Check(name, figures, (found,))


def check_different_predictions(measured: Measurements) -> Check:
    """Do different images get different predictions?"""
    name = "predictions"
    if measured.predictions is None:
        return Check(name, "the logits aren't numbers")
    evaluated = measured.predictions.monitor
    favourite = measured.subject.classes[evaluated.favourite]
    figures = (
        f"the commonest prediction on {evaluated.images:,} {measured.subject.job.monitor_name} "
        f"images is {favourite!r} with {percent(evaluated.favourite_share, 0)} "
        f"({percent(evaluated.favourite_labels, 0)} are)"
    )
    if measured.subject.step == 0 or measured.guessing_loss == 0:
        return Check(name, figures)
    if evaluated.spread < ALIKE:
        evidence = (
            f"The probabilities of {evaluated.images:,} images differ by "
            f"{evaluated.spread:.1e} (standard deviation): the network predicts without looking."
        )
        title = "All images get the same prediction"
    elif evaluated.favourite_share >= ONE_ANSWER and evaluated.favourite_labels < ONE_ANSWER - 0.15:
        evidence = (
            f"{percent(evaluated.favourite_share, 0)} of the images are taken for {favourite!r}, "
            "which "
            f"{percent(evaluated.favourite_labels, 0)} of them are."
        )
        title = "Nearly all images get one prediction"
    elif is_one_answer(evaluated):
        evidence = (
            f"{percent(evaluated.favourite_share, 0)} of the images are predicted {favourite!r}, "
            f"which {percent(evaluated.favourite_labels, 0)} of them are: the accuracy of "
            f"{percent(evaluated.accuracy)} comes from that (balanced accuracy "
            f"{percent(evaluated.balanced_accuracy)})."
        )
        change = "Show every class equally often; or give the rare ones more images."
        title = "The frequent class is predicted for all"
        options = "" if measured.subject.recipe.balance else "--balance"
        found = RunFinding(title, evidence, change, Severity.WARNING, options)
        return Check(name, figures, (found,))
    else:
        return Check(name, figures)
    change = f"{LAST_RESORT} take smaller steps."
    rate = measured.subject.recipe.learning_rate / 10
    found = RunFinding(title, evidence, change, Severity.FAULT, f"--lr {rate:g}")
    return Check(name, figures, (found,))


def is_one_answer(evaluated: PredictionSummary) -> bool:
    """Whether one class is given to nearly all images, though there are images of others."""
    return evaluated.favourite_share >= NEARLY_ALL and evaluated.favourite_labels < 1


def check_modes(measured: Measurements) -> Check:
    """Does batch norm's memory of statistics agree with the statistics of batches?"""
    name = "training and evaluation mode"
    if measured.predictions is None:
        return Check(name, "the logits aren't numbers")
    if not measured.predictions.has_batch_norm:
        return Check(name, "no batch norm in this network")
    evaluated, trained = measured.predictions.train, measured.predictions.train_mode
    figures = (
        f"the same {evaluated.images:,} training images are {percent(evaluated.accuracy)} right in "
        f"evaluation mode, {percent(trained.accuracy)} in training mode"
    )
    slow = _slowest_memory(measured)
    lost = trained.accuracy - evaluated.accuracy
    if measured.subject.step == 0 or lost < (LOST if slow is None else LOST_BY_MEMORY):
        return Check(name, figures)
    evidence = (
        f"The same {evaluated.images:,} training images, not augmented, are "
        f"{percent(trained.accuracy)} right with the statistics of each batch and "
        f"{percent(evaluated.accuracy)} with the running statistics that batch norm keeps for "
        "evaluation: these lag behind."
    )
    if slow is not None:
        change = (
            f"Layer {slow[0]!r} has momentum {slow[1]:g}, so it remembers 1/{1 / slow[1]:,.0f} of "
            "each batch: use nn.BatchNorm2d(…, momentum=0.1)."
        )
        options = ""
    else:
        rate = measured.subject.recipe.learning_rate / 10
        change = "Statistics that lag change too fast: take smaller steps."
        options = f"--lr {rate:g}"
    layer = slow[0] if slow is not None else None
    title = "Batch norm's running statistics lag behind"
    return Check(
        name, figures, (RunFinding(title, evidence, change, Severity.FAULT, options, layer),)
    )


def _slowest_memory(measured: Measurements) -> tuple[str, float] | None:
    """The batch norm that forgets most slowly, if it is slower than the usual 0.1."""
    found = {
        name: float(module.momentum)
        for name, module in measured.subject.newest.named_modules()
        if isinstance(getattr(module, "momentum", None), float) and hasattr(module, "running_mean")
    }
    slow = {name: momentum for name, momentum in found.items() if 0 < momentum < SLOW}
    return min(slow.items(), key=lambda item: item[1]) if slow else None


def check_generalization(measured: Measurements) -> Check:
    """Does the network do about as well on images it hasn't been trained on?"""
    name = "train and evaluation gap"
    if measured.predictions is None:
        return Check(name, "the logits aren't numbers")
    subject = measured.subject
    monitor = subject.job.monitor_name
    seen, unseen = measured.predictions.train, measured.predictions.monitor
    gap = seen.accuracy - unseen.accuracy
    losses = [float(epoch[f"{monitor}_loss"]) for epoch in subject.epochs]
    figures = (
        f"{percent(seen.accuracy)} of {seen.images:,} training images are right, "
        f"{percent(unseen.accuracy)} of {unseen.images:,} {monitor} images"
    )
    if losses:
        best = losses.index(min(losses)) + 1
        figures += f"; the {monitor} loss was least in epoch {best} of {len(losses)}"
    if len(losses) < 3 or gap < GAP or losses[-1] < RISEN * min(losses):
        return Check(name, figures)
    evidence = (
        f"The {monitor} loss was {min(losses):.3f} in epoch {best} and has risen to "
        f"{losses[-1]:.3f} in epoch {len(losses)}, while {percent(seen.accuracy, 0)} of the "
        "training "
        f"images are right, and {percent(unseen.accuracy, 0)} of the others."
    )
    if subject.recipe.augmentation.crop == 0:
        change = "Show every image a little shifted each time, so that it can't be memorized."
        options = "--set augmentation.crop=2"
    elif monitor == "validation" and subject.recipe.early_stop is None:
        change, options = "Stop when validation gets no better.", "--set early_stop=3"
    else:
        decay = max(0.0005, 4 * subject.recipe.weight_decay)
        change, options = "Pull the weights towards 0 more.", f"--set weight_decay={decay:g}"
    found = RunFinding("Overfitting", evidence, change, Severity.WARNING, options)
    return Check(name, figures, (found,))
