"""LeNet with parts exchanged, and a perceptron of its size."""

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.experiments.lenet_variants import (
    LENET_VARIANTS,
    lenet_recipe,
    lenet_variant,
    mlp_of_size,
)


def count(network):
    return sum(each.numel() for each in network.parameters())


def test_unchanged_it_is_lenet():
    torch.manual_seed(0)
    ours, images = lenet_variant(), torch.rand(2, 1, 28, 28)
    lenet = cs.build("lenet")
    lenet.load_state_dict(ours.state_dict())
    assert torch.equal(ours(images), lenet(images))


def test_exactly_the_named_parts_are_exchanged():
    network = lenet_variant("relu", "max")
    kinds = [type(layer) for layer in network.modules()]
    assert kinds.count(nn.ReLU) == 4
    assert kinds.count(nn.MaxPool2d) == 2
    assert nn.Sigmoid not in kinds
    assert nn.AvgPool2d not in kinds
    assert count(network) == count(lenet_variant()) == 61_706
    assert [layer.output_shape for layer in cs.trace(network, (1, 28, 28)).layers] == [
        layer.output_shape for layer in cs.trace("lenet").layers
    ]


def test_unknown_parts_are_refused():
    with pytest.raises(UsageError, match="Unknown activation 'tanh'"):
        lenet_variant("tanh")
    with pytest.raises(UsageError, match="Unknown pooling 'mean'"):
        lenet_variant("relu", "mean")


@pytest.mark.parametrize("wanted", [10_000, 61_706, 200_000])
def test_a_perceptron_is_as_large_as_asked_for_to_half_a_unit(wanted):
    assert abs(count(mlp_of_size(wanted)) - wanted) <= (784 + 1 + 10) / 2


def test_the_compared_networks_are_of_one_size():
    sizes = {name: count(build()) for name, build in LENET_VARIANTS.items()}
    assert max(sizes.values()) < 1.01 * min(sizes.values())


def test_the_recipe_is_the_books():
    recipe = lenet_recipe("fashion-mnist")
    assert (recipe.learning_rate, recipe.batch_size, recipe.epochs) == (0.9, 256, 10)
    assert (recipe.optimizer, recipe.momentum, recipe.initialization) == ("sgd", 0.0, "xavier")
    assert lenet_recipe("digits", batch_size=32).batch_size == 32
    with pytest.raises(UsageError, match="batch_sizes"):
        lenet_recipe("digits", batch_sizes=32)
