import sys

import pytest

from convscope.look import progress as module
from convscope.look.progress import progress


class Terminal:
    """A stream that says it is a terminal and remembers what was written."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.mark.parametrize(("patience", "shown"), [(0.0, True), (60.0, False)])
def test_a_bar_appears_on_a_terminal_once_patience_is_over(monkeypatch, patience, shown):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(module, "PATIENCE", patience)
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    with progress("Decoding pets", 10) as advance:
        advance(4)
        advance(6)
    assert ("Decoding pets" in terminal.text) == shown


def test_nothing_is_written_where_nobody_watches(monkeypatch, capsys):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    with progress("Downloading", 10, "bytes") as advance:
        advance(10)
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""
