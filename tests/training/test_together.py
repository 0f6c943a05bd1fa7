"""Several processes train what one would have trained, and say so where they can't.

Tests training/together.py, training/keeper.py, runtime/processes.py, runtime/joining.py,
runtime/waiting.py.
"""

import importlib
import itertools
import json
import os
import signal
import socket
import sys
import time

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

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


@pytest.mark.slow
def test_several_processes_begin_from_what_is_known_as_one_does(tmp_path):
    train(tmp_path / "source", epochs=2)
    stages = {"from_": str(tmp_path / "source"), "epochs": 4, "augmentation": {}}
    train(tmp_path / "one", **stages)
    train_in(2, tmp_path / "said", lambda: train(tmp_path / "several", **stages))
    assert_alike(tmp_path / "one", tmp_path / "several")


@pytest.mark.slow
def test_minutes_end_all_processes_after_the_same_step(tmp_path):
    timed = {"epochs": None, "minutes": 0.02}
    train_in(2, tmp_path / "said", lambda: train(tmp_path / "run", **timed))
    run = cs.Run(tmp_path / "run")
    assert len(run.metrics("epoch")) >= 1
    assert run.summary()["accuracy"] >= 0


@pytest.mark.slow
def test_statistics_of_each_process_by_itself_are_a_choice(tmp_path):
    changes = {"batch_norm": "local", "batch_size": 14, "epochs": 2}
    train(tmp_path / "one", **changes)
    train_in(3, tmp_path / "said", lambda: train(tmp_path / "local", **changes))
    train_in(3, tmp_path / "said", lambda: train(tmp_path / "again", **changes))
    one, local = weights(tmp_path / "one"), weights(tmp_path / "local")
    assert not torch.allclose(one["1.running_var"], local["1.running_var"], rtol=1e-3)
    assert newest(tmp_path / "local") == newest(tmp_path / "again")


def dies_at_step(number):
    """Let the optimizer kill this process where its step of this number, from 1, begins."""
    steps = itertools.count(1)

    def count(*_):
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    register_optimizer_step_pre_hook(count)


def slowly(folder, dying=None, **changes):
    """Checkpoints at every step, so that there is one to go on from wherever it ends.

    `dying` is the number of a process that is killed at its seventh step.
    """
    if os.environ.get("RANK") == str(dying):
        dies_at_step(7)
    fields = {"epochs": 8, "checkpoint_minutes": 1e-6} | changes
    if (folder / "environment.json").exists():
        cs.resume(folder, module=module(), data=DATA, quiet=True)
    else:
        train(folder, **fields)


def wait_for_steps(started, folder, steps):
    limit = time.monotonic() + 120
    while not any(int(f.stem[5:]) >= steps for f in (folder / "checkpoints").glob("step-*.json")):
        assert time.monotonic() < limit
        assert any(each.is_alive() for each in started.processes), started.said(0)
        time.sleep(0.005)


@pytest.mark.slow
def test_a_run_of_which_a_process_was_killed_goes_on_bit_for_bit(tmp_path):
    train_in(3, tmp_path / "said", lambda: slowly(tmp_path / "whole"))
    started = Started(3, tmp_path / "killed-said", lambda: slowly(tmp_path / "killed", dying=2))
    killed = started.processes[2].pid
    codes = started.end()
    assert codes[2] == -signal.SIGKILL
    assert codes[:2] == [1, 1], [started.said(rank) for rank in range(3)]
    assert "can't go on without" in started.said(0)
    assert f"process 2 (on {socket.gethostname()}, process id {killed}" in started.said(0)
    assert "convscope resume" in started.said(0)
    train_in(3, tmp_path / "said", lambda: slowly(tmp_path / "killed"))
    assert newest(tmp_path / "killed") == newest(tmp_path / "whole")
    assert metrics(tmp_path / "killed") == metrics(tmp_path / "whole")
    assert weights(tmp_path / "killed").keys() == weights(tmp_path / "whole").keys()


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all_after_the_same_step(tmp_path):
    started = Started(2, tmp_path / "said", lambda: slowly(tmp_path / "run", epochs=200))
    wait_for_steps(started, tmp_path / "run", 5)
    os.kill(started.processes[1].pid, signal.SIGTERM)
    assert started.end() == [128 + signal.SIGTERM] * 2
    assert "everything is kept" in started.said(0)
    refused = Started(3, tmp_path / "said", lambda: slowly(tmp_path / "run"))
    assert refused.end()[0] == 2
    assert "began with 2 processes, and 3 would go on" in refused.said(0)
    assert "torchrun --nproc-per-node 2 -m convscope resume" in refused.said(0)


@pytest.mark.slow
def test_a_process_that_hangs_is_named_and_given_up(tmp_path):
    started = Started(
        2,
        tmp_path / "said",
        lambda: slowly(tmp_path / "run", epochs=500),
        environment={"CONVSCOPE_WAIT": "30"},
    )
    wait_for_steps(started, tmp_path / "run", 5)
    stopped = started.processes[1].pid
    os.kill(stopped, signal.SIGSTOP)
    try:
        started.processes[0].join(100)
        assert started.processes[0].exitcode == 1
    finally:
        started.processes[1].kill()
    said = started.said(0)
    assert "Process 0 waits for process 1 (on " in said
    assert f"process id {stopped}" in said
    assert "can't go on without process 1" in said
    assert "it gave no answer for" in said


@pytest.mark.slow
def test_other_images_in_a_process_are_an_error_in_words(tmp_path):
    def other():
        changed = DATA | {"train": arrays(int(os.environ["RANK"]), 42)}
        train(tmp_path / "run", changed)

    started = Started(2, tmp_path / "said", other)
    assert started.end() == [2, 2]
    assert "Process 1 differs from process 0 in: the train images." in started.said(0)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_other_code_in_a_process_is_an_error_in_words(tmp_path):
    code = "from torch import nn\nclass Net(nn.Sequential): pass\n"

    def other():
        rank = os.environ["RANK"]
        file = tmp_path / rank / "net.py"
        file.parent.mkdir()
        file.write_text(f"{code}# as machine {rank} has it\n", encoding="utf-8")
        sys.path.insert(0, str(file.parent))
        net = importlib.import_module("net").Net(*module())
        cs.train(net, DATA, cs.Recipe(epochs=1), out=tmp_path / "run", quiet=True, device="cpu")

    started = Started(2, tmp_path / "said", other)
    assert started.end() == [2, 2], [started.said(0), started.said(1)]
    assert "Process 1 differs from process 0 in: the code of the network." in started.said(0)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_process_that_fails_ends_the_others_with_its_reason(tmp_path):
    def failing():
        given = DATA if os.environ["RANK"] == "0" else tmp_path / "nowhere"
        train(tmp_path / "run", given)

    started = Started(2, tmp_path / "said", failing)
    assert started.end() == [1, 2], [started.said(0), started.said(1)]
    assert "nowhere" in started.said(1)
    assert "Process 0 ends because process 1 did: " in started.said(0)
    assert "nowhere" in started.said(0)


@pytest.mark.slow
def test_a_process_whose_others_never_come_says_so(tmp_path):
    few = {"WORLD_SIZE": "2", "CONVSCOPE_WAIT": "3"}
    alone = Started(1, tmp_path / "said", lambda: train(tmp_path / "run"), environment=few)
    assert alone.end() == [1]
    assert "Process 0 of 2 waited 3 s for the others" in alone.said(0)
    assert not (tmp_path / "run").exists()
