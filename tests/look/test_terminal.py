"""Names that steer a terminal are spelled out wherever they are printed; our own codes stay.

Tests look/control_codes.py.
"""

import io
import sys

import pytest
from rich.live import Live
from rich.table import Table
from rich.text import Text

from convscope.look.control_codes import spell_out, spell_out_what_is_written
from convscope.look.terminal import Console

CODES = (
    "\x1b]0;title\x07", "\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "\x1bc", "\x9b2J", "\x08", "\r",
    "\x1b[31m", "\x1b[1A", "\x1b[?25l",
)  # fmt: skip
STEERING = set("\x1b\x9b\x07\x08\r")


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard output and error one terminal, when the test has begun."""

    def begin():
        return _terminal(monkeypatch)

    return begin


def _terminal(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)
    stream.isatty = lambda: True
    spell_out_what_is_written(stream)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return lambda: stream.buffer.getvalue().decode()


@pytest.mark.parametrize("code", CODES)
def test_what_steers_is_spelled_out(code):
    assert not STEERING & set(spell_out(f"a{code}b"))
    assert spell_out("a\tb\n猫") == "a\tb\n猫"


@pytest.mark.parametrize("code", CODES)
def test_nothing_printed_steers(code, terminal):
    written = terminal()
    print(f"class a{code}b")
    sys.stderr.write(f"error a{code}b\n")
    assert "class a" in written()
    assert not STEERING & set(written())


@pytest.mark.parametrize("code", CODES)
def test_tables_keep_their_colours_and_not_those_of_names(code, terminal):
    written = terminal()
    table = Table("class")
    table.add_row(Text(f"a{code}b", style="bold magenta"))
    table.add_row(f"c{code}d")
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(f"e{code}f")
    shown = written()
    assert "\x1b[1;35ma" in shown  # the style
    assert code not in shown


def test_a_bar_moves_and_what_is_printed_meanwhile_does_not(terminal):
    written = terminal()
    console = Console(stderr=True)
    with Live(Text("bar"), console=console, refresh_per_second=50) as live:
        print("class \x1b]0;x\x07")
        live.update(Text("bar 2"))
    shown = written()
    assert "\x1b[?25l" in shown  # the cursor hides
    assert "\x1b]0" not in shown
    assert "\x07" not in shown


def test_other_streams_are_as_ever():
    file = io.StringIO()
    Console(file=file, width=40).print("[bold]text")
    assert file.getvalue() == "text\n"
