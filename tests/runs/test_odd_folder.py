"""A run's folder from a stranger, in which names lead to pipes, devices or elsewhere.

Tests files.py, runs/run.py, runs/checked_json.py, runs/metrics_file.py, studio/runs/downloads.py.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

import convscope as cs
from convscope.errors import ConvscopeError
from convscope.runs.checkpoint import latest_checkpoint
from convscope.runs.claim import CLAIM, is_claimed
from convscope.runs.metrics_file import read_rows
from convscope.studio.runs.downloads import report_response
from convscope.training.resume import resume
from convscope.web.failures import Refused

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes, devices and links")


@pytest.fixture
def run(tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "run")
    return cs.Run(tmp_path / "run")


def put(file, kind):
    """Put something else in a file's place."""
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_nothing_waits_for_a_pipe_or_reads_a_device(run, kind):
    readings = {
        "metrics.jsonl": run.metrics,
        "environment.json": run.read_environment,
        "evaluation.json": run.read_evaluation,
    }
    for name, read in readings.items():
        put(run.folder / name, kind)
        with pytest.raises(ConvscopeError, match="is no ordinary file"):
            read()
    with pytest.raises(ConvscopeError, match="is no ordinary file"):
        read_rows(run.metrics_file)  # as Studio watches it
    put(run.report_file, kind)
    with pytest.raises(Refused):
        report_response(run.folder)
    (run.folder / CLAIM).unlink(missing_ok=True)
    os.mkfifo(run.folder / CLAIM)
    assert not is_claimed(run.folder)


def test_a_checkpoint_that_is_a_pipe_is_passed_over(run):
    good = latest_checkpoint(run.checkpoints)
    newest = max(run.checkpoints.glob("*.safetensors"))
    put(newest, "pipe")
    try:
        passed = latest_checkpoint(run.checkpoints).passed_over
    except ConvscopeError as error:  # it was the only one
        passed = (str(error),)
    assert good.state["step"] == int(newest.stem[5:])
    assert "is no ordinary file" in passed[0]


@pytest.mark.parametrize("name", ["checkpoints", "figures", "tensorboard", "metrics.jsonl"])
def test_a_run_that_goes_on_changes_nothing_elsewhere(run, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    place = run.folder / name
    if place.exists():
        place.rename(elsewhere)
    else:
        elsewhere.mkdir()
    place.symlink_to(elsewhere)
    before = {file: file.read_bytes() for file in tmp_path.glob("elsewhere/*") if file.is_file()}
    with pytest.raises(ConvscopeError, match=f"{name}' is a link"):
        resume(run.folder, quiet=True)
    after = {file: file.read_bytes() for file in tmp_path.glob("elsewhere/*") if file.is_file()}
    assert after == before


def test_a_report_of_elsewhere_is_not_shown(run, tmp_path):
    (tmp_path / "secret").write_text("secret")
    run.report_file.unlink(missing_ok=True)
    run.report_file.symlink_to(tmp_path / "secret")
    with pytest.raises(Refused):
        report_response(run.folder)
