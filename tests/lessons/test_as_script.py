"""Every lesson as a plain script, in a process of its own."""

import os
import subprocess
import sys

import pytest

from convscope.lessons.contents_table import list_lessons

LESSONS = list_lessons()
IDS = [lesson.file for lesson in LESSONS]


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_a_lesson_runs_as_a_plain_script(lesson, tmp_path):
    done = subprocess.run(
        [sys.executable, lesson.source("en")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"CONVSCOPE_LANG": "en"},
    )
    assert done.returncode == 0, done.stderr
    may_fail = sum(claim.of_machine for claim in lesson.claims.values())
    assert done.stdout.count("\n✗") <= may_fail
    assert [*tmp_path.glob("lesson-figures/*/*.png")]
