import pytest
from torch import nn

from convscope.networks.catalog import build
from convscope.runs.optimization import make_optimizer, set_learning_rate
from convscope.runs.recipe import Recipe
from convscope.runs.stages import (
    PARTS,
    count_head_epochs,
    count_unfrozen_parts,
    describe_stages,
    first_whole_epoch,
    list_layers,
)


def recipe(epochs=20, head=6, unfreeze=2, decay=0.5, **fields):
    stages = {"head_epochs": head, "epochs_per_third": unfreeze, "rate_decay": decay}
    return Recipe(epochs=epochs, stages=stages, **fields)


def test_parts_are_thirds_from_the_top():
    layers = list_layers(nn.Sequential(*[nn.Linear(2, 2) for _ in range(7)]))
    assert [layer.part for layer in layers] == [3, 3, 2, 2, 1, 1, 0]
    assert [layer.path for layer in layers] == list("0123456")


@pytest.mark.parametrize("count", range(1, 12))
def test_any_number_of_layers_has_parts_in_order(count):
    network = nn.Sequential(*[nn.Linear(1, 1) for _ in range(count)])
    parts = [layer.part for layer in list_layers(network)]
    assert parts == sorted(parts, reverse=True)
    assert parts[-1] == 0
    assert parts.count(0) == 1
    assert max(parts) <= PARTS


def test_modules_without_weights_belong_to_the_layer_before_them():
    drop, relu = nn.Dropout(), nn.ReLU()
    layers = list_layers(nn.Sequential(nn.Flatten(), nn.Linear(2, 2), relu, drop, nn.Linear(2, 2)))
    assert [layer.modules[1:] for layer in layers] == [(relu, drop), ()]


def test_layers_are_unfrozen_by_epoch_alone():
    given = recipe()
    assert [count_unfrozen_parts(given, epoch) for epoch in range(12)] == [0] * 6 + [
        1, 1, 2, 2, 3, 3,
    ]  # fmt: skip
    assert first_whole_epoch(given) == 10
    plain = Recipe(epochs=3)
    assert (count_unfrozen_parts(plain, 0), first_whole_epoch(plain)) == (PARTS, 0)


@pytest.mark.parametrize(("epochs", "found"), [(1, 1), (2, 1), (5, 2), (40, 6), (None, 6)])
def test_the_new_layer_alone_takes_half_of_the_epochs_at_most(epochs, found):
    assert count_head_epochs(recipe(epochs, minutes=1.0)) == found


def test_lower_layers_learn_at_smaller_rates():
    network = build("lenet-bn", 1, 3, size=28)
    optimizer = make_optimizer(network, recipe(decay=0.5, weight_decay=0.1))
    set_learning_rate(optimizer, 8.0)
    names = {parameter: name for name, parameter in network.named_parameters()}
    rates = {names[p]: group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert rates.keys() == dict(network.named_parameters()).keys()
    assert rates["classifier.dense3.weight"] == rates["classifier.dense3.bias"] == 8.0
    assert rates["features.conv1.weight"] == 1.0
    assert set(rates.values()) == {8.0, 4.0, 2.0, 1.0}
    assert optimizer.param_groups[0]["lr"] == 8.0
    assert {g["weight_decay"] for g in optimizer.param_groups} == {0.0, 0.1}


def test_without_stages_the_optimizer_is_as_ever():
    network = build("lenet", 1, 3, size=28)
    optimizer = make_optimizer(network, Recipe(epochs=1, weight_decay=0.1))
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]


def test_a_frozen_parameter_of_ones_own_stays_out():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].weight.requires_grad_(False)
    optimizer = make_optimizer(network, recipe())
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 3


def test_stages_in_words():
    words = describe_stages(recipe(), ["fc.weight"])
    assert words.startswith("Epochs 1 to 6: only the new layer, from features of the rest")
    assert "4 times changed at random" in words
    assert "a third more of the layers every 2 epochs" in words
    assert describe_stages(recipe(), []).startswith("The classes are the source's")
    assert describe_stages(Recipe(epochs=3), ["fc.weight"]) == ""
