"""A learner's journal that somebody else wrote into.

Tests lessons/progress.py.
"""

import pytest

from convscope.lessons.progress import journal_file, read_progress

GOOD = '{"event": "ended", "lesson": 3}'


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"event": ' * 100_000,
        '{"event": "ended", "lesson": Infinity}',
        '{"event": "ended", "lesson": 1e400}',
        '{"event": "copied", "lesson": Infinity, "file": "x"}',
        '{"event": "ended", "lesson": ' + "9" * 5000 + "}",
        '{"event": []}',
        "1",
    ],
    ids=range(8),
)
def test_a_line_that_says_nothing_is_passed_over(line, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_USER_DATA", str(tmp_path))
    journal_file().write_text(f"{line}\n{GOOD}\n")
    assert read_progress().ended == {3}
