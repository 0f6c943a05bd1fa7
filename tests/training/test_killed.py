"""Runs that are killed at any moment, once and again, end as if they had not been.

Tests training/carry_out.py.
"""

import multiprocessing
import os
import random
import signal
import sys

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


def kill_itself_at(event, count):
    """Kill this process where its file operation number `event` begins (None: never); count all.

    Numbers of operations instead of seconds: the moment is then hit on machines of every speed.
    """

    def watch(name, arguments):
        if name in ("open", "os.rename", "os.remove", "os.truncate"):
            count.value += 1
            if count.value == event:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def train_watched(folder, event, count):
    kill_itself_at(event, count)
    train(folder)


def killed_at(event, folder):
    """Train in another process; return the file operations it made, and whether it was killed."""
    processes = multiprocessing.get_context("fork")
    count = processes.Value("q", 0, lock=False)
    process = processes.Process(target=train_watched, args=(folder, event, count))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return count.value, process.exitcode != 0


def kill_until_it_ends(folder, generator, operations):
    for kills in range(60):
        if not killed_at(generator.randrange(operations // 20, operations * 9 // 10), folder)[1]:
            return kills
    raise AssertionError("60 kills, and it has not come to its end")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("without_figures")
def test_any_chain_of_kills_ends_in_the_same_bytes(tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    operations, killed = killed_at(None, tmp_path / "whole")
    assert not killed
    expected = (tmp_path / "whole" / "model.safetensors").read_bytes()
    epochs = [line["train_loss"] for line in cs.Run(tmp_path / "whole").metrics("epoch")]
    kills = 0
    for seed in range(4):
        folder = tmp_path / str(seed)
        kills += kill_until_it_ends(folder, random.Random(seed), operations)
        assert (folder / "model.safetensors").read_bytes() == expected
        run = cs.Run(folder)
        assert [line["train_loss"] for line in run.metrics("epoch")] == epochs
        assert not [each.name for each in folder.rglob(".*")]
        assert not (folder / "claim.lock").exists()
    assert kills >= 4  # the first of each chain is certain
    torch.set_num_threads(threads)
