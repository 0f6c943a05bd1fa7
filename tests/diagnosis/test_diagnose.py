"""A fault that was planted is found, and found first; a healthy run is free of it.

Tests diagnosis/checks/predictions.py, diagnosis/checks/images.py, diagnosis/checks/layers.py,
diagnosis/checks/learning_rate.py, diagnosis/measurements.py, diagnosis/subject.py.
"""

import json
import os
import shutil

import pytest
import torch

import convscope as cs
from convscope.diagnosis.diagnose import CHECKS
from convscope.diagnosis.finding import Severity
from tests.conftest import slow
from tests.diagnosis.planted import (
    EXPLODING,
    FAULTS,
    HEALTHY,
    RECIPE,
    Plain,
    Planted,
    diagnose,
    digits,
    train,
)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A run without a fault."""
    return train(HEALTHY["plain"], tmp_path_factory.mktemp("healthy") / "run")


@pytest.fixture
def without_figure(monkeypatch):
    """Diagnoses of runs without their figure, which takes as long as the rest."""
    monkeypatch.setattr("convscope.diagnosis.diagnosis.draw_measurements", lambda *_: None)


QUICK = {"dead"}


@pytest.mark.parametrize("name", [*sorted(QUICK), *slow(*sorted(FAULTS.keys() - QUICK))])
def test_a_planted_fault_is_found_first(name, tmp_path, without_figure):
    fault = FAULTS[name]
    found = diagnose(fault, train(fault, tmp_path / "run"))
    assert found, [check.figures for check in found.checks]
    assert found[0].what == fault.what, [finding.what for finding in found]
    assert found[0].evidence.endswith(".")
    assert found[0].change.endswith(".")
    assert fault.says in f"{found[0].evidence} {found[0].change}"
    if fault.options is not None:
        assert found[0].options == fault.options
    if fault.layer is not None:
        assert found[0].layer == fault.layer


@pytest.mark.parametrize("name", ["plain", *slow("batch norm", "adam", "warm-up")])
def test_in_a_healthy_run_nothing_is_found(name, tmp_path):
    fault = HEALTHY[name]
    found = diagnose(fault, train(fault, tmp_path / "run"))
    assert [finding.what for finding in found] == []
    assert len(found.checks) == len(CHECKS)
    assert all(check.figures for check in found.checks)


@pytest.mark.slow
def test_a_run_that_failed_is_diagnosed(tmp_path):
    with pytest.raises(cs.ConvscopeError, match="The loss became"):
        cs.train(EXPLODING.fresh(), EXPLODING.data(), RECIPE, out=tmp_path / "run", quiet=True)
    [line] = cs.Run(tmp_path / "run").metrics("error")
    assert line["message"].startswith("The loss became nan in epoch 1")
    found = diagnose(EXPLODING, tmp_path / "run")
    assert [finding.what for finding in found] == [
        "Exploding gradients",
        "The numbers became NaN or infinite",
    ]
    assert found[1].evidence == line["message"]


@pytest.mark.slow
def test_a_rate_that_ends_in_nan_is_too_high(tmp_path):
    fault = Planted("", recipe={"learning_rate": 1e20, "momentum": 0.0})
    with pytest.raises(cs.ConvscopeError):
        cs.train(
            fault.fresh(), fault.data(), RECIPE.replace(**fault.recipe), out=tmp_path / "run",
            quiet=True,
        )  # fmt: skip
    found = diagnose(fault, tmp_path / "run")
    # No trial at a thousandth of that rate learns either: what the run recorded is all there is.
    assert "The numbers became NaN or infinite" in [finding.what for finding in found]


@pytest.mark.slow
def test_a_run_under_way_is_only_read(healthy, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(healthy.folder, folder)
    (folder / "model.safetensors").unlink()
    lines = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text("".join(lines[:15]) + lines[15][:20])  # being written
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    found = diagnose(HEALTHY["plain"], folder)
    assert not found
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert after.pop(folder / "figures" / "diagnosis.png").startswith(b"\x89PNG")
    assert after == before


@pytest.mark.slow
def test_a_run_before_its_first_checkpoint(healthy, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(healthy.recipe_file, folder)
    found = diagnose(HEALTHY["plain"], folder)
    assert not found
    assert "at step 0" in found.subject


@pytest.mark.slow
def test_a_damaged_checkpoint_gives_way_to_the_model(healthy, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(healthy.folder, folder)
    for file in (folder / "checkpoints").glob("*.safetensors"):
        file.write_bytes(b"damaged")
    found = diagnose(HEALTHY["plain"], folder)
    assert not found
    assert "at step 328" in found.subject


def test_a_folder_that_cannot_be_written_to_gets_no_figure(healthy, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("convscope.diagnosis.diagnosis.draw_measurements", refuse)
    assert diagnose(HEALTHY["plain"], healthy).figure_file is None


def test_a_module_given_with_its_trained_weights_is_no_reason_for_an_alarm(healthy):
    trained = healthy.model(Plain()).network
    found = cs.diagnose(healthy, module=trained.requires_grad_(), data=digits(), quiet=True)
    assert not found
    figures = {check.name: check.figures for check in found.checks}
    assert figures["learning rate"].startswith("not tested: the weights that the run began with")


@pytest.mark.slow
@pytest.mark.usefixtures("without_figure", "without_figures")
def test_other_images_than_the_run_began_with(tmp_path):
    out = tmp_path / "run"
    cs.train("softmax-regression", "digits", "fast", out=out, epochs=1, quiet=True)
    found = cs.diagnose(out, data=digits({"train": lambda labels: labels[::-1].copy()}), quiet=True)
    assert "The training images have changed" in [finding.what for finding in found]


def test_what_a_run_does_not_hold_must_be_given(healthy):
    with pytest.raises(cs.UsageError, match="trains a module of your own, which its folder doesn'"):
        cs.diagnose(healthy)
    with pytest.raises(cs.UsageError, match="was trained on arrays, which it doesn't keep"):
        cs.diagnose(healthy, module=Plain())
    with pytest.raises(cs.UsageError, match="No run folder"):
        cs.diagnose(healthy.folder / "nowhere")


def test_the_module_and_random_state_are_left_as_found(healthy):
    network = HEALTHY["plain"].fresh()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    threads = torch.get_num_threads()
    cs.diagnose(healthy, module=network, data=digits(), quiet=True)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert network.training
    assert not any(module._forward_hooks for module in network.modules())
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_num_threads() == threads


def test_a_diagnosis_says_the_same_each_time(healthy, without_figure):
    first, second = (diagnose(HEALTHY["plain"], healthy) for _ in range(2))
    assert [c.figures for c in first.checks] == [c.figures for c in second.checks]


@pytest.mark.slow
def test_a_diagnosis_as_plain_values(tmp_path):
    fault = FAULTS["few steps"]
    found = diagnose(fault, train(fault, tmp_path / "run"))
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["findings"][0] == {
        "what": "Too few steps",
        "severity": "fault",
        "evidence": found[0].evidence,
        "change": "Take smaller batches, so more steps.",
        "options": "--batch-size 32",
        "layer": None,
    }
    assert plain["figure"] == os.fspath(tmp_path / "run" / "figures" / "diagnosis.png")
    assert found[0].severity is Severity.FAULT
    assert {check["name"] for check in plain["checks"]} >= {"labels", "pixels", "gradients"}
