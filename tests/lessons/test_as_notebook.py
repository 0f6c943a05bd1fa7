"""Every lesson as a notebook, run by a real kernel, in Chinese."""

import json

import pytest

from convscope.lessons.contents_table import list_lessons
from convscope.lessons.notebook import write_notebook

LESSONS = list_lessons()
IDS = [lesson.file for lesson in LESSONS]
LONGEST = 480  # seconds: what may take 120 on two idle cores


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_a_lesson_runs_as_a_notebook_in_chinese(lesson, tmp_path):
    nbformat, client = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    file = tmp_path / "lesson.ipynb"
    write_notebook(lesson, "zh", file)
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    resources = {"metadata": {"path": str(tmp_path)}}
    client.NotebookClient(notebook, timeout=LONGEST, resources=resources).execute()
    outputs = json.dumps(notebook, ensure_ascii=False)
    assert "image/png" in outputs
    assert outputs.count('"✗ ') <= sum(claim.of_machine for claim in lesson.claims.values())
    assert "text/markdown" in outputs  # texts that were filled in
