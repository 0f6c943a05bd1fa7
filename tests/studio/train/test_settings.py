"""What a page may set, and the command that is made of it.

Tests studio/train/settings.py.
"""

import sys

import pydantic
import pytest

from convscope.errors import UsageError
from convscope.studio.train.settings import (
    TrainingSettings,
    check_settings,
    find_source,
    recipe_changes,
    resume_command,
    train_command,
)
from convscope.web.failures import Refused


def test_a_command_is_a_list_of_arguments(tmp_path):
    settings = TrainingSettings(
        network="lenet", data="digits", recipe="fast", epochs=3, minutes=1.5, batch_size=64,
        learning_rate=0.01, size=28, precision="float32", seed=7,
    )  # fmt: skip
    assert train_command(settings, tmp_path) == [
        sys.executable, "-m", "convscope", "train", "lenet", "digits", "--recipe", "fast",
        "--epochs", "3", "--minutes", "1.5", "--batch-size", "64", "--lr", "0.01", "--size", "28",
        "--precision", "float32", "--seed", "7", "--out", str(tmp_path),
    ]  # fmt: skip
    assert resume_command(tmp_path)[1:] == ["-m", "convscope", "resume", str(tmp_path)]


def test_what_is_left_empty_is_left_to_the_recipe(tmp_path):
    settings = TrainingSettings(network="lenet", data="digits")
    assert train_command(settings, tmp_path)[4:-2] == ["lenet", "digits"]
    assert settings.changes() == {}
    assert TrainingSettings(network="lenet", data="digits", minutes=2).changes() == {
        "minutes": 2,
        "epochs": None,
    }


def test_where_labels_stand_is_said_to_the_command_and_to_the_recipe(tmp_path):
    (tmp_path / "labels.csv").write_text("file,kind\n")
    settings = TrainingSettings(
        network="lenet", data=str(tmp_path / "labels.csv"), columns="path=file, label=kind",
        images="../photos", group_by="-(\\w+)-", split_folders=" none ",
    )  # fmt: skip
    assert train_command(settings, tmp_path / "r")[5:-2] == [
        str((tmp_path / "labels.csv").resolve()), "--columns=path=file, label=kind",
        "--images=../photos", "--group-by=-(\\w+)-", "--split-folders=none",
    ]  # fmt: skip
    assert settings.changes() == {
        "columns": {"path": "file", "label": "kind"},
        "images": "../photos",
        "group_by": "-(\\w+)-",
        "split_folders": "none",
    }
    by_name = settings.model_copy(update={"data": "digits", "class_from": "(a)"})
    assert by_name.changes() == {}
    assert train_command(by_name, tmp_path / "r")[5:-2] == ["digits"]
    with pytest.raises(UsageError, match="--columns takes WHAT=COLUMN"):
        settings.model_copy(update={"columns": "kind"}).changes()


def test_a_path_can_not_be_taken_for_an_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "--force; rm -rf x").mkdir()
    settings = TrainingSettings(network="lenet", data="--force; rm -rf x")
    assert check_settings(settings) == str(tmp_path / "--force; rm -rf x")


@pytest.mark.parametrize(
    ("field", "value"),
    [("network", "nothing"), ("network", "--help"), ("data", "/no/such"), ("data", "a\0b"),
     ("data", "~nobody-of-this-name/x"), ("data", "x" * 4000)],
)  # fmt: skip
def test_names_that_there_are_not_are_refused(field, value):
    settings = TrainingSettings(**{"network": "lenet", "data": "digits", field: value})
    with pytest.raises(Refused, match="There is no"):
        check_settings(settings)


@pytest.mark.parametrize(
    "fields",
    [{"epochs": 0}, {"epochs": -1}, {"batch_size": 0}, {"minutes": 0}, {"learning_rate": "nan"},
     {"learning_rate": float("inf")}, {"size": 0}, {"precision": "float16"}, {"recipe": "/etc/x"},
     {"seed": -1}, {"out": "/tmp"}, {"data": ""}],  # noqa: S108
)  # fmt: skip
def test_fields_are_checked(fields):
    with pytest.raises(pydantic.ValidationError):
        TrainingSettings(**{"network": "lenet", "data": "digits", **fields})


def test_the_first_weights_come_from_a_run_of_the_opened_folder(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "recipe.toml").write_text("")
    settings = TrainingSettings(network="resnet9", data="digits", source="first", recipe="transfer")
    source = str((tmp_path / "first").resolve())
    command = train_command(settings, tmp_path / "second")
    assert command[4:-2] == ["resnet9", "digits", "--recipe", "transfer", "--from", source]
    assert recipe_changes(settings, tmp_path) == {"from_": source}
    published = TrainingSettings(network="resnet18", data="digits", source="published")
    assert find_source(published, tmp_path) == "published"
    assert find_source(TrainingSettings(network="lenet", data="digits"), tmp_path) == ""
    for name in ("second", "../first", str(tmp_path / "first"), "--help"):
        settings = TrainingSettings(network="resnet9", data="digits", source=name)
        with pytest.raises(Refused, match="There is no run"):
            find_source(settings, tmp_path)
