"""The small NiN, its silent classes, and what becomes of many starts.

Tests experiments/nin_variants.py, experiments/dead_classes.py, experiments/dead_network.py,
experiments/silent_starts.py, experiments/start_trials.py, experiments/start_names.py,
experiments/start_trials_figure.py.
"""

import math
from dataclasses import asdict

import pytest
import torch
from torch import nn

from convscope.data.load import load
from convscope.errors import UsageError
from convscope.experiments.dead_classes import count_dead_classes
from convscope.experiments.dead_network import measure_loss_and_gradient, silence_classes
from convscope.experiments.nin_variants import NIN_STARTS, build_small_nin, nin_recipe
from convscope.experiments.silent_starts import measure_silence
from convscope.experiments.start_names import NAMES, name_of
from convscope.experiments.start_trials import (
    StartTrial,
    StartTrials,
    read_start_trials,
    try_start,
)
from convscope.look.language import use_language
from tests.experiments.results import check_result


@pytest.fixture(scope="module")
def digits():
    found = load("digits", "test", size=28)
    images = torch.from_numpy(found.images[:40]).float() / 255
    return images, torch.from_numpy(found.labels[:40])


def test_the_small_nin_is_the_books_with_an_eighth_of_the_channels(digits):
    network = build_small_nin()
    shapes = [
        tuple(layer.weight.shape) for layer in network.modules() if isinstance(layer, nn.Conv2d)
    ]
    block = lambda c_in, c, k: [(c, c_in, k, k), (c, c, 1, 1), (c, c, 1, 1)]  # noqa: E731
    assert shapes == [
        *block(1, 12, 5), *block(12, 32, 5), *block(32, 48, 3), *block(48, 10, 3)
    ]  # fmt: skip
    assert network(digits[0]).shape == (40, 10)
    assert (network(digits[0]) >= 0).all()


def test_variants_change_what_they_name(digits):
    kinds = {
        name: [type(layer) for layer in build_small_nin(**{name: value}).modules()]
        for name, value in (("last_relu", False), ("prelu", True), ("batch_norm", True))
    }
    assert kinds["last_relu"].count(nn.ReLU) == 11
    assert kinds["prelu"].count(nn.PReLU) == 12
    assert nn.ReLU not in kinds["prelu"]
    assert kinds["batch_norm"].count(nn.BatchNorm2d) == 12
    normalized = build_small_nin(batch_norm=True)
    order = [type(layer) for layer in normalized.features[0]]
    assert order == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * 3


def test_every_start_can_be_built_and_its_recipe_is_accepted():
    for start in NIN_STARTS.values():
        recipe = nin_recipe("digits", epochs=1, **start.changes)
        assert recipe.size == 28
        assert recipe.batch_size == 32
        assert sum(each.numel() for each in start.build().parameters()) > 30_000
    assert nin_recipe("digits").learning_rate == 0.1
    with pytest.raises(UsageError, match="learning"):
        nin_recipe("digits", learning_rate=-1)


def test_dead_classes_are_those_without_a_logit(digits):
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 3), nn.ReLU())
    with torch.no_grad():
        network[1].weight.fill_(0)
        network[1].bias.copy_(torch.tensor([-1.0, 0.5, 0.0]))
    assert count_dead_classes(network, digits[0]) == 2
    assert network.training


def test_a_silent_network_guesses_and_learns_nothing(digits):
    dead = measure_loss_and_gradient(silence_classes(build_small_nin()), *digits)
    assert dead.loss == pytest.approx(math.log(10), abs=1e-6)
    assert dead.largest_gradient == 0
    assert dead.parameters == sum(each.numel() for each in build_small_nin().parameters())
    with use_language("en"):
        assert str(dead).startswith("loss 2.302585; largest gradient of 35,494 parameters: 0")


def test_its_gradient_is_autograds(digits):
    torch.manual_seed(0)
    network = build_small_nin(last_relu=False)
    found = measure_loss_and_gradient(network, *digits)
    network.eval()
    loss = nn.functional.cross_entropy(network(digits[0]), digits[1])
    loss.backward()
    largest = max(each.grad.abs().max().item() for each in network.parameters())
    assert found.loss == pytest.approx(loss.item(), rel=1e-5)
    assert found.largest_gradient == pytest.approx(largest, rel=1e-4)
    assert all(each.grad is None for each in build_small_nin().parameters())


def test_prelu_lets_a_gradient_through(digits):
    alive = measure_loss_and_gradient(silence_classes(build_small_nin(prelu=True)), *digits)
    assert alive.largest_gradient > 1e-4


def test_silence_is_counted_before_training():
    silent = measure_silence(
        {
            "book": (build_small_nin, "xavier"),
            "without": (lambda: build_small_nin(last_relu=False), "xavier"),
        },
        seeds=4,
    )
    assert silent["without"].dead_classes == (0, 0, 0, 0)
    assert all(0 <= each <= 10 for each in silent["book"].dead_classes)
    assert silent["book"].mean_dead_classes > 0.5
    assert 0.05 < silent["book"].mean_dead_units < 0.8
    assert silent["book"].median_spread > 0
    english = check_result(silent)
    assert "Before the first step, 4 starts each" in english
    assert "of 10 classes are silent already" in english
    with pytest.raises(UsageError, match="Unknown start 'others'"):
        silent["others"]


def trial(start, seed, *, accuracy=0.1, dead=0):
    return StartTrial(start, seed, (2.3, 2.3), accuracy, 4, dead, 10, 500)


TRIALS = StartTrials((
    trial("book", 0), trial("book", 1, dead=9), trial("book", 2, dead=10),
    trial("Kaiming", 0, accuracy=0.6), trial("Kaiming", 1, accuracy=0.21),
    trial("Kaiming", 2, accuracy=0.2),
))  # fmt: skip


def test_a_start_learns_waits_or_is_dead():
    assert [each.outcome for each in TRIALS.trials] == [
        "waiting", "waiting", "dead", "learned", "learned", "waiting",
    ]  # fmt: skip
    assert TRIALS.count("book", "dead") == 1
    assert TRIALS.count("Kaiming", "learned") == 2
    with pytest.raises(UsageError, match="Unknown start 'none'"):
        TRIALS.of("none")


def test_the_interval_is_that_of_the_share_that_fails():
    low, high = TRIALS.interval("book")  # 3 of 3
    assert (low, high) == (pytest.approx(0.4385, abs=1e-4), 1)


def test_trials_print_draw_and_become_data():
    english = check_result(TRIALS)
    assert "The book's start: 0 of 3 learn. Kaiming: 2 of 3." in english
    assert "0 learn, 2 wait, 1 dead" in english
    rows = [{**asdict(each), "losses": [*each.losses]} for each in TRIALS.trials]
    assert read_start_trials(rows) == TRIALS
    assert TRIALS.as_dict()["trials"] == rows


@pytest.mark.slow
def test_a_trial_is_the_training_it_names():
    recipe = nin_recipe("digits", epochs=2, seed=3, learning_rate=0.5)
    found = try_start(build_small_nin, "digits", recipe, start="fast")
    assert (found.start, found.seed, found.steps, found.classes) == ("fast", 3, 90, 10)
    assert len(found.losses) == 2
    assert found.losses[0] == pytest.approx(math.log(10), abs=0.1)
    assert 0 <= found.dead_before <= 10
    assert 0 <= found.dead_after <= 10


def test_names_are_in_both_languages():
    with use_language("zh"):
        assert name_of("book") == "书中的起点"
    assert name_of("anything else") == "anything else"
    assert {*NIN_STARTS} <= {*NAMES}
