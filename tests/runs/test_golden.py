"""Run folders and model files written by earlier code still open and go on.

`tests/golden` was written by the code before images, evaluations and multiply-accumulates had the
names they have now; only figures, reports and event files were left out of it. Each version since
has a folder there, written by `tests/golden/write.py` when it is released, and never again.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.comparison.evaluation_record import read_evaluation
from convscope.runs.checkpoint import latest_checkpoint
from convscope.runs.model import load_model
from convscope.runs.split_record import read_split_record
from convscope.version import __version__

GOLDEN = Path(__file__).parents[1] / "golden"


VERSIONS = sorted(each.name for each in GOLDEN.iterdir() if each.name[0].isdigit())


def test_every_version_has_a_run():
    assert __version__ in VERSIONS, "python tests/golden/write.py"
    for version in VERSIONS:
        assert cs.Run(GOLDEN / version).environment["convscope"] == version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_of_each_version_opens(version):
    run = cs.Run(GOLDEN / version)
    assert [each["epoch"] for each in run.metrics("epoch")] == [1, 2, 3]
    assert run.recipe.network == "mlp"
    assert read_evaluation(run).images == 359
    assert load_model(run.model_file).card.size == 8
    assert read_split_record(run.folder) is not None
    checkpoint = latest_checkpoint(run.checkpoints)
    assert checkpoint is not None
    assert not checkpoint.passed_over


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_of_each_version_is_evaluated_alike_and_goes_on(version, tmp_path):
    run = cs.Run(shutil.copytree(GOLDEN / version, tmp_path / "run"))
    written = json.loads((GOLDEN / version / "evaluation.json").read_text(encoding="utf-8"))
    evaluation = cs.evaluate(run, quiet=True)
    # Another machine may round otherwise, and two images may lie that close to a border.
    assert evaluation.accuracy == pytest.approx(written["accuracy"], abs=2 / 359)
    assert evaluation.loss == pytest.approx(written["loss"], abs=1e-4)
    run.recipe.replace(epochs=4).write(run.recipe_file)
    resumed = cs.resume(run, quiet=True)
    assert [each["epoch"] for each in resumed.metrics("epoch")] == [1, 2, 3, 4]


@pytest.fixture
def run(tmp_path):
    shutil.copytree(GOLDEN / "run", tmp_path / "run")
    return cs.Run(tmp_path / "run")


def test_what_a_run_came_to(run):
    written = json.loads((GOLDEN / "run" / "evaluation.json").read_text())
    summary = run.summary()
    assert summary["accuracy"] == written["accuracy"]
    assert summary["images_per_second"] > 0
    assert [row["what"] for row in summary["forecast"]] == ["run time", "step time", "peak memory"]
    record = read_evaluation(run)
    assert (record.images, record.image_shape) == (written["pictures"], (1, 8, 8))


def test_it_is_evaluated_to_the_same_result(run):
    written = json.loads((GOLDEN / "run" / "evaluation.json").read_text())
    evaluation = cs.evaluate(run, quiet=True)
    assert evaluation.accuracy == written["accuracy"]
    assert evaluation.loss == pytest.approx(written["loss"], abs=1e-6)
    assert [each.path for each in evaluation.mistakes] == [
        each["path"] for each in written["mistakes"]
    ]


@pytest.mark.slow
def test_it_goes_on_when_its_recipe_has_more_epochs(run):
    recipe = run.recipe_file.read_text()
    run.recipe_file.write_text(recipe.replace("epochs = 2", "epochs = 3"))
    resumed = cs.resume(run, quiet=True)
    assert [each["epoch"] for each in resumed.metrics("epoch")] == [1, 2, 3]


def test_a_group_of_seeds_is_compared_with_it():
    comparison = cs.compare([GOLDEN / "seeds", GOLDEN / "run"])
    assert sorted(len(each.runs) for each in comparison.contenders) == [1, 2]


def test_a_model_file_predicts():
    model = load_model(GOLDEN / "lenet.safetensors")
    card = model.card
    assert card.network == "lenet"
    assert card.rejection is not None
    digits = cs.load("digits", "test", size=28)
    pixels = model.normalization.apply(torch.from_numpy(np.asarray(digits.images)))
    right = (model.network(pixels).argmax(1).numpy() == digits.labels).mean()
    assert right == pytest.approx(0.09749303621169916)  # as it was evaluated then
