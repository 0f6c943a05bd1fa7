"""AlexNet's first layer as sources disagree about it, and what dropout does to a small one.

Tests experiments/alexnet_variants.py, experiments/alexnet_inputs.py, experiments/dropout_gap.py.
"""

import pytest
import torch
from torch import nn

from convscope.data.load import load
from convscope.errors import UsageError
from convscope.experiments.alexnet_inputs import (
    measure_first_maps,
    name_of,
    read_input_trials,
)
from convscope.experiments.alexnet_variants import (
    ALEXNET_INPUTS,
    alexnet_recipe,
    build_small_alexnet,
)
from convscope.experiments.dropout_gap import measure_gap, read_dropout_gaps
from convscope.look.language import use_language
from tests.experiments.results import check_result, is_chinese


@pytest.mark.parametrize("given", ALEXNET_INPUTS)
def test_a_network_of_each_reading_runs_on_its_images(given):
    size = ALEXNET_INPUTS[given].size
    network = build_small_alexnet(given).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 1, size, size)).shape == (2, 10)


def test_an_unknown_reading_is_refused():
    with pytest.raises(UsageError, match="Unknown input of AlexNet '225'"):
        build_small_alexnet("225")


@pytest.mark.parametrize(
    ("given", "height"),
    [("224, padding 1", 54), ("224, padding 2", 55), ("227, no padding", 55),
     ("224, padding 3 and 4", 56), ("28", 28)],
)  # fmt: skip
def test_the_first_maps_are_as_high_as_pytorchs(given, height):
    images = ALEXNET_INPUTS[given]
    kernel, stride = (3, 1) if images.small else (11, 4)
    pixels = nn.functional.pad(
        torch.zeros(1, 1, images.size, images.size), (images.before, images.after) * 2
    )
    assert (
        nn.functional.conv2d(pixels, torch.zeros(1, 1, kernel, kernel), stride=stride).shape[-1]
        == height
    )
    maps = measure_first_maps()
    assert maps.height(given) == height
    row = next(row for row in maps.rows if row.given == given)
    assert int(row.quotient) == height


def test_first_maps_print():
    maps = measure_first_maps(["224, padding 1"])
    with use_language("en"):
        assert "54.75" in str(maps)
        assert "54×54" in str(maps)
        assert "400" in str(maps)
    with use_language("zh"):
        assert is_chinese(str(maps))
        assert name_of("224, padding 1") == "224，填充 1"
    assert maps.as_dict()["rows"][0]["height"] == 54


def test_the_recipe_is_the_books_but_for_what_makes_it_quick():
    recipe = alexnet_recipe("digits", size=28, epochs=2)
    assert (recipe.initialization, recipe.optimizer, recipe.learning_rate) == (
        "xavier", "adam", 0.002,
    )  # fmt: skip
    assert (recipe.size, recipe.epochs) == (28, 2)


def rows_of(gains):
    return [
        {"variant": given, "seed": seed, "accuracy": 0.7 + 0.01 * seed + gain, "seconds": 2.0}
        for given, gain in gains.items()
        for seed in reversed(range(6))
    ]


def test_trials_are_compared_seed_by_seed():
    gains = dict.fromkeys(ALEXNET_INPUTS, 0.0) | {"28": 0.03, "224, padding 2": -0.01}
    trials = read_input_trials(rows_of(gains))
    assert trials.difference("28").mean == pytest.approx(3)
    assert trials.difference("28").is_above(0) is True
    assert trials.difference("224, padding 2").is_within(2) is True
    assert trials.accuracies["28"][0] == pytest.approx(0.73)  # in the order of the seeds
    english = check_result(trials)
    for part in ("+3.0", "-1.0", "28, 3×3 kernel", "6 seeds", "±2 points"):
        assert part.replace("-", "−") in english.replace("-", "−")


def test_the_gap_is_measured_with_nothing_dropped():
    recipe = alexnet_recipe("digits", size=28, epochs=1, seed=5)
    network = {}

    def build():
        network["kept"] = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Dropout(0.9))
        return network["kept"]

    gap = measure_gap(build, "digits", recipe)
    learned = network["kept"].eval()
    for split, share in (("train", gap.train), ("test", gap.held_out)):
        digits = load("digits", split, size=28)
        with torch.no_grad():
            logits = learned(torch.from_numpy(digits.images).float() / 255)
        right = (logits.argmax(1) == torch.from_numpy(digits.labels)).float().mean().item()
        assert share == pytest.approx(right, abs=0.005)
    assert gap.met < gap.train - 0.1  # with nine of ten logits dropped


def test_dropout_gaps_are_compared_seed_by_seed():
    rows = [
        {"dropout": p, "seed": seed, "train": train, "held_out": test, "met": train - p / 5}
        for seed in range(5)
        for p, train, test in ((0.5, 0.86, 0.78), (0.0, 0.95, 0.80))
    ]
    gaps = read_dropout_gaps(rows)
    assert gaps.gap.mean == pytest.approx(-7)
    assert gaps.held_out.mean == pytest.approx(-2)
    assert gaps.mean(True, "met") == pytest.approx(0.76)
    assert gaps.mean(False, "gap") == pytest.approx(0.15)
    english = check_result(gaps)
    assert "Dropout: the gap goes from 15.0 to 8.0 points" in english
    assert "5 seeds" in english
