"""Evaluations to draw, and a look at what was drawn."""

import math

import numpy as np
import torch
from PIL import Image

from convscope.data.image_set import ImageSet
from convscope.evaluation.calibration import CalibrationError
from convscope.evaluation.evaluation import Evaluation, Mistake, class_scores, confusion_matrix
from convscope.evaluation.logits import Logits
from convscope.evaluation.suspicions import balanced_accuracy
from convscope.runs.interval import wilson_interval


def evaluation_of(labels, predicted, names):
    """An evaluation with these predictions; the network was 90 % sure of every wrong one."""
    labels, predicted = np.array(labels), np.array(predicted)
    confusion = confusion_matrix(labels, predicted, len(names))
    wrong = np.flatnonzero(labels != predicted).tolist()
    right = len(labels) - len(wrong)
    pixels = np.random.default_rng(1).integers(0, 255, (len(labels), 1, 8, 8), np.uint8)
    images = ImageSet(pixels, labels, names, split="test")
    logits = torch.full((len(labels), len(names)), 0.1 / max(1, len(names) - 1)).log()
    logits[torch.arange(len(labels)), torch.from_numpy(predicted)] = math.log(0.9)
    return Evaluation(
        accuracy=right / len(labels),
        balanced_accuracy=balanced_accuracy(torch.from_numpy(predicted), torch.from_numpy(labels)),
        interval=wilson_interval(right, len(labels)),
        loss=0.1,
        classes=tuple(names),
        per_class=class_scores(confusion, names),
        confusion=confusion,
        mistakes=tuple(
            Mistake(i, images.paths[i], names[labels[i]], names[predicted[i]], 0.9) for i in wrong
        ),
        data="arrays",
        split="test",
        seconds=0.1,
        notes=(),
        images=images,
        logits=Logits(logits, torch.from_numpy(labels), loss=0.1, accuracy=right / len(labels)),
        calibration=CalibrationError(ece_before=0.05, ece_after=0.02, temperature=1.5),
        rejection=None,
        out_of_distribution=(),
        run=None,
        model=None,
        is_usual=True,
    )


def pixels_of(path):
    """(H, W, 3), after checking that nothing reaches the edge, where it would be cut off."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all(), f"{path} is drawn over its edge"
    return pixels
