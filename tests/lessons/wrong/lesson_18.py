"""Deliberately wrong libraries for lesson 18."""

import dataclasses

import numpy as np
import torch
from torch import nn

from convscope.evaluation.logits import compute_logits
from convscope.runs.tensor_file import write_tensors
from convscope.shipping.export.export import export
from tests.lessons.wrong import Wrong


def write_rounded(path, tensors, metadata=None, *, name):
    rounded = {key: tensor.bfloat16().to(tensor.dtype) for key, tensor in tensors.items()}
    write_tensors(path, rounded, metadata, name=name)


def know_nothing(model, images, **arguments):
    found = compute_logits(model, images, **arguments)
    return dataclasses.replace(found, values=torch.zeros_like(found.values), accuracy=0.1)


def uncalibrated(logits, card):
    return logits.softmax(dim=1)


def ask_nothing(file, images):
    return np.zeros((len(images), 10), np.float32)


def export_whole(run, path, *, int8=False, **arguments):
    return export(run, path, **arguments)


WRONG = [
    Wrong(
        "the order of the images isn't decided by the seed",
        {"convscope.data.batches._generator": lambda seed, *purpose: np.random.default_rng()},
        turns=["18.killed", "18.power_cut"],
    ),
    Wrong(
        "the optimizer's averages are kept where they should be lost",
        {"convscope.experiments.interrupted_training._forget_optimizer": lambda run: None},
        turns=["18.weights_only"],
    ),
    Wrong(
        "files keep 16 bits of each number",
        {"convscope.experiments.kept_values.write_tensors": write_rounded},
        turns=["18.round_trip"],
    ),
    Wrong(
        "tanh is ReLU",
        {"torch.nn.Tanh": nn.ReLU},
        turns=["18.weights_fit"],
    ),
    Wrong(
        "a rebuilt model forgets its temperature",
        {"convscope.experiments.kept_values.calibrate_probabilities": uncalibrated},
        turns=["18.rebuilt"],
    ),
    Wrong(
        "calibration changes nothing",
        {"convscope.experiments.reliability.calibrate_probabilities": uncalibrated},
        turns=["18.calibrated"],
    ),
    Wrong(
        "the network says the same of all images",
        {"convscope.experiments.foreign_images.compute_logits": know_nothing},
        turns=["18.sure", "18.unknown", "18.inverted"],
    ),
    Wrong(
        "channels stay in their order",
        {"convscope.experiments.channel_order.reverse_channels": lambda images: images},
        turns=["18.channels"],
    ),
    Wrong(
        "the exported file says nothing",
        {"convscope.experiments.exported_files.ask_file": ask_nothing},
        turns=["18.exported", "18.resizing"],
    ),
    Wrong(
        "eight bits are 32",
        {"convscope.experiments.exported_files.export": export_whole},
        turns=["18.eight_bits"],
    ),
]
