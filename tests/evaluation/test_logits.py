import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.data.image_set import ImageSet
from convscope.evaluation.logits import compute_batch_logits, compute_logits, evaluation_mode
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard


class FixedBatches:
    """Batches of the given sizes; remembers nothing."""

    def __init__(self, images, labels, batch_size):
        self.parts = list(zip(images.split(batch_size), labels.split(batch_size), strict=True))

    def epoch(self, epoch):
        assert epoch == 0
        return iter(self.parts)


@pytest.fixture
def network():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(4 * 36, 5),
    )  # fmt: skip


@pytest.fixture
def images():
    return torch.randn(23, 1, 8, 8, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def labels():
    return torch.randint(5, (23,), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("batch_size", [1, 10, 23, 100])
def test_they_are_those_of_one_pass_over_everything(network, images, labels, batch_size):
    found = compute_batch_logits(network, FixedBatches(images, labels, batch_size))
    expected = network.eval()(images)
    torch.testing.assert_close(found.values, expected, rtol=1e-4, atol=1e-5)
    assert found.labels.tolist() == labels.tolist()
    assert found.loss == pytest.approx(F.cross_entropy(expected, labels).item(), rel=1e-4)
    assert found.accuracy == (expected.argmax(1) == labels).sum().item() / 23
    torch.testing.assert_close(found.probabilities.sum(1), torch.ones(23))


def test_modes_and_running_statistics_are_left_as_found(network, images, labels):
    network.train()
    network[1].eval()  # a frozen normalization, as in fine-tuning
    before = {name: value.clone() for name, value in network.state_dict().items()}
    compute_batch_logits(network, FixedBatches(images, labels, 10))
    assert [module.training for module in network] == [True, False, True, True, True, True]
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_modes_are_restored_after_a_failure(network):
    network.train()
    with pytest.raises(RuntimeError), evaluation_mode(network):
        raise RuntimeError
    assert all(module.training for module in network.modules())


def test_training_goes_on_after_it(network, images, labels):
    found = compute_batch_logits(network, FixedBatches(images, labels, 10))
    loss = F.cross_entropy(network(images) + found.values, labels)
    loss.backward()
    assert network[0].weight.grad is not None


def test_bfloat16_is_close_and_the_loss_is_float32(network, images, labels):
    exact = compute_batch_logits(network, FixedBatches(images, labels, 10))
    rough = compute_batch_logits(network, FixedBatches(images, labels, 10), precision="bfloat16")
    assert rough.values.dtype == torch.float32
    difference = (rough.values - exact.values).abs().max()
    assert 0 < difference < 0.05  # not equal: it did run in bfloat16
    assert rough.loss == pytest.approx(exact.loss, rel=0.02)


def test_is_told_every_batch(network, images, labels):
    told = []
    compute_batch_logits(network, FixedBatches(images, labels, 10), on_batch=told.append)
    assert told == [10, 10, 3]


CARD = ModelCard(network="", classes=("a", "b"), channels=1, size=4, mean=(0.5,), std=(0.5,))
IMAGES = ImageSet(np.full((5, 1, 2, 2), 255, np.uint8), [0] * 5, CARD.classes)


class Probe(nn.Module):
    """Gives the first two pixels as logits, and remembers how it was called."""

    def forward(self, images):
        self.shape = tuple(images.shape)
        self.shortened = torch.backends.cudnn.allow_tf32
        return images[:, 0, 0, :2]


def test_images_are_treated_as_the_card_says():
    probe = Probe()
    found = compute_logits(Model(probe, CARD), IMAGES, batch_size=5, device=torch.device("cpu"))
    assert probe.shape == (5, 1, 4, 4)
    assert found.values.tolist() == [[1.0, 1.0]] * 5  # (255 / 255 - 0.5) / 0.5


def test_convolutions_are_not_shortened_and_only_here():
    probe, before = Probe(), torch.backends.cudnn.allow_tf32
    compute_logits(Model(probe, CARD), IMAGES, batch_size=2, device=torch.device("cpu"))
    assert probe.shortened is False
    assert torch.backends.cudnn.allow_tf32 == before
