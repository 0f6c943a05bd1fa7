"""The report as Python users write it: `evaluation.report`."""

import json
import shutil

import pytest

import convscope as cs
from convscope.runs.run import Run


@pytest.fixture
def run(digits_run, tmp_path):
    shutil.copytree(digits_run.folder, tmp_path / "r")
    return Run(tmp_path / "r")


@pytest.mark.slow
def test_in_the_runs_folder_or_wherever_it_is_wanted(run, tmp_path):
    run.report_file.unlink()
    evaluation = cs.evaluate(run, quiet=True)
    assert evaluation.report(robustness=False) == run.report_file
    assert json.loads(run.evaluation_file.read_text())["accuracy"] == evaluation.accuracy
    before = run.evaluation_file.read_bytes()
    page = evaluation.report(tmp_path / "page.html", robustness=False)
    assert page == tmp_path / "page.html"
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert run.evaluation_file.read_bytes() == before


@pytest.mark.slow
def test_of_other_images_it_leaves_that_of_the_test_images(run):
    before = run.report_file.read_bytes()
    page = cs.evaluate(run, split="validation", quiet=True).report(robustness=False)
    assert page == run.folder / "report-digits-validation.html"
    assert run.report_file.read_bytes() == before
