"""`convscope tune` from the shell."""

import json

import pytest

import convscope as cs


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_a_search_and_its_recipe_in_train(command, tmp_path):
    small = ("--set", "precision=float32", "--set", "threads=1", "--epochs", "1")
    printed = command(
        "tune", "digits", "--minutes", "600", "--trials", "2", "--seeds", "2", "--out", "s",
        "--search", "width=2,4", "--search", "augmentation.crop=0..2", "--plot", "f.png", *small,
    )  # fmt: skip
    assert "2 trials (2 measured)" in printed.stdout
    assert "report: s/report.html" in printed.stdout
    assert "plot: f.png" in printed.stdout
    assert "Trial 1: width" in printed.stderr
    trained = command("train", "stack", "digits", "--recipe", "s/best.toml", "--out", "r", "-q")
    assert "test accuracy" in trained.stdout
    values = cs.Study(tmp_path / "s").best.values
    recipe = cs.Run(tmp_path / "r").recipe
    assert recipe.network_arguments["width"] == values["network_arguments.width"]
    assert recipe.augmentation.crop == values["augmentation.crop"]
    again = command(
        "tune", "digits", "--minutes", "600", "--trials", "1", "--seeds", "2", "--out", "s",
        "--resume", "--json", "-q",
    )  # fmt: skip
    found = json.loads(again.stdout)
    assert len(found["trials"]) == 3
    assert found["best"]["recipe"] == "s/best.toml"
    assert found["network"] == "stack"


def test_what_is_wrong_is_one_line(command):
    wrong = command("tune", "digits", "--minutes", "0", code=2)
    assert wrong.stderr == "convscope: --minutes must be above 0; given 0.\n"
    field = command("tune", "digits", "--minutes", "1", "--set", "epoch=3", code=2)
    assert "Unknown recipe field 'epoch'. Did you mean 'epochs'?" in field.stderr
    plot = command("tune", "digits", "--minutes", "1", "--plot", "f.pdf", code=2)
    assert "--plot must be a file that ends with .png" in plot.stderr


def test_help_has_examples(command):
    shown = command("tune", "--help").stdout
    assert "convscope tune digits --minutes 10" in shown
    assert "--storage" in shown
