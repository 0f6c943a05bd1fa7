import json

import pytest

from convscope.diagnosis import machine
from tests.diagnosis.planted import Planted, train

NAMED = {"network": "mlp", "data": "digits", "normalization": "unit", "learning_rate": 0.1}


def planted(out, **recipe):
    """A short run of a network of the catalog."""
    fault = Planted("", network=lambda: "mlp", data=lambda: "digits", recipe=NAMED | recipe)
    return train(fault, out).folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("runs") / "a run")


def test_a_healthy_run(command, run):
    done = command("doctor", run)
    assert "mlp on digits, at step 328 of 328 (8 epochs finished)" in done.stdout
    assert "Nothing wrong found." in done.stdout
    assert "✓ learning rate: in a range test" in done.stdout
    assert (run / "figures" / "diagnosis.png").is_file()
    assert done.stderr == ""


@pytest.mark.slow
def test_a_finding_comes_with_the_command_to_try(command, tmp_path):
    folder = planted(tmp_path / "a run", batch_size=1024, epochs=5)
    done = command("doctor", folder)
    assert "1. Too few steps  (fault)" in done.stdout
    assert "Take smaller batches, so more steps.  --batch-size 32" in done.stdout
    recipe = folder / "recipe.toml"
    assert f"convscope train mlp digits --recipe '{recipe}' --batch-size 32" in done.stdout


def test_json_is_one_object(command, run):
    done = command("doctor", run, "--json")
    result = json.loads(done.stdout)
    assert result["run"] == str(run)
    assert {check["name"] for check in result["checks"]} >= {"classes", "labels", "pixels"}
    assert result["figure"].endswith("diagnosis.png")


def test_without_a_run_it_is_about_the_machine(command):
    done = command("doctor")
    assert "PyTorch" in done.stdout
    assert "cache folder" in done.stdout
    assert len(done.stdout.splitlines()) < 40  # one page


def test_the_machine_as_json(command, monkeypatch):
    monkeypatch.setattr(machine, "system_memory", lambda: (2 << 30, 1 << 30))
    result = json.loads(command("doctor", "--json").stdout)
    assert result["ready"] is False
    assert result["memory_bytes"] == 2 << 30
    assert {"topic", "value", "state", "advice"} == set(result["facts"][0])


def test_mistakes_are_explained(command, tmp_path):
    done = command("doctor", tmp_path / "nowhere", code=2)
    assert "No run folder" in done.stderr
    done = command("doctor", "--data", "digits", code=2)
    assert "--data goes with a run" in done.stderr
