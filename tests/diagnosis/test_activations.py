import hypothesis.strategies as st
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from torch import nn

from convscope.diagnosis.activations import observe


class Calls(nn.Module):
    """Every way to write a ReLU, and curves, without a module for any."""

    def forward(self, x):
        x = F.relu(x)
        x = torch.relu(x)
        x = x.clamp(min=0)
        x = F.relu6(x)
        x = x.relu_()
        x = torch.sigmoid(x)
        return F.gelu(torch.tanh(x))


def test_every_way_to_write_them_is_seen():
    found = observe(Calls(), [torch.randn(4, 3, 5, 5)])
    assert [each.kind for each in found] == ["ReLU"] * 5 + ["sigmoid", "tanh"]
    assert all(each.units == 3 and each.values == 4 * 25 for each in found)


def test_layers_are_called_by_their_module_or_by_what_comes_before():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(4, 4)
            self.act = nn.ReLU(inplace=True)

        def forward(self, x):
            return torch.relu(self.dense(self.act(self.dense(self.act(x)))))

    found = observe(Own(), [torch.randn(2, 4)] * 3)
    assert [each.layer for each in found] == ["act", "act #2", "ReLU after dense"]
    assert [each.before for each in found] == [None, "dense", "dense"]
    assert [each.values for each in found] == [6, 6, 6]


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**16))
def test_dead_units_are_those_that_give_zero_everywhere(images, channels, side, seed):
    torch.manual_seed(seed)
    batches = [torch.randn(images, channels, side, side) - 1 for _ in range(2)]
    [found] = observe(nn.Sequential(nn.ReLU()), batches)
    every = torch.cat(batches).movedim(1, 0).flatten(1)
    assert found.stuck == pytest.approx(float((every <= 0).all(1).float().mean()))
    assert found.share_at_end == pytest.approx(float((every <= 0).float().mean()))


@pytest.mark.parametrize(
    ("function", "low", "high"), [(nn.Sigmoid, 0.0, 1.0), (nn.Tanh, -1.0, 1.0)]
)
def test_saturated_is_within_a_twentieth_of_the_range(function, low, high):
    inputs = torch.linspace(-6, 6, 1001).view(-1, 1)
    [found] = observe(nn.Sequential(function()), [inputs])
    values = function()(inputs)
    margin = 0.05 * (high - low)
    expected = ((values < low + margin) | (values > high - margin)).float().mean()
    assert found.share_at_end == pytest.approx(float(expected))
    assert found.stuck == 0
    [found] = observe(nn.Sequential(function()), [inputs + 20])
    assert found.stuck == 1


def test_tokens_have_their_features_last():
    [found] = observe(nn.Sequential(nn.ReLU()), [torch.randn(2, 7, 3)])
    assert found.units == 3


def test_hooks_are_taken_off_even_if_the_network_fails():
    network = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    with pytest.raises(RuntimeError):
        observe(network, [torch.randn(2, 4)])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
