import pytest
from torch import nn

from convscope.errors import UsageError
from convscope.runs.choose_recipe import choose_recipe, run_name
from convscope.runs.recipe import Recipe


def test_a_folder_is_found_again_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_recipe("lenet", "pets", "fast", {}).data == str(tmp_path / "pets")
    assert choose_recipe("lenet", "digits", "fast", {}).data == "digits"


def test_changes_come_last_whatever_the_recipe_is(tmp_path):
    given = Recipe(network="mlp", data="mnist", epochs=7, momentum=0.5)
    given.write(tmp_path / "mine.toml")
    for recipe in (given, tmp_path / "mine.toml", str(tmp_path / "mine.toml")):
        found = choose_recipe("lenet", "digits", recipe, {"epochs": 2})
        assert found == given.replace(network="lenet", data="digits", epochs=2)
    assert choose_recipe("lenet", "digits", None, {"epochs": 2}).epochs == 2


def test_modules_and_arrays_have_no_name_in_a_recipe():
    found = choose_recipe(nn.Linear(1, 1), None, "fast", {})
    assert (found.network, found.data) == ("", "")
    assert run_name(nn.Linear(1, 1), found) == "Linear-arrays"


def test_runs_are_named_after_network_and_data(tmp_path):
    assert run_name("lenet", choose_recipe("lenet", "digits", "fast", {})) == "lenet-digits"
    archive = str(tmp_path / "pets.zip")
    assert run_name("lenet", choose_recipe("lenet", archive, "fast", {})) == "lenet-pets"


def test_what_is_not_there_is_refused():
    with pytest.raises(UsageError, match="Unknown recipe 'fats'. Did you mean 'fast'"):
        choose_recipe("lenet", "digits", "fats", {})
