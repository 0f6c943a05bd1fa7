"""TensorBoard shows every step once, also of a run that was killed and went on."""

import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from convscope.training.state import Progress, TrainingState
from convscope.training.tensorboard import EventLog
from tests.conftest import slow

tensorboard = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def write(folder, steps, first_step=0, *, close=True):
    time.sleep(1.1)  # files are read in the order of the second that stands in their names
    log = EventLog(folder, first_step=first_step)
    network = nn.Linear(2, 2)
    state = TrainingState(network, torch.optim.SGD(network.parameters(), 0.1), None, Progress())
    for step in steps:
        progress = replace(Progress(), step=step, total_steps=10)
        log.step(progress, loss=float(step))
        if step % 5 == 0:
            log.epoch(
                {"step": step, "train_loss": 1.0, "learning_rate": 0.1, "images_per_second": 9.0},
                state,
            )
    if close:
        log.close()
    else:
        log._writer.flush()  # killed: nothing is closed


def steps(folder, tag):
    events = tensorboard.EventAccumulator(str(folder))
    events.Reload()
    return [event.step for event in events.Scalars(tag)]


@pytest.mark.parametrize("checkpoint", [3, *slow(0, 5, 7)])
def test_steps_that_are_taken_again_are_shown_once(tmp_path, checkpoint):
    write(tmp_path, range(1, 9), close=False)
    first = 0 if checkpoint == 0 else checkpoint + 1
    write(tmp_path, range(checkpoint + 1, 11), first_step=first)
    assert steps(tmp_path, "loss/step") == list(range(1, 11))
    assert steps(tmp_path, "loss/train") == [5, 10]


def test_a_run_that_was_stopped_loses_nothing(tmp_path):
    write(tmp_path, range(1, 6))
    write(tmp_path, range(6, 11), first_step=6)
    assert steps(tmp_path, "loss/step") == list(range(1, 11))
