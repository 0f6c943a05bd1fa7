"""What the shell offers for an argument that has been begun."""

import pytest

from convscope.cli import complete
from convscope.networks.catalog import list_networks
from convscope.planning.machines import machines


@pytest.mark.parametrize(
    ("function", "text", "offered"),
    [
        (complete.complete_data, "", ["digits", "fashion-mnist", "mnist", "cifar10"]),
        (complete.complete_data, "f", ["fashion-mnist"]),
        (complete.complete_data, "x", []),
        (complete.complete_out_of_distribution, "n", ["noise"]),
        (complete.complete_recipe, "", ["book", "fast", "transfer"]),
        (complete.complete_engine, "o", ["onnx"]),
        (complete.complete_precision, "b", ["bfloat16"]),
        (complete.complete_network, "resnet18", ["resnet18", "resnet18-32px"]),
    ],
)
def test_names_that_begin_so(function, text, offered):
    assert function(text) == offered


def test_all_networks_and_all_machines():
    assert complete.complete_network("") == list_networks()
    assert complete.complete_network_to_train("") == ["auto", *list_networks()]
    offered = complete.complete_machine("")
    assert offered[0] == "list"
    assert set(offered[1:]) == machines().keys()


def test_runs_and_groups_of_seeds_below_what_is_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("runs/a", "runs/b", "other/c", "runs/seeds/seed-0"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "recipe.toml").touch()
    (tmp_path / "runs" / "seeds" / "seeds.json").touch()
    (tmp_path / "runs" / "no-run").mkdir()
    assert complete.complete_run("") == ["runs/a", "runs/b"]
    assert complete.complete_run("runs/b") == ["runs/b"]
    assert complete.complete_run("other/") == ["other/c"]
    assert complete.complete_run("runs/seeds/") == ["runs/seeds/seed-0"]
    assert complete.complete_run_or_seeds("runs/") == ["runs/a", "runs/b", "runs/seeds"]
