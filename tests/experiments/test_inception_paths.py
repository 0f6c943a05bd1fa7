"""The four paths of an inception block, counted by hand; and networks of equal cost.

Tests experiments/inception_paths.py, experiments/path_networks.py.
"""

import pytest
import torch

import convscope as cs
from convscope.errors import UsageError
from convscope.experiments.inception_paths import follow_inception
from convscope.experiments.path_networks import PATHS, build_path_network
from tests.experiments.results import check_result


def test_paths_are_those_counted_by_hand():
    block = follow_inception()
    assert [path.shape for path in block.paths] == [
        (64, 12, 12), (128, 12, 12), (32, 12, 12), (32, 12, 12),
    ]  # fmt: skip
    assert block.output == (256, 12, 12)
    first, second, third, fourth = block.paths
    assert first.macs == first.unreduced == 192 * 64 * 144
    assert second.macs == (192 * 96 + 96 * 128 * 9) * 144
    assert second.unreduced == 192 * 128 * 9 * 144
    assert second.parameters == 192 * 96 + 96 + 96 * 128 * 9 + 128
    assert third.macs == (192 * 16 + 16 * 32 * 25) * 144
    assert third.unreduced == 192 * 32 * 25 * 144
    assert fourth.macs == fourth.unreduced == 192 * 32 * 144
    assert [path.unpadded for path in block.paths] == [12, 10, 8, 10]
    assert block.reduced == pytest.approx(block.macs / sum(p.unreduced for p in block.paths))
    assert "1×1, 5×5" in check_result(block)


def test_wrong_blocks_are_refused():
    with pytest.raises(UsageError, match="six numbers of channels"):
        follow_inception(8, (1, 2, 3))
    with pytest.raises(UsageError, match="a size from 5 on"):
        follow_inception(size=4)


def test_networks_of_all_paths_cost_the_same():
    macs = {}
    for paths in PATHS:
        network = build_path_network(paths, classes=7)
        assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 7)
        macs[paths] = cs.trace(network, (1, 8, 8)).macs
    assert max(macs.values()) / min(macs.values()) < 1.02
    with pytest.raises(UsageError, match="kind of block '5×5'"):
        build_path_network("5×5")
