import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from convscope.errors import UsageError
from convscope.runs.out_folder import ABANDONED, check_out_folder, out_folder, reserve_folder
from convscope.runs.recipe import Recipe
from convscope.runs.run import new_run


def test_the_next_number_that_is_free(tmp_path):
    assert reserve_folder(tmp_path / "runs", "x").name == "x-1"
    assert reserve_folder(tmp_path / "runs", "x").name == "x-2"
    assert reserve_folder(tmp_path / "runs", "y").name == "y-1"


def test_of_many_at_once_none_gets_the_same(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: reserve_folder(tmp_path / "runs", "x"), range(40)))
    assert sorted(int(each.name[2:]) for each in taken) == list(range(1, 41))


def age(folder, seconds):
    os.utime(folder, (time.time() - seconds,) * 2)


def test_an_abandoned_reservation_is_taken_and_a_new_one_is_not(tmp_path):
    old, new, run = (reserve_folder(tmp_path, "x") for _ in range(3))
    (run / "recipe.toml").touch()
    age(run, 2 * ABANDONED)
    age(old, 2 * ABANDONED)
    assert reserve_folder(tmp_path, "x") == old
    assert reserve_folder(tmp_path, "x").name == "x-4"
    assert list(new.iterdir()) == []
    assert (run / "recipe.toml").exists()


def test_of_many_that_find_an_abandoned_one_only_one_gets_it(tmp_path):
    age(reserve_folder(tmp_path, "x"), 2 * ABANDONED)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: reserve_folder(tmp_path, "x"), range(20)))
    assert len(set(taken)) == 20


def test_a_reservation_of_which_nothing_came_is_given_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyError), out_folder(None, "x"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with out_folder(None, "x") as folder:
        run = new_run(folder, Recipe(epochs=1))
    assert run.recipe_file.is_file()
    assert folder.name == "x-1"


def test_a_given_folder_is_checked_and_not_made(tmp_path):
    with out_folder(tmp_path / "a" / "b", "x") as folder:
        assert folder == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()
    new_run(folder, Recipe(epochs=1))
    with pytest.raises(UsageError, match="is a run already"), out_folder(folder, "x"):
        pass
    check_out_folder(folder, force=True)


def test_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(UsageError, match="No folder for the run can be made in .* --out"):
        reserve_folder(tmp_path / "runs", "x")


def test_a_folder_that_cannot_be_called_so():
    with pytest.raises(UsageError, match="holds a NUL"):
        check_out_folder("runs/a\0b")
