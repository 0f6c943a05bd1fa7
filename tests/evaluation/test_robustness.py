"""The curves of a run, and how many images they take."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from convscope.data.image_set import ImageSet
from convscope.evaluation import robustness
from convscope.evaluation.disturbances import DISTURBANCES
from convscope.evaluation.evaluate import evaluate
from convscope.evaluation.robustness import (
    SECONDS_PER_NUMBER,
    _disturb,
    count_disturbed,
    count_predictions,
    disturbing_seconds,
    measure_robustness,
    seconds_after_training,
)
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def evaluated(digits_run):
    return evaluate(digits_run, quiet=True)


def measured(model, images, macs=1, **options):
    return measure_robustness(
        model,
        images,
        macs=macs,
        device=CPU,
        quiet=True,
        **options,
    )


def test_every_curve_passes_through_the_accuracy(evaluated):
    evaluation = evaluated
    found = measured(evaluation.model, evaluation.images)
    assert found.images == len(evaluation.images)
    assert found.accuracy == pytest.approx(evaluation.accuracy)
    assert [curve.name for curve in found.curves] == [each.name for each in DISTURBANCES]
    for curve in found.curves:
        severities = [level.severity for level in curve.levels]
        assert severities == sorted(severities)
        (as_is,) = [level for level in curve.levels if level.severity == curve.unchanged]
        assert as_is.accuracy == found.accuracy
        assert all(low <= level.accuracy <= high for level in curve.levels
                   for low, high in [level.interval])  # fmt: skip


class Bright(nn.Module):
    """Calls an image bright if its mean is above 128."""

    def forward(self, images):
        mean = images.mean(dim=(1, 2, 3))  # of pixels divided by 255
        return torch.stack([128 / 255 - mean, mean - 128 / 255], dim=1)


def test_accuracy_falls_where_it_must():
    """Dark images of level 60 are called bright from 69 levels more on, and never else."""
    levels = np.repeat([60, 190], 25)
    images = ImageSet(
        np.broadcast_to(levels[:, None, None, None], (50, 1, 8, 8)).astype(np.uint8),
        (levels > 128).astype(int),
        ["dark", "bright"],
    )
    card = ModelCard(
        network="", classes=("dark", "bright"), channels=1, size=8, mean=(0.0,), std=(1.0,)
    )
    found = measured(Model(Bright(), card), images)
    assert found.accuracy == 1.0
    for curve in found.curves:
        accuracies = {level.severity: level.accuracy for level in curve.levels}
        if curve.name == "brightness":
            assert accuracies == {-96: 0.5, -64: 0.5, -32: 1, 0: 1, 32: 1, 64: 1, 96: 0.5}
        else:
            assert set(accuracies.values()) == {1.0}


def test_the_same_again(evaluated):
    few = evaluated.images.subset(np.arange(60))
    assert measured(evaluated.model, few) == measured(evaluated.model, few)
    other = measured(evaluated.model, few, seed=1)
    assert other.accuracy == measured(evaluated.model, few).accuracy
    assert other.seed == 1


def test_as_json_holds_every_level(evaluated):
    few = evaluated.images.subset(np.arange(30))
    found = measured(evaluated.model, few)
    content = json.loads(json.dumps(found.as_dict()))
    noise = next(curve for curve in content["curves"] if curve["disturbance"] == "noise")
    assert noise["unit"] == "grey levels (standard deviation)"
    assert [level["severity"] for level in noise["levels"]] == [0, 8, 16, 32, 64]
    assert content["images"] == 30


@pytest.mark.parametrize(("macs", "expected"), [(1, 1000), (100_000_000, 555), (10**10, 200)])
def test_large_networks_get_fewer_images(evaluated, monkeypatch, macs, expected):
    """And those are evenly spread, so that every class of a sorted set is among them."""
    classes = evaluated.classes
    labels = np.repeat(np.arange(10), 200)
    images = ImageSet(np.zeros((2000, 1, 8, 8), np.uint8), labels, classes)
    shown = []

    class HalfRight:
        accuracy = 0.5

    def stand_in(model, images, **options):
        shown.append(images.labels)
        return HalfRight

    monkeypatch.setattr(robustness, "compute_logits", stand_in)
    found = measured(evaluated.model, images, macs)
    points = len(shown)
    each = points * macs / 1e11 + 64 * SECONDS_PER_NUMBER
    assert found.images == min(1000, max(200, int(15 / each)))
    assert found.images == pytest.approx(expected, rel=0.15)
    assert np.bincount(shown[0]).min() >= found.images // 10 - 1


@pytest.mark.parametrize(
    ("shape", "used"), [((1, 32, 32), 1000), ((3, 96, 96), 1000), ((3, 128, 128), 610)]
)
def test_large_images_are_fewer(shape, used):
    points = count_predictions(1, 5000, (1, 32, 32)) // 1000
    assert count_predictions(1, 5000, shape) == points * used
    numbers = used * shape[0] * shape[1] * shape[2]
    assert disturbing_seconds(1, 5000, shape) == pytest.approx(numbers * SECONDS_PER_NUMBER)


def test_of_the_largest_images_and_networks_a_few_are_left():
    points = count_predictions(1, 5000, (3, 224, 224)) // 200
    assert count_predictions(1, 5000, (3, 500, 500)) == points * 200
    assert count_predictions(1, 150, (3, 500, 500)) == points * 150
    assert count_predictions(1, 5000, (3, 900, 900)) == 0  # two minutes, for the fewest
    assert count_predictions(10**11, 5000, (3, 224, 224)) == 0
    assert disturbing_seconds(10**11, 5000, (3, 224, 224)) == 0


def test_large_images_are_disturbed_a_few_at_a_time_as_all_at_once():
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 40, 1200), dtype=np.uint8)
    images = np.concatenate([images] * 24)  # 120 of 48,000 numbers: 83 at a time
    noise = next(each for each in DISTURBANCES if each.name == "noise")
    random, again = np.random.default_rng(1), np.random.default_rng(1)
    assert np.array_equal(_disturb(images, noise, 16, random), noise.change(images, 16, again))


def test_robustness_may_take_little_of_a_training():
    resnet18 = 1.8e9  # MACs, at 224 pixels
    shape = (3, 224, 224)

    def seconds(images_trained):
        return seconds_after_training(resnet18, images_trained)

    assert seconds_after_training(10**6, 100) == 2
    assert seconds(600_000) == pytest.approx(0.03 * 3 * 600_000 * 0.018)
    assert count_disturbed(resnet18, 5000, shape, seconds(1_000)) == 0
    assert count_disturbed(resnet18, 5000, shape, seconds(5_000_000)) == 0  # minutes anyway
    small = (3, 32, 32)
    used = [count_disturbed(4 * 10**7, 5000, small, each) for each in (2, 4, 9, 30)]
    assert used[0] == 0  # 200 would take 2.5 s
    assert 200 <= used[1] < used[2] < used[3] == 1000
