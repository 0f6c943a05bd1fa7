"""Networks that differ in depth and shortcuts: built, made deeper, trained, and looked at.

Tests experiments/depth_network.py, experiments/depth_trainings.py, experiments/depth_figures.py,
experiments/nested_networks.py, experiments/block_gradients.py, experiments/projections.py.
"""

import math

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.block_gradients import compare_block_gradients
from convscope.experiments.depth_network import build_depth_network
from convscope.experiments.depth_trainings import compare_depths, read_depths
from convscope.experiments.nested_networks import insert_blocks
from convscope.experiments.projections import list_shortcuts
from tests.conftest import slow
from tests.experiments.results import check_result


@pytest.fixture(scope="module")
def trained():
    return compare_depths((8, 14), seeds=(0, 1), epochs=1)


@pytest.mark.parametrize("layers", [8, 20, *slow(32)])
@pytest.mark.parametrize("kind", ["plain", "residual", "projected"])
def test_a_network_has_as_many_layers_as_it_says(layers, kind):
    network = build_depth_network(layers, kind)
    weighted = [
        name for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and "downsample" not in name
    ]  # fmt: skip
    assert len(weighted) == layers
    assert cs.trace(network, (1, 8, 8)).layers[-1].output_shape == (10,)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_kinds_differ_in_nothing_but_their_shortcuts():
    plain, residual, projected = (
        build_depth_network(14, kind) for kind in ("plain", "residual", "projected")
    )

    def branches(network):
        return {n: tuple(p.shape) for n, p in network.named_parameters() if "downsample" not in n}

    assert branches(plain) == branches(residual) == branches(projected)
    projections = [
        sum("downsample.0" in name for name, _ in network.named_parameters())
        for network in (plain, residual, projected)
    ]
    assert projections == [0, 2, 6]
    assert not any(
        isinstance(module, nn.BatchNorm2d)
        for module in build_depth_network(8, batch_norm=False).modules()
    )


def test_a_plain_block_adds_nothing():
    block = build_depth_network(8, "plain").block1.eval()
    nn.init.zeros_(block.bn2.weight)
    assert block(torch.rand(1, 8, 4, 4)).abs().max() == 0


@pytest.mark.parametrize(
    ("layers", "kind", "words"),
    [(10, "plain", "6n \\+ 2"), (2, "plain", "6n \\+ 2"), (8, "dense", "kind of network 'dense'")],
)
def test_other_networks_are_refused(layers, kind, words):
    with pytest.raises(UsageError, match=words):
        build_depth_network(layers, kind)


@pytest.mark.slow
def test_trainings_are_kept_by_kind_depth_and_seed(trained):
    assert trained.kinds == ("plain", "residual")
    assert trained.depths == (8, 14)
    assert [run.seed for run in trained.of("plain", 8)] == [0, 1]
    assert len(trained.runs) == 8
    assert all(len(run.losses) == 1 and 0.5 < run.losses[0] < 4 for run in trained.runs)
    first, second = trained.of("residual", 8), trained.of("plain", 14)
    difference = trained.accuracy_difference(("residual", 8), ("plain", 14))
    by_hand = np.mean([100 * (a.accuracy - b.accuracy) for a, b in zip(first, second, strict=True)])
    assert difference.mean == pytest.approx(by_hand)
    with pytest.raises(UsageError, match="No run of a projected network of 8 layers"):
        trained.of("projected", 8)
    text = check_result(trained)
    assert "seeds: 2" in text
    assert "14 layers" in text


def test_a_network_learns():
    (run,) = compare_depths((8,), ("residual",), epochs=3).runs
    assert run.losses[2] < 0.5 * run.losses[0]
    assert run.accuracy > 0.8


@pytest.mark.slow
def test_stored_trainings_come_back(trained):
    rows = [{"experiment": "a"} | row for row in trained.as_dict()["runs"]]
    assert read_depths(rows, "a") == trained
    with pytest.raises(UsageError, match="No rows of the experiment 'b'"):
        read_depths(rows, "b")
    with pytest.raises(UsageError, match="at least one depth"):
        compare_depths(())


def test_a_branch_at_zero_changes_nothing():
    nested = insert_blocks(2)
    assert nested.layers == 4
    assert nested.difference("residual, zero") == 0
    assert nested.difference("plain, identity") < 1e-5
    assert nested.difference("residual, fresh") > 0.1
    assert nested.difference("plain, fresh") > 0.1
    assert "4 layers put into" in check_result(nested)
    with pytest.raises(UsageError, match="at least 1"):
        insert_blocks(0)


def test_gradients_are_those_of_autograd():
    """Two ways to the gradient of the stem of the plain network: kept, or by a small change."""
    found = compare_block_gradients(8, seeds=(0,))
    assert len(found.with_norm["plain"]) == 4  # the stem and three blocks
    assert found.with_norm["plain"][-1] == 1
    assert found.kept("plain", batch_norm=False) < 0.1 < found.kept("plain", batch_norm=True)
    assert "8 layers" in check_result(found)


def test_without_norm_a_plain_gradient_shrinks_by_a_like_factor_for_every_layer():
    shallow, deep = (compare_block_gradients(n, seeds=(0,)) for n in (8, 20))
    per_block = math.log(shallow.kept("plain", batch_norm=False)) / 3
    assert math.log(deep.kept("plain", batch_norm=False)) / 9 == pytest.approx(per_block, rel=0.35)


def test_projections_stand_where_shapes_change():
    found = list_shortcuts(["resnet18", "resnet50"])
    assert found.rule_holds
    assert [s.projected for s in found["resnet18"].stages] == [False, True, True, True]
    assert [s.projected for s in found["resnet50"].stages] == [True] * 4
    assert [s.in_channels for s in found["resnet50"].stages] == [64, 256, 512, 1024]
    weights = 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)  # 1×1 and batch norm
    assert found["resnet18"].parameters == pytest.approx(weights / 11_175_370)
    assert "64 → 128, 1×1" in check_result(found)
    with pytest.raises(UsageError, match="none"):
        list_shortcuts(["lenet"])
    with pytest.raises(UsageError, match="Unknown network 'resnet34'"):
        found["resnet34"]


def test_all_is_public():
    for name in ("build_depth_network", "compare_depths", "insert_blocks", "list_shortcuts"):
        assert callable(getattr(experiments, name))
