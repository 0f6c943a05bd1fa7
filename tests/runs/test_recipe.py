"""Recipes: fields, files, and those that come with Convscope.

Tests runs/recipe.py, runs/recipe_fields.py, runs/recipe_styles.py.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import UsageError
from convscope.networks.catalog import list_networks
from convscope.runs import recipe as recipes
from convscope.runs import recipe_styles
from convscope.runs.recipe import Recipe


@given(
    st.builds(
        Recipe,
        epochs=st.integers(1, 100),
        data=st.sampled_from(["digits", 'a "folder"\\with\nodd name', "图片"]),
        size=st.none() | st.integers(1, 512),
        learning_rate=st.floats(1e-9, 1e9),
        weight_decay=st.floats(0, 1e9),
        optimizer=st.sampled_from(["sgd", "adam", "adamw"]),
        minutes=st.none() | st.floats(1e-3, 1e6),
        seed=st.integers(0, 2**63 - 1),
        network_arguments=st.dictionaries(
            st.sampled_from(["width", "x"]), st.integers(-(2**62), 2**62) | st.booleans()
        ),
    )
)
def test_toml_gives_back_the_recipe(tmp_path_factory, recipe):
    file = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    recipe.write(file)
    assert recipes.read(file) == recipe


def test_epochs_may_be_left_to_the_time(tmp_path):
    recipe = Recipe(epochs=None, minutes=5)
    recipe.write(tmp_path / "r.toml")
    assert recipes.read(tmp_path / "r.toml").epochs is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"learning_rat": 1}, "r.toml: Unknown recipe field 'learning_rat'. Did you mean 'learn"),
        (
            {"augmentation": {"flop": True}},
            "r.toml: Unknown recipe field 'flop'. Did you mean 'flip'",
        ),
        ({"epochs": 0}, "r.toml: epochs: Input should be greater than 0, got 0."),
        ({"epochs": "many"}, "r.toml: epochs: Input should be a valid integer"),
        ({"optimizer": "sdg"}, "r.toml: optimizer: Input should be 'sgd', 'nesterov', 'adam' or"),
        ({"learning_rate": float("nan")}, "r.toml: learning_rate: Input should be a finite number"),
        ({}, "r.toml: give epochs, minutes or both: with neither, training never"),
        (
            {"epochs": 1, "momentum": 0.9, "optimizer": "adam"},
            "r.toml: momentum belongs to sgd and nesterov",
        ),
        ({"epochs": 1, "optimizer": "nesterov"}, "r.toml: nesterov needs a momentum above 0"),
    ],
)
def test_wrong_fields_are_named(fields, message):
    with pytest.raises(UsageError) as caught:
        recipes.parse(fields, "r.toml")
    assert str(caught.value).startswith(message)


def test_not_toml(tmp_path):
    (tmp_path / "r.toml").write_text("epochs = = 3")
    with pytest.raises(UsageError, match=r"r\.toml' can't be read as TOML"):
        recipes.read(tmp_path / "r.toml")


def test_no_such_file(tmp_path):
    with pytest.raises(UsageError, match=r"No recipe file .*Recipes by name: book, fast"):
        recipes.read(tmp_path / "r.toml")


def test_the_book_has_its_own_figures():
    lenet = recipes.named("book", "lenet", "fashion-mnist")
    assert (lenet.learning_rate, lenet.batch_size, lenet.epochs) == (0.9, 256, 10)
    assert (lenet.optimizer, lenet.initialization, lenet.normalization) == ("sgd", "xavier", "unit")
    assert lenet.validation == 0
    rates = {"lenet-bn": 1.0, "alexnet": 0.01, "vgg11": 0.05, "nin": 0.1, "googlenet": 0.1}
    rates |= {"resnet18": 0.05, "densenet": 0.1}
    for network, rate in rates.items():
        assert recipes.named("book", network, "fashion-mnist").learning_rate == rate


def test_every_recipe_section_is_a_network():
    for style in recipe_styles.styles():
        for name in recipe_styles.style_table(style)["network"]:
            if name != "any":
                assert name in list_networks()
                assert recipes.named(style, name, "digits").network == name


def test_changing_a_field_of_a_table_keeps_the_others():
    recipe = recipes.named("fast", "resnet9", "fashion-mnist")
    changed = recipe.replace(augmentation={"cutout": 8}, network_arguments={"width": 4})
    assert changed.augmentation.model_dump() == {
        **recipe.augmentation.model_dump(),
        "cutout": 8,
    }
    assert recipe.augmentation.flip
    assert changed.network_arguments == {"width": 4}


def test_a_pair_overrides_network_and_data():
    assert recipes.named("fast", "resnet9", "fashion-mnist").optimizer == "nesterov"
    assert recipes.named("fast", "resnet9", "digits").optimizer == "adamw"
    assert recipes.named("fast", "mlp", "fashion-mnist").optimizer == "adamw"


def test_default_style():
    assert recipes.default_style("lenet") == "book"
    assert recipes.default_style("resnet9") == "fast"


def test_digits_are_not_mirrored():
    assert not recipes.named("fast", "resnet9", "digits").augmentation.flip
    assert recipes.named("fast", "resnet9", "cifar10").augmentation.flip


def test_unknown_style():
    with pytest.raises(UsageError, match="Unknown recipe 'bok'. Did you mean 'book'"):
        recipes.named("bok", "lenet", "digits")


def test_a_network_that_the_book_lacks():
    with pytest.raises(UsageError, match="'book' has no settings for 'vgg19'.*--recipe fast"):
        recipes.named("book", "vgg19", "digits")


@pytest.mark.parametrize(
    "content",
    [
        "a = " + "[" * 10_000 + "]" * 10_000,  # deeper than Python recurses
        "seed = " + "9" * 10_000,  # more digits than Python converts
        ".".join("a" * 50_000) + " = 1",  # a time that grows with the square
    ],
)
def test_files_made_to_keep_the_reader_busy(tmp_path, content):
    file = tmp_path / "r.toml"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"r\.toml' can't be read as TOML"):
        recipes.read(file)


def test_a_device_is_not_read_to_its_end():
    with pytest.raises(UsageError, match="it is larger than 32 KiB"):
        recipes.read("/dev/zero")
