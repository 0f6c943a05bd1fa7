"""What the network predicts for some training images and for others, in both of its modes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.diagnosis.neighbours import sample
from convscope.diagnosis.subject import Subject
from convscope.evaluation.logits import compute_batch_logits
from convscope.evaluation.suspicions import balanced_accuracy, ends_in_softmax
from convscope.runtime.module_output import main_logits

IMAGES = 1000  # of each set, at most


@dataclass(frozen=True)
class PredictionSummary:
    """Predictions for some images, summed up.

    Attributes:
        accuracy: Share of right ones.
        loss: Mean cross-entropy, without label smoothing.
        images: Number of images.
        spread: The largest standard deviation, over images, of the probability of a class; 0 if
            all images get the same prediction.
        favourite: The class predicted most often.
        favourite_share: Share of the images that are given this class.
        favourite_labels: Share of the images that are of this class.
        balanced_accuracy: Mean over the classes of the share of right answers.
    """

    accuracy: float
    loss: float
    images: int
    spread: float
    favourite: int
    favourite_share: float
    favourite_labels: float
    balanced_accuracy: float


@dataclass(frozen=True)
class ModePredictions:
    """What a network predicts; training images are not augmented here.

    Attributes:
        train: On training images, as in evaluation.
        train_mode: On the same images, normalized by each batch's own statistics as in training.
        monitor: On the images that the run evaluates after every epoch.
        has_batch_norm: Whether the two modes differ by more than dropout.
        ends_in_softmax: Whether the outputs are probabilities already.
    """

    train: PredictionSummary
    train_mode: PredictionSummary
    monitor: PredictionSummary
    has_batch_norm: bool
    ends_in_softmax: bool


def predict_in_both_modes(subject: Subject) -> ModePredictions:
    """Run the newest network over up to 1,000 images of each set."""
    random = np.random.default_rng(0)
    # Mixed, since batch norm needs batches in which all classes are.
    train = sample(subject.train, IMAGES, random)
    train = train.subset(random.permutation(len(train)))
    monitor = sample(subject.monitor, IMAGES, random)
    seen = compute_batch_logits(subject.newest, subject.plain_batches(train))
    other = compute_batch_logits(subject.newest, subject.plain_batches(monitor))
    return ModePredictions(
        train=_summarize(seen.values, seen.labels),
        train_mode=_summarize(*_in_training_mode(subject, subject.plain_batches(train).epoch(0))),
        monitor=_summarize(other.values, other.labels),
        has_batch_norm=any(
            isinstance(module, nn.modules.batchnorm._BatchNorm)
            for module in subject.newest.modules()
        ),
        ends_in_softmax=ends_in_softmax(seen.values),
    )


@torch.no_grad()
def _in_training_mode(
    subject: Subject, batches: Iterable[tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    network = subject.in_training_mode(subject.newest)
    logits, labels = [], []
    for images, theirs in batches:
        if len(images) > 1:  # a single image has no statistics
            logits.append(main_logits(network(images)).float().cpu())
            labels.append(theirs.cpu())
    return torch.cat(logits), torch.cat(labels)


def _summarize(logits: Tensor, labels: Tensor) -> PredictionSummary:
    predicted = logits.argmax(dim=1)
    favourite = int(predicted.bincount(minlength=logits.shape[1]).argmax())
    return PredictionSummary(
        accuracy=float((predicted == labels).float().mean()),
        loss=float(F.cross_entropy(logits, labels)),
        images=len(labels),
        spread=float(logits.softmax(dim=1).std(dim=0, correction=0).max()),
        favourite=favourite,
        favourite_share=float((predicted == favourite).float().mean()),
        favourite_labels=float((labels == favourite).float().mean()),
        balanced_accuracy=balanced_accuracy(predicted, labels),
    )
