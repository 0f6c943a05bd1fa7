"""Runs that are killed at any moment, once and again, end as if they had not been.

Tests training/carry_out.py.
"""

import multiprocessing
import os
import random
import signal
import time

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs

OPTIONS = {"precision": "float32", "quiet": True, "device": "cpu", "threads": 1}


def arrays(seed):
    values = np.random.default_rng(seed)
    images = values.integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
    return cs.ImageSet(images, np.arange(60) % 3, tuple("abc"))


DATA = {"train": arrays(0), "test": arrays(1)}


def module():
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(144, 3))


def train(folder):
    recipe = cs.Recipe(
        epochs=12, batch_size=8, validation=0.2, optimizer="sgd", momentum=0.9, ema=0.9,
        augmentation={"crop": 1, "flip": True}, checkpoint_minutes=1e-5, learning_rate=0.05,
    )  # fmt: skip
    if (folder / "environment.json").exists():
        cs.resume(folder, module=module(), data=DATA, quiet=True)
    else:
        cs.train(module(), DATA, recipe, out=folder, force=folder.exists(), **OPTIONS)


def killed_after(seconds, folder):
    """Train in another process until it has ended (True) or is killed."""
    process = multiprocessing.get_context("fork").Process(target=train, args=(folder,))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        return False
    assert process.exitcode == 0
    return True


def kill_until_it_ends(folder, generator, whole_seconds):
    kills = 0
    while not killed_after(generator.uniform(0.05, 0.9) * whole_seconds, folder):
        kills += 1
        assert kills < 60
        if kills > 5:  # a machine so busy that it never comes to its end otherwise
            assert killed_after(None, folder)
            break
    return kills


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("without_figures")
def test_any_chain_of_kills_ends_in_the_same_bytes(tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    begun = time.monotonic()
    assert killed_after(None, tmp_path / "whole")
    seconds = time.monotonic() - begun
    expected = (tmp_path / "whole" / "model.safetensors").read_bytes()
    epochs = [line["train_loss"] for line in cs.Run(tmp_path / "whole").metrics("epoch")]
    kills = 0
    for seed in range(4):
        folder = tmp_path / str(seed)
        kills += kill_until_it_ends(folder, random.Random(seed), seconds)
        assert (folder / "model.safetensors").read_bytes() == expected
        run = cs.Run(folder)
        assert [line["train_loss"] for line in run.metrics("epoch")] == epochs
        assert not [each.name for each in folder.rglob(".*")]
        assert not (folder / "claim.lock").exists()
    assert kills >= 4
    torch.set_num_threads(threads)
