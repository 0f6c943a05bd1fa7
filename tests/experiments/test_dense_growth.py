"""Dense blocks: channels counted by hand, memory against what PyTorch's autograd saves.

Tests experiments/dense_growth.py, experiments/dense_figures.py, experiments/dense_network.py,
experiments/step_footprint.py, experiments/network_footprints.py.
"""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.experiments.dense_growth import follow_dense_channels, measure_dense_costs
from convscope.experiments.dense_network import build_dense_network
from convscope.experiments.network_footprints import compare_footprints
from convscope.experiments.step_footprint import measure_footprint
from tests.experiments.results import check_result


def saved_bytes(network, images):
    """What PyTorch's autograd saves of a forward pass, weights and the images left out."""
    known = {tensor.untyped_storage().data_ptr() for tensor in [*network.parameters(), images]}
    found = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        kept = network(images)
    assert kept.shape[0] == len(images)
    return sum(found.values())


@pytest.mark.parametrize("layers", [1, 4])
def test_what_is_kept_is_what_autograd_saves(layers):
    network = build_dense_network(layers=layers)
    footprint = measure_footprint(network, (1, 8, 8), batch_size=16)
    saved = saved_bytes(network, torch.rand(16, 1, 8, 8)) / 16
    assert footprint.kept == pytest.approx(saved, rel=0.1)
    assert footprint.most > 16 * footprint.kept
    assert footprint.batch_size == 16


def test_recomputing_keeps_less():
    network = build_dense_network(layers=4)
    again = [f"1.{name}" for name, _ in network[1].named_children()]
    whole, less = (measure_footprint(network, (1, 8, 8), recomputed=r).kept for r in ((), again))
    assert less < 0.7 * whole
    with pytest.raises(UsageError, match="block to recompute"):
        measure_footprint(network, (1, 8, 8), recomputed=["nothing"])


def test_a_dense_network_gives_logits():
    network = build_dense_network(channels=4, layers=3, growth=2, classes=7)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 7)
    assert network[1].out_channels == 10
    assert isinstance(network[-1], nn.Linear)


def test_channels_grow_as_in_the_course():
    dense = follow_dense_channels()
    assert dense.shapes == ((3, 8, 8), (13, 8, 8), (23, 8, 8), (10, 4, 4))
    assert "23 × 8 × 8" in check_result(dense)
    assert follow_dense_channels(5, layers=1, transition=None).shapes == ((5, 8, 8), (15, 8, 8))


def test_costs_of_blocks_are_those_counted_by_hand():
    costs = measure_dense_costs((1, 2), in_channels=4, growth=2, size=8)
    one, two = costs.blocks
    assert (one.channels, two.channels) == (6, 8)
    assert one.parameters == 4 * 2 * 9 + 2 * 4
    assert two.parameters == one.parameters + 6 * 2 * 9 + 2 * 6
    assert two.maps == 4 * 8 * 64
    # at least the inputs of both batch norms, and what the second convolution gets
    assert two.kept >= 4 * 64 * (4 + 6 + 6)
    assert two.kept_recomputed < two.kept
    assert "Growth rate 2" in check_result(costs)
    with pytest.raises(UsageError, match="rising"):
        measure_dense_costs((4, 2))


@pytest.mark.slow
def test_networks_are_counted_as_everywhere():
    found = compare_footprints(["resnet18", "densenet"], image=(1, 32, 32), batch_size=2)
    assert found["resnet18"].parameters == 11_175_370
    assert found["densenet"].parameters == 757_322
    assert found.ratio("parameters", "densenet", "resnet18") == pytest.approx(
        757 / 11_175, rel=0.01
    )
    assert found["densenet"].most > 2 * found["densenet"].kept
    assert "resnet18" in check_result(found)
    with pytest.raises(UsageError, match="Unknown network 'vgg11'"):
        found["vgg11"]
    with pytest.raises(UsageError, match="at least one"):
        compare_footprints([])
