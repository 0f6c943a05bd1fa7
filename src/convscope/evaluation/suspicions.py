"""What is odd about a network's logits, in sentences: faults that a good-looking accuracy hides."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from convscope.look.numbers import percent
from convscope.runs.interval import wilson_interval

SUMS_TO_ONE = (
    1e-3  # how near to 1 the outputs of a softmax add up, also in bfloat16 (checked there)
)
NEAR_END = 0.05  # of an output of a sigmoid or tanh that is nearly sure
EXACT_ZEROS = 0.02  # share of the outputs, from which on they are no chance
ONE_ANSWER = 0.99  # share of images given the same class, from which on nothing is told apart
UNEQUAL = 1.5  # times the share of equal classes, from which on the largest counts as large
FEWEST = 20  # images, below which one answer may be chance


def find_suspicions(logits: Tensor, labels: Tensor, classes: Sequence[str]) -> tuple[str, ...]:
    """What a person should know of these logits before believing the accuracy.

    Args:
        logits: (N, classes), as the network returned them.
        labels: (N,) int64.
        classes: Their names.

    Returns:
        Sentences; none, if nothing is odd.
    """
    return (
        *_ends_in_softmax(logits),
        *_ends_in_sigmoid(logits),
        *_ends_in_relu(logits),
        *_gives_one_answer(logits, labels, classes),
    )


def ends_in_softmax(logits: Tensor) -> bool:
    """Whether these numbers, (N, classes), are probabilities: what a last softmax leaves."""
    sums = logits.double().sum(dim=1)
    return bool(
        logits.shape[1] > 1
        and (logits >= 0).all()
        and (logits <= 1).all()
        and ((sums - 1).abs() < SUMS_TO_ONE).all()
    )


def balanced_accuracy(predicted: Tensor, labels: Tensor) -> float:
    """The mean over classes of the share of their images that is recognized.

    Brodersen et al. 2010, "The balanced accuracy and its posterior distribution", section II.

    Args:
        predicted: (N,) int64, the classes given.
        labels: (N,) int64, the true ones; only classes among them count.
    """
    right = [(predicted[labels == each] == each).double().mean() for each in torch.unique(labels)]
    return float(torch.stack(right).mean())


def find_largest_class_alone(
    predicted: Tensor, labels: Tensor, classes: Sequence[str]
) -> tuple[str, ...]:
    """What to say where always naming the largest class would be right about as often.

    Args:
        predicted: (N,) int64, the classes given.
        labels: (N,) int64, the true ones.
        classes: Their names.

    Returns:
        A sentence; none, if the accuracy is surely better, or the classes are about equal.
    """
    counts = torch.bincount(labels, minlength=len(classes))
    share = float(counts.max()) / max(1, len(labels))
    present = int((counts > 0).sum())
    right = int((predicted == labels).sum())
    if len(labels) < FEWEST or present < 2 or share < UNEQUAL / present:
        return ()
    if float((predicted == predicted.mode().values).double().mean()) >= ONE_ANSWER:
        return ()  # said by `find_suspicions`
    balanced = balanced_accuracy(predicted, labels)
    if balanced > (1 + 1 / present) / 2:
        return ()  # nearer to knowing all classes than to knowing one
    if wilson_interval(right, len(labels))[0] > share:
        return ()
    return (
        f"Always saying {classes[int(counts.argmax())]!r} would be right on {percent(share)} of "
        f"these images, and the network is right on {percent(right / len(labels))}: the largest "
        "class alone may give the accuracy. Judge by the balanced accuracy "
        f"({percent(balanced)}), and train every class equally often: "
        "--balance.",
    )


def _ends_in_softmax(logits: Tensor) -> tuple[str, ...]:
    if not ends_in_softmax(logits):
        return ()
    return (
        "The network's outputs are probabilities already, so it ends in a softmax. The loss "
        "(cross-entropy) applies another one: its slopes become small and it can't come near 0. "
        "Leave the last softmax out and train again.",
    )


def _ends_in_sigmoid(logits: Tensor) -> tuple[str, ...]:
    """Outputs between 0 and 1, or −1 and 1, at whose ends some lie, are those of a sigmoid or tanh.

    What ends nowhere has a value beyond, or none near: so near both ends, no other network comes.
    """
    if len(logits) < FEWEST or ends_in_softmax(logits):
        return ()
    low, high = float(logits.min()), float(logits.max())
    for name, first in (("sigmoid", 0.0), ("tanh", -1.0)):
        if first <= low <= first + NEAR_END and 1 - NEAR_END <= high <= 1:
            return (
                f"The network's outputs all lie between {first:g} and 1, so it seems to end in a "
                f"{name}. The loss (cross-entropy) needs outputs without bounds: as they are, no "
                "class can become nearly certain. Leave the last function out and train again.",
            )
    return ()


def _ends_in_relu(logits: Tensor) -> tuple[str, ...]:
    """Outputs of which none is below 0 and many are exactly 0, as no sum of products is."""
    zeros = float((logits == 0).double().mean())
    if len(logits) < FEWEST or zeros < EXACT_ZEROS or logits.min() < 0 or logits.max() == 0:
        return ()
    if ends_in_softmax(logits):
        return ()
    return (
        f"None of the network's outputs is below 0, and {percent(zeros)} of them are exactly 0, so "
        "it seems to end in a ReLU. Where an output is 0, its class learns nothing, and no class "
        "can become very unlikely. Leave the last function out and train again.",
    )


def _gives_one_answer(logits: Tensor, labels: Tensor, classes: Sequence[str]) -> tuple[str, ...]:
    predicted = logits.argmax(dim=1)
    favourite = int(predicted.mode().values)
    share = float((predicted == favourite).double().mean())
    if len(labels) < FEWEST or len(torch.unique(labels)) < 2 or share < ONE_ANSWER:
        return ()
    accuracy = float((predicted == labels).double().mean())
    true = float((labels == favourite).double().mean())
    balanced = balanced_accuracy(predicted, labels)
    return (
        f"{percent(share)} of the images are given the class {classes[favourite]!r}, to which "
        f"{percent(true)} of them belong: the accuracy of {percent(accuracy)} comes from that, not "
        f"from telling classes apart (balanced accuracy {percent(balanced)}).",
    )
