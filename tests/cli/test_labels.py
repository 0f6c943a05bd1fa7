"""Labels in tables and file names, groups and folds, from end to end."""

import csv
import json
import shutil

import numpy as np
import pytest

from tests.data.image_files import encoded, write_files

TRAIN = ["--recipe", "fast", "--precision", "float32", "--size", "8", "--epochs", "2", "--quiet"]


@pytest.fixture
def labelled(tmp_path):
    """60 images of two classes, of 20 plants, in one folder, and a table of them."""
    random = np.random.default_rng(0)
    files, rows = {}, []
    for k in range(60):
        name = f"{'oak' if k % 2 else 'elm'}_plant{k // 3}_{k}.png"
        files[name] = encoded((random.integers(0, 90, (12, 12)) + 120 * (k % 2)).astype(np.uint8))
        rows.append([f"C:\\herbarium\\{name}", "oak" if k % 2 else "elm", f"plant{k // 3}"])
    write_files(tmp_path / "leaves", files)
    with (tmp_path / "leaves" / "list.csv").open("w", newline="", encoding="utf-16") as file:
        csv.writer(file, delimiter=";").writerows([["what", "tree", "plant"], *rows])
    return tmp_path


@pytest.mark.slow
def test_a_table_holds_for_all_that_is_asked_later(command, labelled):
    table = "leaves/list.csv"
    columns = ["--columns", "path=what,label=tree"]
    shown = json.loads(command("data", table, *columns, "--json").stdout)
    assert shown["notes"][0] == (
        "The table names paths in 'what', classes in 'tree', groups in 'plant'; 2 classes (elm, "
        "oak)"
    )
    planned = command("plan", "mlp", table, "--size", "8", *columns).stdout
    assert "list.csv: batch size" in planned
    command("train", "mlp", table, *columns, *TRAIN, "--out", "run")
    evaluated = json.loads(command("evaluate", "run", "--no-robustness", "--json").stdout)
    assert (evaluated["split"], evaluated["images"]) == ("test", 12)
    folder = labelled / "leaves"
    again = json.loads(
        command(
            "evaluate", "run", "--data", "leaves", "--class-from", "^([a-z]+)_",
            "--no-robustness", "--json",
        ).stdout
    )  # fmt: skip
    assert again["images"] == 12  # the others were trained on
    shutil.move(folder, labelled / "elsewhere")
    told = command("evaluate", "run", code=2).stderr
    assert "aren't in" in told
    moved = command("evaluate", "run", "--data", "elsewhere/list.csv", "--no-robustness", "--json")
    assert json.loads(moved.stdout)["images"] == 12
    recipe = labelled / "run" / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("epochs = 2", "epochs = 3"))
    command("resume", "run", "--data", "elsewhere/list.csv", "--quiet")
    command("doctor", "run", "--data", "elsewhere/list.csv", "--quiet")


@pytest.mark.slow
def test_folds_of_classes_in_file_names(command, labelled):
    arguments = ["train", "mlp", "leaves", "--class-from", "^([a-z]+)_", *TRAIN, "--balance"]
    done = command(*arguments, "--group-by", "plant[0-9]+", "--folds", "3", "--out", "g", "--json")
    found = json.loads(done.stdout)
    assert found["images"] == 60
    assert [row["images"] for row in found["folds"]] == [21, 21, 18]
    evaluated = json.loads(command("evaluate", "g/fold-2", "--no-robustness", "--json").stdout)
    assert evaluated["images"] == 21


def test_mistakes(command, labelled):
    both = command("train", "mlp", "leaves", "--seeds", "2", "--folds", "2", code=2)
    assert "--seeds and --folds: give one of them" in both.stderr
    ours = command("train", "mlp", "leaves", "--class-from", "oak", code=2)
    assert "'oak' needs a group in parentheses that is the class" in ours.stderr
