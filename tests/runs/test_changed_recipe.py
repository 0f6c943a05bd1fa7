import pytest

from convscope.errors import UsageError
from convscope.runs.changed_recipe import check_recipe_change
from convscope.runs.recipe import Recipe

RECIPE = Recipe(network="lenet", data="digits", epochs=4, batch_size=64, momentum=0.9)
BEGAN = RECIPE.model_dump(mode="json")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"epochs": 9},
        {"epochs": None, "minutes": 3.0},
        {"early_stop": 2},
        {"checkpoint_minutes": 1.0},
        {"unknown_rate": 0.0},
    ],
)
def test_how_long_a_run_goes_on_may_be_changed(tmp_path, change):
    check_recipe_change(tmp_path, BEGAN, RECIPE.model_copy(update=change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network": "nin"}, "network (lenet → nin)"),
        ({"batch_size": 128}, "batch_size (64 → 128)"),
        ({"seed": 3}, "seed (0 → 3)"),
        ({"optimizer": "adam", "momentum": 0.0}, "optimizer (sgd → adam)"),
        ({"ema": 0.99}, "ema (unset → 0.99)"),
        ({"size": 32}, "size (unset → 32)"),
        ({"augmentation": {"crop": 2}}, "augmentation.crop (0 → 2)"),
    ],
)
def test_what_makes_another_run_is_refused_by_name(tmp_path, change, said):
    now = RECIPE.replace(**change)
    with pytest.raises(UsageError) as caught:
        check_recipe_change(tmp_path, BEGAN, now)
    assert said in str(caught.value)
    assert "goes on only with another epochs, minutes, early_stop" in str(caught.value)
    assert f"--recipe {tmp_path / 'recipe.toml'}" in str(caught.value)


def test_what_can_change_on_the_way_is_accepted_when_forced(tmp_path):
    now = RECIPE.replace(seed=3, learning_rate=0.5, augmentation={"crop": 2})
    with pytest.raises(UsageError, match="have it recorded: --force"):
        check_recipe_change(tmp_path, BEGAN, now)
    assert check_recipe_change(tmp_path, BEGAN, now, force=True) == {
        "seed": (0, 3),
        "learning_rate": (0.1, 0.5),
        "augmentation.crop": (0, 2),
    }


@pytest.mark.parametrize(
    "change",
    [{"network": "nin"}, {"batch_size": 8}, {"ema": 0.9}, {"size": 32}, {"validation": 0.2}],
)
def test_other_weights_and_images_are_refused_even_when_forced(tmp_path, change):
    (name,) = change
    with pytest.raises(UsageError) as told:
        check_recipe_change(tmp_path, BEGAN, RECIPE.replace(seed=1, **change), force=True)
    assert f"since the run began: {name} (" in str(told.value)
    assert "--force another augmentation" in str(told.value)


def test_all_changes_are_named_at_once(tmp_path):
    with pytest.raises(UsageError, match=r"batch_size \(64 → 8\).*seed \(0 → 1\)"):
        check_recipe_change(tmp_path, BEGAN, RECIPE.replace(batch_size=8, seed=1))


def test_of_older_runs_nothing_can_be_said(tmp_path):
    check_recipe_change(tmp_path, None, RECIPE)
    check_recipe_change(tmp_path, {"no": "recipe"}, RECIPE)
