"""What a network predicts in both of its modes, counted again by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.data.batches import Batches, Normalization
from convscope.data.image_set import ImageSet
from convscope.diagnosis.checks.predictions import check_different_predictions
from convscope.diagnosis.finding import Severity
from convscope.diagnosis.predictions import PredictionSummary, predict_in_both_modes


def images(count, seed):
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (count, 1, 2, 2)).astype(np.uint8)
    return ImageSet(pixels, random.integers(0, 3, count), "abc")


def subject(network):
    """As much of a run's `Subject` as is read here."""
    return SimpleNamespace(
        train=images(40, 0),
        monitor=images(30, 1),
        newest=network,
        plain_batches=lambda some: Batches(
            some, 16, normalization=Normalization((0.5,), (0.5,)), train=False
        ),
        in_training_mode=lambda given: given.train(),
    )


def logits(network, some):
    numbers = (torch.from_numpy(some.images) / 255 - 0.5) / 0.5
    with torch.no_grad():
        return network.eval()(numbers), torch.from_numpy(some.labels)


def test_figures_are_those_of_the_logits():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    given = subject(network)
    found = predict_in_both_modes(given)
    assert not found.has_batch_norm
    for summary, some in ((found.train, given.train), (found.monitor, given.monitor)):
        values, labels = logits(network, some)
        predicted = values.argmax(1)
        counts = predicted.bincount(minlength=3)
        assert summary.images == len(some)
        assert summary.accuracy == pytest.approx(float((predicted == labels).float().mean()))
        assert summary.loss == pytest.approx(float(F.cross_entropy(values, labels)), rel=1e-5)
        assert summary.favourite == int(counts.argmax())
        assert summary.favourite_share == pytest.approx(float(counts.max()) / len(some))
        share = float((labels == summary.favourite).float().mean())
        assert summary.favourite_labels == pytest.approx(share)
        probabilities = values.softmax(1).numpy()
        assert summary.spread == pytest.approx(float(probabilities.std(0).max()), rel=1e-4)
    # Without batch norm and dropout both modes are one.
    assert found.train_mode.accuracy == found.train.accuracy
    assert found.train_mode.loss == pytest.approx(found.train.loss, rel=1e-5)


def test_batch_norm_of_wrong_averages_shows_in_evaluation_alone():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(4), nn.Linear(4, 3))
    network[1].running_mean.fill_(1000.0)
    found = predict_in_both_modes(subject(network))
    assert found.has_batch_norm
    assert found.train.spread < 1e-3
    assert found.train_mode.spread > 0.05


def test_a_network_that_does_not_look_has_no_spread():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    nn.init.zeros_(network[1].weight)
    with torch.no_grad():
        network[1].bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    found = predict_in_both_modes(subject(network))
    assert found.monitor.spread == pytest.approx(0, abs=1e-7)
    assert found.monitor.favourite == 1
    assert found.monitor.favourite_share == 1


@pytest.mark.parametrize(("share", "labels", "told"), [(1.0, 0.95, True), (0.95, 0.95, False)])
def test_a_frequent_class_for_all_images_is_a_warning(share, labels, told):
    """Where the training images alone don't show it: one class is 95 % of the test images."""
    summary = PredictionSummary(
        images=200, accuracy=0.95, balanced_accuracy=0.5, loss=0.2, favourite=1,
        favourite_share=share, favourite_labels=labels, spread=0.1,
    )  # fmt: skip
    measured = SimpleNamespace(
        predictions=SimpleNamespace(monitor=summary),
        guessing_loss=0.7,
        subject=SimpleNamespace(
            classes=("a", "b"),
            step=10,
            job=SimpleNamespace(monitor_name="test"),
            recipe=SimpleNamespace(balance=False),
        ),
    )
    found = check_different_predictions(measured).findings
    assert [each.what for each in found] == ["The frequent class is predicted for all"] * told
    if told:
        assert found[0].severity is Severity.WARNING
        assert "100 % of the images are predicted 'b', which 95 % of them are" in found[0].evidence
        assert "balanced accuracy 50" in found[0].evidence
