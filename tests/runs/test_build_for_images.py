"""The network that a recipe asks for, built for images of a shape; or why not."""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.runs.build_for_images import build_for_images
from convscope.runs.recipe import Recipe


def test_a_network_of_the_catalog_takes_the_images_and_knows_its_arguments():
    size, network, arguments, notes = build_for_images("lenet", (1, 28, 28), 7, Recipe(epochs=1))
    assert (size, arguments, notes) == (28, {"size": 28}, ())
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 7)


def test_small_images_are_enlarged_with_a_note_unless_a_size_is_given():
    size, network, _, notes = build_for_images("alexnet", (1, 28, 28), 10, Recipe(epochs=1))
    assert size == 224
    assert "enlarged from 28 to 224" in notes[0]
    assert network(torch.zeros(1, 1, size, size)).shape == (1, 10)
    with pytest.raises(UsageError):
        build_for_images("alexnet", (1, 28, 28), 10, Recipe(epochs=1, size=28))


def test_images_that_are_not_square_need_a_size():
    with pytest.raises(UsageError, match="The images are 28×30; training takes square ones"):
        build_for_images("lenet", (1, 28, 30), 10, Recipe(epochs=1))
    size, *_ = build_for_images("lenet", (1, 28, 30), 10, Recipe(epochs=1, size=28))
    assert size == 28


def test_dropout_is_given_to_networks_that_have_it():
    recipe = Recipe(epochs=1, dropout=0.25)
    _, network, arguments, _ = build_for_images("alexnet", (1, 224, 224), 10, recipe)
    assert arguments["dropout"] == 0.25
    assert {each.p for each in network.modules() if isinstance(each, nn.Dropout)} == {0.25}
    with pytest.raises(UsageError, match="lenet has no dropout to set"):
        build_for_images("lenet", (1, 28, 28), 10, recipe)


def test_a_module_is_checked_and_left_in_its_mode():
    module = nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).train()
    size, network, arguments, notes = build_for_images(module, (1, 4, 4), 3, Recipe(epochs=1))
    assert (size, network, arguments, notes) == (4, module, {}, ())
    assert module.training
    with pytest.raises(UsageError, match=r"gives \(2, 3\) for 2 images; .* \(2, 5\)"):
        build_for_images(module, (1, 4, 4), 5, Recipe(epochs=1))
    with pytest.raises(UsageError, match="Sequential fails on images of shape"):
        build_for_images(module, (1, 5, 5), 3, Recipe(epochs=1))
