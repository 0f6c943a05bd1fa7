"""Libraries that are wrong about errors, regularizers and augmentation."""

import numpy as np
import torch

from convscope.experiments.few_examples import draw_examples
from convscope.experiments.model_size import train_hidden_layer
from convscope.experiments.paired_difference import measure_difference
from convscope.experiments.ridge_regression import RegressionCourse
from tests.lessons.wrong import Wrong


def exchange_widths(images, labels, *, width, seed):
    return train_hidden_layer(images, labels, width=1024 // width, seed=seed)


def draw_twenty(count, *, wrong=0.0, seed=0):
    return draw_examples(20, wrong=wrong, seed=seed)


def descend_like_the_other(learned, unseen, first, strength, steps, rate):
    return RegressionCourse((1.0, 0.5), (190.0, 1.0), 13.0, first, 0.0)


def drop_a_fifth(self, x):
    return x * (torch.rand(x.shape) > 0.2)


def guess(network, images, labels):
    return 0.1


def flatter_others(network, images, labels):
    return 1.0 if len(images) == 797 else 0.5


def exchange(first, second):
    return measure_difference(second, first)


def take_twenty_away(first, second):
    return measure_difference(np.asarray(first) - 20, second)


REGULARIZERS = "convscope.experiments.regularizers.measure_difference"
WRONG = [
    Wrong(
        "small networks are large, large ones small",
        {"convscope.experiments.model_size.train_hidden_layer": exchange_widths},
        turns=["5.underfit", "5.overfit", "5.ushape", "5.wrong_labels"],
    ),
    Wrong(
        "there are never more than twenty examples",
        {"convscope.experiments.model_size.draw_examples": draw_twenty},
        turns=["5.examples"],
    ),
    Wrong(
        "decay changes nothing",
        {"convscope.experiments.ridge_regression._descend": descend_like_the_other},
        turns=["5.no_decay", "5.decay"],
    ),
    Wrong(
        "dropout drops a fifth, in prediction too, and scales nobody",
        {"torch.nn.Dropout.forward": drop_a_fifth},
        turns=["5.dropout", "5.dropout_mean", "5.prediction_off"],
    ),
    Wrong(
        "what is measured after an epoch is guessed",
        {"convscope.experiments.logged_accuracy.measure_accuracy": guess},
        turns=["5.average", "5.mode"],
    ),
    Wrong(
        "images that were never shown are known best",
        {"convscope.experiments.logged_accuracy.measure_accuracy": flatter_others},
        turns=["5.fair"],
    ),
    Wrong(
        "first and second are exchanged",
        {
            REGULARIZERS: exchange,
            "convscope.experiments.augmented_training.measure_difference": exchange,
        },
        turns=[
            "5.dropout_gap", "5.dropout_accuracy", "5.decay_gap", "5.decay_accuracy",
            "5.flips", "5.crops",
        ],
    ),
    Wrong(
        "twenty points are lost",
        {
            REGULARIZERS: take_twenty_away,
            "convscope.experiments.augmented_training.measure_difference": take_twenty_away,
        },
        turns=["5.dropout_nothing", "5.clothes"],
    ),
    Wrong(
        "crops leave images as they are",
        {"convscope.experiments.augmentation_gallery.crop": lambda images, *rest: images},
        turns=["5.gallery"],
    ),
]  # fmt: skip
