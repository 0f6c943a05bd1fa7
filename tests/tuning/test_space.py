"""What may be searched, and over which values."""

import pytest

from convscope.errors import UsageError
from convscope.runs.recipe import named
from convscope.tuning.space import (
    Dimension,
    begin_values,
    change_recipe,
    check_space,
    default_space,
    parse_dimension,
    parse_space,
)

RECIPE = named("fast", "stack", "digits")


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("learning_rate=0.001..0.1", Dimension("learning_rate", 0.001, 0.1)),
        ("learning_rate = 1e-3 .. 1", Dimension("learning_rate", 0.001, 1.0)),
        ("depth=2..8", Dimension("network_arguments.depth", 2, 8)),
        ("network_arguments.width=8,16", Dimension("network_arguments.width", choices=(8, 16))),
        ("augmentation.flip=true,false", Dimension("augmentation.flip", choices=(True, False))),
        ("optimizer=adam,adamw", Dimension("optimizer", choices=("adam", "adamw"))),
    ],
)
def test_ranges_and_choices(text, dimension):
    assert parse_dimension(text, "stack") == dimension
    assert parse_dimension(str(dimension), "stack") == dimension  # as a study keeps it


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("depth", "takes FIELD=LOW..HIGH or FIELD=A,B,C; got 'depth'"),
        ("depth=8..2", "a range goes from a number to a larger one"),
        ("depth=a..b", "a range goes from a number to a larger one"),
        ("depth=4", "nothing to search among fewer than two values"),
        ("size=16,32", "this field is the same for all trials of a search"),
        ("epochs=5..9", "Give one value of it: --set epochs="),
        ("dept=2..8", "Unknown field to search 'dept'. Did you mean 'depth'"),
        ("augmentation.rotate=1..2", "Unknown field to search"),
        ("classes=2..3", "Unknown field to search 'classes'"),
    ],
)
def test_what_cannot_be_searched_is_said(text, problem):
    with pytest.raises(UsageError, match=problem):
        parse_dimension(text, "stack")


def test_a_field_is_given_once():
    with pytest.raises(UsageError, match=r"network_arguments.depth: given twice"):
        parse_space(["depth=2..8", "network_arguments.depth=3,5"], "stack")


def test_values_that_no_recipe_takes_are_refused_before_anything_is_trained():
    check_space(default_space(RECIPE, 16), RECIPE)
    with pytest.raises(UsageError, match="label_smoothing"):
        check_space(parse_space(["label_smoothing=0.1..2.0"], "stack"), RECIPE)


def test_wide_ranges_are_searched_by_ratios():
    assert parse_dimension("learning_rate=0.001..0.01", "stack").is_logarithmic
    assert not parse_dimension("learning_rate=0.002..0.01", "stack").is_logarithmic
    assert not parse_dimension("augmentation.crop=0..4", "stack").is_logarithmic
    assert not parse_dimension("depth=2,4", "stack").is_logarithmic


def test_a_search_begins_with_the_recipe_or_what_is_nearest():
    space = parse_space(
        ["depth=5..8", "kernel=5,7", "width=8..64", "learning_rate=0.0001..0.1"], "stack"
    )
    assert begin_values(space, RECIPE) == {
        "network_arguments.depth": 5,
        "network_arguments.kernel": 5,
        "network_arguments.width": 32,
        "learning_rate": RECIPE.learning_rate,
    }


def test_values_become_a_recipe():
    values = {"network_arguments.depth": 3, "augmentation.cutout": 2, "learning_rate": 0.01}
    changed = change_recipe(RECIPE, values)
    assert changed.network_arguments == {"depth": 3}
    assert changed.augmentation == RECIPE.augmentation.model_copy(update={"cutout": 2})
    assert changed.learning_rate == 0.01
    assert changed.optimizer == RECIPE.optimizer


@pytest.mark.parametrize("network", ["stack", "lenet", "resnet9"])
def test_what_is_searched_by_default(network):
    recipe = named("fast", network, "cifar10")
    fields = [each.field for each in default_space(recipe, 32)]
    assert {"learning_rate", "augmentation.crop", "augmentation.flip"} <= {*fields}
    assert ("network_arguments.depth" in fields) is (network == "stack")
    assert "augmentation.flip" not in [each.field for each in default_space(RECIPE, 16)]
