"""Several processes train what one would have trained, and say so where they can't.

Tests training/together.py, training/keeper.py, runtime/processes.py, runtime/joining.py,
runtime/waiting.py.
"""

import json
import os
import signal
import sys
import time

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import convscope as cs
from tests.training.several_processes import Started, train_in

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks, and names the loopback device"),
    pytest.mark.usefixtures("without_figures"),
]


def arrays(seed, count):
    values = np.random.default_rng(seed)
    images = values.integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)
    labels = np.arange(count) % 3
    images[np.arange(count), 0, labels] //= 4  # something to learn
    return cs.ImageSet(images, labels, tuple("abc"))


DATA = {"train": arrays(0, 42), "validation": arrays(1, 21), "test": arrays(2, 12)}
# 42 images: batches of 8, and a last one of 2, in which the third of 3 processes has none.


def module():
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(144, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))


def train(folder, data=DATA, **changes):
    fields = {
        "epochs": 3, "batch_size": 8, "optimizer": "sgd", "momentum": 0.9, "ema": 0.9,
        "augmentation": {"crop": 1, "flip": True, "cutout": 2}, "learning_rate": 0.05,
        "precision": "float32", "threads": 1, "device": "cpu", "clip_gradient": 1.0,
    }  # fmt: skip
    torch.set_num_threads(1)
    cs.train(module(), data, cs.Recipe(**fields | changes), out=folder, quiet=True)


def weights(folder):
    return safetensors.torch.load_file(folder / "model.safetensors")


def newest(folder):
    return max((folder / "checkpoints").glob("step-*.safetensors")).read_bytes()


def metrics(folder):
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "step")
    return [[row[name] for name in names] for row in cs.Run(folder).metrics("epoch")]


def assert_alike(one, several):
    assert metrics(one) == pytest.approx(np.array(metrics(several)), rel=1e-4)
    first, second = weights(one), weights(several)
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("changes", [{}, {"augmentation": {"mixup": 0.3, "flip": True}}])
def test_several_processes_train_what_one_does(count, changes, tmp_path):
    train(tmp_path / "one", **changes)
    train_in(count, tmp_path / "said", lambda: train(tmp_path / "several", **changes))
    assert_alike(tmp_path / "one", tmp_path / "several")
    run = cs.Run(tmp_path / "several")
    assert run.environment["processes"] == count
    assert run.summary()["accuracy"] == cs.Run(tmp_path / "one").summary()["accuracy"]
    assert json.loads((run.folder / "forecast.json").read_text(encoding="utf-8"))["rows"]
