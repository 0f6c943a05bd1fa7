"""Run folders and model files written by earlier code still open and go on.

`tests/golden` was written by the code before images, evaluations and multiply-accumulates had the
names they have now; only figures, reports and event files were left out of it.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.comparison.evaluation_record import read_evaluation
from convscope.runs.model import load_model

GOLDEN = Path(__file__).parents[1] / "golden"


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
