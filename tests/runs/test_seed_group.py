"""Groups of seeds on disk: written, read again, with failures, as text and data.

Tests runs/seed_group_text.py.
"""

import json

import pytest

from convscope.errors import ConvscopeError, UsageError
from convscope.runs.checked_json import write_checked
from convscope.runs.recipe import Recipe
from convscope.runs.seed_group import SeedGroup, is_seed_group, open_group, spread
from tests.comparison.runs_on_disk import write_group

RECIPE = Recipe(network="softmax-regression", data="pets", epochs=2)


def test_spread():
    found = spread([0.9, 0.7, 0.8, 0.8])
    assert (found.median, found.mean) == pytest.approx((0.8, 0.8))
    assert (found.lowest, found.highest) == (0.7, 0.9)
    assert found.standard_deviation == pytest.approx((0.02 / 3) ** 0.5)
    assert spread([0.5]).standard_deviation is None


def test_summary_and_file(tmp_path):
    group = write_group(tmp_path / "g", [20, 30, 90, None], {2: "only guesses", 3: "NaN"})
    summary = SeedGroup(group.folder).as_dict()
    # The seed that guesses counts: without it the recipe would look better than it is.
    assert summary["accuracy"] == pytest.approx(0.7)
    assert summary["spread"]["lowest"] == pytest.approx(0.1)
    assert summary["failed"] == [2, 3]
    assert [row["seed"] for row in summary["seeds"]] == [0, 1, 2, 3]
    assert summary["seeds"][2]["problem"] == "only guesses"
    assert "accuracy" not in summary["seeds"][3]
    assert summary["seconds"] == 60
    written = json.loads((group.folder / "seeds.json").read_text())
    assert written["results"] == summary


def test_nothing_has_a_result(tmp_path):
    summary = write_group(tmp_path / "g", [None, None]).as_dict()
    assert summary["accuracy"] is None
    assert summary["spread"] is None
    assert summary["seconds"] == 0


def test_going_on_keeps_what_has_ended(tmp_path):
    write_group(tmp_path / "g", [20, None, 30], {2: "NaN"})
    group = open_group(tmp_path / "g", RECIPE.replace(seed=5), range(5, 7))
    assert group.seeds == [0, 2, 5, 6]
    assert group.failures == {2: "NaN"}
    for file in sorted((group.folder / "seed-2").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (group.folder / "seed-2").rmdir()
    group = open_group(tmp_path / "g", RECIPE, range(1))
    assert (group.seeds, group.failures) == ([0], {})


def test_another_recipe_is_refused(tmp_path):
    write_group(tmp_path / "g", [20])
    changed = RECIPE.replace(learning_rate=0.5, augmentation={"crop": 1})
    with pytest.raises(UsageError) as error:
        open_group(tmp_path / "g", changed, range(2))
    assert "holds seeds of another recipe: augmentation.crop was 0 and is 1, " in str(error.value)
    assert "learning_rate was 0.1 and is 0.5" in str(error.value)
    assert "--force to replace it." in str(error.value)
    group = open_group(tmp_path / "g", changed, range(2), force=True)
    assert group.runs == []
    assert SeedGroup(group.folder).recipe == changed


def test_other_things_are_not_touched(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("x")
    for name in ("full", "file"):
        with pytest.raises(UsageError, match="isn't a folder of seeds, so nothing there is touch"):
            open_group(tmp_path / name, RECIPE, range(2), force=True)
    assert (tmp_path / "full" / "letter.txt").exists()
    assert not is_seed_group(tmp_path / "full")


def test_not_a_group(tmp_path):
    with pytest.raises(UsageError, match=r"no seeds\.json\. Make one with: convscope train"):
        SeedGroup(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": [-1]}, "is damaged: seeds.0: "),
        ({"seeds": ["../x"]}, "is damaged: seeds.0: "),
        ({"format": 2}, "is damaged: format: "),
        ({"failures": {"x": "y"}}, "is damaged: failures.x"),
        ({"recipe": {"epochs": 0}}, "seeds.json: epochs: "),
    ],
)
def test_damaged(tmp_path, changes, message):
    file = write_group(tmp_path / "g", [20]).folder / "seeds.json"
    content = json.loads(file.read_text())
    del content["check"]
    write_checked(file, content | changes)
    with pytest.raises(ConvscopeError) as error:
        SeedGroup(tmp_path / "g")
    assert message in str(error.value)
    file.write_text("{")
    with pytest.raises(ConvscopeError, match="is damaged: Invalid JSON"):
        SeedGroup(tmp_path / "g")


def test_a_group_prints_and_shows_itself(tmp_path):
    group = write_group(tmp_path / "g", [20, 30, None], {2: "its loss is NaN"})
    lines = str(group).splitlines()
    assert lines[0] == "seed  accuracy     loss     time"
    assert lines[1].split()[:3] == ["0", "80.00", "%"]
    assert "Seed 2 failed. its loss is NaN" in lines
    assert "test accuracy over 2 seeds: median 75.00 %, lowest 70.00 %, highest 80.00 %" in lines
    html = group._repr_html_()
    assert "80.00 %" in html
    assert "failed" in html
    assert json.dumps(group.as_dict())
