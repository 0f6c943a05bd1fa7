"""Batches, their noise, faulty loops and optimizers, as lesson 4 measures them.

Tests experiments/minibatches.py, experiments/batch_noise.py, experiments/sgd_course.py,
experiments/optimizer_race.py.
"""

from math import exp, log

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.optimizer_race import OptimizerRace
from tests.experiments.results import check_result


@pytest.mark.slow
def test_every_epoch_meets_every_image_once():
    found = experiments.follow_batches(10, batch_size=4, epochs=3)
    assert [len(batch) for batch in found.batches[0]] == [4, 4, 2]
    assert found.last_size == 2
    assert all(sorted(found.epoch(number)) == [*range(10)] for number in range(3))
    assert found.epoch(0) != found.epoch(1) != found.epoch(2)
    assert "Each epoch meets every image once" in check_result(found)
    with pytest.raises(UsageError, match="batch_size must be at least 1; given 0"):
        experiments.follow_batches(batch_size=0)


def test_noise_of_one_image_is_the_spread_of_all_losses():
    found = experiments.measure_batch_noise((1, 4, 16), draws=3000)
    images, labels = experiments.digits_of("train")
    with torch.no_grad():
        losses = F.cross_entropy(experiments.digits_network(0)(images), labels, reduction="none")
    assert found.spreads[0] == pytest.approx(losses.numpy().std(), rel=0.05)
    assert found.slope == pytest.approx(-0.5, abs=0.05)
    assert "slope −1/2" in check_result(found)
    with pytest.raises(UsageError, match="two or more sizes"):
        experiments.measure_batch_noise((4,))


def test_the_floor_is_the_loss_of_a_sure_answer():
    for classes in (2, 10):
        sure = torch.eye(classes, dtype=torch.float64)[:1]
        loss = F.cross_entropy(sure, torch.tensor([0]))
        assert experiments.softmax_twice_floor(classes) == pytest.approx(float(loss))
    assert experiments.softmax_twice_floor(10) == pytest.approx(-log(exp(1) / (exp(1) + 9)))
    with pytest.raises(UsageError, match="classes must be at least 2"):
        experiments.softmax_twice_floor(1)


def test_faulty_loops():
    found = experiments.compare_loops(epochs=4)
    assert found.loss("right") < log(10)
    first, other = (found.courses[loop].weights for loop in ("uncleared", "momentum 1"))
    assert np.allclose(first, other, atol=1e-3)
    assert min(found.courses["softmax twice"].losses) > experiments.softmax_twice_floor(10)
    assert "gradients not cleared" in check_result(found)
    with pytest.raises(UsageError, match="Unknown loop 'left'"):
        experiments.compare_loops(("left",))


def test_a_race_compares_at_the_best_rates():
    race = OptimizerRace(
        (0.1, 1.0), {"sgd": ((2.0, 2.2), (0.3, 0.5)), "adam": ((0.1, 0.2), (3.0, 1e9))}, 8
    )
    assert race.best("sgd") == (1.0, (0.3, 0.5))
    assert race.loss("sgd", 0.1) == pytest.approx(2.1)
    assert race.is_better("adam", "sgd") is True
    assert race.is_better("sgd", "adam") is False
    even = OptimizerRace((0.1,), {"sgd": ((0.1, 0.4),), "adam": ((0.2, 0.3),)}, 8)
    assert even.is_better("adam", "sgd") is None
    assert "Each optimizer has its own learning rates" in check_result(race)


def test_one_step_of_the_race_is_plain_sgd():
    found = experiments.race_optimizers(
        ("sgd",), rates=(0.5,), epochs=1, seeds=(3,), batch_size=1000
    )
    images, labels = experiments.digits_of("train")
    network = experiments.digits_network(3)
    gradients = torch.autograd.grad(F.cross_entropy(network(images), labels), network.parameters())
    with torch.no_grad():
        for parameter, gradient in zip(network.parameters(), gradients, strict=True):
            parameter -= 0.5 * gradient
        loss = float(F.cross_entropy(network(images), labels))
    assert found.loss("sgd", 0.5) == pytest.approx(loss, rel=1e-5)
    with pytest.raises(UsageError, match="Unknown optimizer 'lion'"):
        experiments.race_optimizers(("lion",))
