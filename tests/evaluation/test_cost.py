"""What a network costs, against what `show` counts."""

import pytest
import torch
from torch import nn

from convscope.evaluation.cost import count_macs, measure_cost
from convscope.inspection.trace.trace import trace
from convscope.networks.catalog import build


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet", "resnet9", "mobilenet-v2"])
def test_macs_are_those_of_show(name):
    network = build(name, 3, 10)
    size = {"lenet": 28, "resnet9": 32, "mobilenet-v2": 64}[name]
    expected = trace(network, (3, size, size)).macs
    assert count_macs(network, torch.zeros(1, 3, size, size)) == expected
    assert network.training  # left as it was


def test_of_a_dense_layer_by_hand():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5))
    assert count_macs(network, torch.zeros(2, 3, 2, 2)) == 2 * 12 * 5


def test_attention_is_counted_and_what_can_not_be_followed_too():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

        def forward(self, x):
            return self.inner(x[:, 0]).mean(1)

    network = Attention().eval()
    # 4 rows of 8: queries, keys and values, what they give, two products of rows, two dense layers
    expected = 4 * (8 * 24 + 8 * 8 + 2 * 8 * 16) + 2 * 4 * 4 * 8
    assert count_macs(network, torch.zeros(1, 1, 4, 8)) == expected

    class Mapped(nn.Linear):
        def forward(self, x):
            return torch.func.vmap(super().forward)(x)

    assert count_macs(nn.Sequential(nn.Flatten(), Mapped(4, 3)), torch.zeros(1, 1, 2, 2)) == 12


def test_of_a_run(digits_run):
    model = digits_run.model()
    cost = measure_cost(model, digits_run, 1234.5, torch.device("cpu"))
    assert cost.parameters == sum(p.numel() for p in model.network.parameters())
    assert cost.model_bytes == digits_run.model_file.stat().st_size
    assert cost.epochs == 6
    assert cost.training_seconds == digits_run.metrics("epoch")[-1]["seconds"]
    assert cost.images_per_second == 1234.5
    assert cost.single_seconds > 0
    assert cost.as_dict()["macs"] == cost.macs > 0


def test_of_a_run_without_metrics(make_run, images):
    run = make_run(images)
    cost = measure_cost(run.model(), run, 1.0, torch.device("cpu"))
    assert cost.epochs is cost.training_seconds is cost.training_images_per_second is None
