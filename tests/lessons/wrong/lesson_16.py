"""Libraries that are wrong about shortcuts, depth and what dense blocks keep."""

from torch import nn

from convscope.experiments.paired_difference import measure_difference
from convscope.experiments.step_footprint import StepFootprint
from convscope.networks.densenet import DenseBlock
from convscope.networks.resnet import stage
from tests.lessons.wrong import Wrong


def forgets_the_shortcut(block, x):
    hidden = block.relu1(block.bn1(block.conv1(x)))
    return block.relu2(block.bn2(block.conv2(hidden)))


def all_zeros(weight):
    return nn.init.zeros_(weight)


def exchanged(first, second):
    return measure_difference(second, first)


def does_not_normalize(x, *others, **settings):
    return x


def always_projects(in_channels, out_channels, stride):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


def never_halves(block, count, in_channels, channels, stride):
    return stage(block, count, in_channels, channels, 1)


def one_channel_more(layers, in_channels, growth):
    return DenseBlock(layers, in_channels, growth + 1)


def keeps_the_weights(network, image_shape, *, batch_size=32, recomputed=()):
    weights = sum(parameter.numel() for parameter in network.parameters())
    return StepFootprint(4 * weights, 4 * weights, batch_size)


def keeps_the_last_map(network, image_shape, *, batch_size=32, recomputed=()):
    kept = 4 * network[-1].in_features * image_shape[1] * image_shape[2]
    return StepFootprint(kept, kept, batch_size)


WRONG = [
    Wrong(
        "residual blocks forget their shortcut",
        {"convscope.networks.resnet.BasicBlock.forward": forgets_the_shortcut},
        turns=["16.identity", "16.vanish"],
    ),
    Wrong(
        "identity kernels are zero",
        {"torch.nn.init.dirac_": all_zeros},
        turns=["16.kernels"],
    ),
    Wrong(
        "first and second are exchanged in differences",
        {"convscope.experiments.depth_trainings.measure_difference": exchanged},
        turns=["16.degrade", "16.rescued", "16.deeper", "16.patience", "16.everywhere"],
    ),
    Wrong(
        "batch norm does nothing",
        {"torch.nn.functional.batch_norm": does_not_normalize},
        turns=["16.healthy"],
    ),
    Wrong(
        "every first block is projected",
        {"convscope.networks.resnet.projection": always_projects},
        turns=["16.projections"],
    ),
    Wrong(
        "stages keep height and width",
        {"convscope.networks.resnet.stage": never_halves},
        turns=["16.resnet18"],
    ),
    Wrong(
        "dense layers add a channel too many",
        {"convscope.experiments.dense_growth.DenseBlock": one_channel_more},
        turns=["16.channels"],
    ),
    Wrong(
        "memory goes by the weights",
        {"convscope.experiments.network_footprints.measure_footprint": keeps_the_weights},
        turns=["16.memory"],
    ),
    Wrong(
        "a dense block keeps its maps once",
        {"convscope.experiments.dense_growth.measure_footprint": keeps_the_last_map},
        turns=["16.quadratic", "16.recompute"],
    ),
]
