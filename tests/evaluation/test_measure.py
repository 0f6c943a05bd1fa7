import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.evaluation.measure import answering, measure


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
def test_outcome_is_that_of_one_pass_over_everything(network, images, labels, batch_size):
    outcome = measure(network, FixedBatches(images, labels, batch_size))
    expected = network.eval()(images)
    torch.testing.assert_close(outcome.logits, expected, rtol=1e-4, atol=1e-5)
    assert outcome.labels.tolist() == labels.tolist()
    assert outcome.loss == pytest.approx(F.cross_entropy(expected, labels).item(), rel=1e-4)
    assert outcome.accuracy == (expected.argmax(1) == labels).sum().item() / 23
    torch.testing.assert_close(outcome.probabilities.sum(1), torch.ones(23))


def test_modes_and_running_statistics_are_left_as_found(network, images, labels):
    network.train()
    network[1].eval()  # a frozen normalization, as in fine-tuning
    before = {name: value.clone() for name, value in network.state_dict().items()}
    measure(network, FixedBatches(images, labels, 10))
    assert [module.training for module in network] == [True, False, True, True, True, True]
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_modes_are_restored_after_a_failure(network):
    network.train()
    with pytest.raises(RuntimeError), answering(network):
        raise RuntimeError
    assert all(module.training for module in network.modules())


def test_training_goes_on_after_it(network, images, labels):
    outcome = measure(network, FixedBatches(images, labels, 10))
    loss = F.cross_entropy(network(images) + outcome.logits, labels)
    loss.backward()
    assert network[0].weight.grad is not None


def test_bfloat16_is_close_and_the_loss_is_float32(network, images, labels):
    exact = measure(network, FixedBatches(images, labels, 10))
    rough = measure(network, FixedBatches(images, labels, 10), precision="bfloat16")
    assert rough.logits.dtype == torch.float32
    difference = (rough.logits - exact.logits).abs().max()
    assert 0 < difference < 0.05  # not equal: it did run in bfloat16
    assert rough.loss == pytest.approx(exact.loss, rel=0.02)


def test_is_told_every_batch(network, images, labels):
    told = []
    measure(network, FixedBatches(images, labels, 10), on_batch=told.append)
    assert told == [10, 10, 3]
