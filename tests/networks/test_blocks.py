"""What the blocks of the networks do, alone: the figures of the curriculum, section D."""

import pytest
import torch
from torch import nn

from convscope.networks.densenet import DenseBlock, Transition
from convscope.networks.googlenet import Inception
from convscope.networks.mobilenet_v1 import separable_convolution
from convscope.networks.mobilenet_v2 import InvertedResidual
from convscope.networks.nin import nin_block
from convscope.networks.resnet import BasicBlock, Bottleneck, stage
from convscope.networks.resnet9 import ResidualPair
from convscope.networks.vgg import vgg_block
from tests.networks.deterministic import fill, waves


def count(module, kind):
    return sum(isinstance(part, kind) for part in module.modules())


@pytest.mark.parametrize(("convolutions", "channels"), [(1, 64), (1, 128), (2, 256), (2, 512)])
def test_vgg_block(convolutions, channels):
    block = vgg_block(convolutions, 3, channels)
    assert count(block, nn.Conv2d) == convolutions
    assert block(torch.zeros(1, 3, 8, 6)).shape == (1, channels, 4, 3)


def test_nin_block_is_a_dense_network_at_each_pixel():
    block = fill(nin_block(2, (4, 5, 3), 3, padding=1))
    images = waves(1, 2, 6)
    first = block[1](block[0](images))
    pixel = first[0, :, 2, 4]
    for convolution in (block[2], block[4]):
        pixel = torch.relu(convolution.weight[:, :, 0, 0] @ pixel + convolution.bias)
    assert torch.allclose(block(images)[0, :, 2, 4], pixel, atol=1e-6)


def test_all_paths_of_an_inception_block_keep_height_and_width():
    block = Inception(192, 64, 96, 128, 16, 32, 32)
    images = torch.zeros(1, 192, 7, 5)
    paths = [path(images) for path in (block.branch1, block.branch2, block.branch3, block.branch4)]
    assert [path.shape[1] for path in paths] == [64, 128, 32, 32]
    assert {path.shape[2:] for path in paths} == {(7, 5)}
    assert torch.equal(block(images), torch.cat(paths, dim=1))


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_residual_block_keeps_or_halves(block):
    out = 6 * block.expansion
    images = torch.zeros(2, out, 8, 6)
    assert block(out, 6)(images).shape == (2, out, 8, 6)
    assert block(out, 6).downsample is None
    halving = block(out, 12, stride=2)
    assert halving(images).shape == (2, 2 * out, 4, 3)
    assert halving.downsample[0].kernel_size == (1, 1)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_residual_branch_at_zero_is_the_identity(block):
    made = fill(block(2 * block.expansion, 2)).eval()
    features = waves(2, 2 * block.expansion, 6).relu()  # a ReLU came before
    assert not torch.allclose(made(features), features)
    zero_branch(made)
    assert torch.equal(made(features), features)


def test_a_deeper_net_contains_the_shallower_one():
    shallow = fill(stage(BasicBlock, 1, 3, 4, stride=2)).eval()
    deep = stage(BasicBlock, 3, 3, 4, stride=2).eval()
    deep.load_state_dict(deep.state_dict() | shallow.state_dict())
    zero_branch(deep[1])
    zero_branch(deep[2])
    features = waves(2, 3, 8)
    assert torch.equal(deep(features), shallow(features))


def zero_branch(block):
    last = block.bn2 if isinstance(block, BasicBlock) else block.bn3
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)


def test_dense_block_adds_its_growth_rate_with_each_layer():
    block = fill(DenseBlock(2, in_channels=3, growth=10)).eval()
    features = waves(4, 3, 8)
    result = block(features)
    assert result.shape == (4, 23, 8, 8)
    assert torch.equal(result[:, :3], features)  # the input is handed on as it is
    assert torch.equal(result[:, 3:13], block.denselayer1(features))


def test_transition_to_ten_channels_halves_height_and_width():
    assert Transition(23, 10)(torch.zeros(4, 23, 8, 8)).shape == (4, 10, 4, 4)


def test_separable_convolution_saves_parameters():
    ordinary = 9 * 64 * 128
    separable = separable_convolution(64, 128, stride=2)
    weights = [p for p in separable.parameters() if p.dim() == 4]
    assert sum(p.numel() for p in weights) == 9 * 64 + 64 * 128 < ordinary / 8
    assert separable(torch.zeros(1, 64, 8, 6)).shape == (1, 128, 4, 3)


def test_inverted_residual():
    narrow = fill(InvertedResidual(4, 4, stride=1, expansion=6)).eval()
    features = waves(1, 4, 6)
    assert torch.equal(narrow(features), features + narrow.conv(features))
    halving = InvertedResidual(4, 8, stride=2, expansion=1)
    assert halving(features).shape == (1, 8, 3, 3)
    assert count(narrow, nn.Conv2d) == 3
    assert count(halving, nn.Conv2d) == 2  # nothing to widen


def test_residual_pair_adds_to_its_input():
    pair = fill(ResidualPair(4)).eval()
    features = waves(1, 4, 5)
    assert torch.equal(pair(features), features + pair.units(features))
