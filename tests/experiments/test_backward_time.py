"""What all gradients cost, beside a forward pass."""

import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments.backward_time import BackwardCost, measure_backward


@pytest.fixture(scope="module")
def costs():
    return measure_backward(("softmax-regression", "lenet"))


def test_flops_are_counted_from_the_layers(costs):
    """One layer needs no gradient of its inputs: as much as forward. More layers: nearly twice."""
    assert costs.costs[0].counted == pytest.approx(1.0)
    assert 1.6 < costs.costs[1].counted < 2


def test_parameters_are_those_of_the_network(costs):
    assert [cost.parameters for cost in costs.costs] == [7_850, 61_706]


def test_times_are_positive_and_compared(costs):
    for cost in costs.costs:
        assert cost.forward_seconds > 0
        assert cost.ratio == pytest.approx(cost.backward_seconds / cost.forward_seconds)


def test_finite_differences_take_two_forward_passes_a_parameter():
    cost = BackwardCost("a", parameters=300, forward_seconds=1, backward_seconds=2, counted=2)
    assert cost.times_as_slow_by_differences == 200


def test_threads_are_left_as_they_were():
    before = torch.get_num_threads()
    measure_backward(("softmax-regression",))
    assert torch.get_num_threads() == before


def test_an_unknown_network_is_refused():
    with pytest.raises(UsageError, match="lenett"):
        measure_backward(("lenett",))


def test_text_and_dict(costs):
    assert "61,706" in str(costs)
    assert costs.as_dict()["costs"][1]["network"] == "lenet"
