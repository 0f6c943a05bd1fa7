"""A small lesson, number 99, to try out what makes lessons."""

import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from convscope.lessons import contents_table
from convscope.lessons.exercise import (
    Outcome,
    Words,
    WrongAnswer,
    design,
    function,
    number,
    prediction,
)
from convscope.look.language import set_language

SAMPLE = Path(__file__).parent / "sample"
HINTS = [Words("think", "想一想"), Words("think twice", "再想一想")]
EXERCISES = [
    function(
        "99.1",
        oracle=lambda value: 2 * value,
        cases=lambda random: (random.normal(size=3),),
        mistakes=[WrongAnswer(lambda value: value**2, Words("you square", "你算了平方"))],
        hints=HINTS,
    ),
    number(
        "99.2",
        expected=lambda: 4,
        tolerance=0.01,
        mistakes=[WrongAnswer(5, Words("one less", "少一"))],
        hints=HINTS,
    ),
    prediction(
        "99.3",
        options=("a", "b"),
        measure=lambda: "a",
        mistakes=[WrongAnswer("b", Words("not b", "不是 b"))],
        hints=HINTS,
    ),
    design(
        "99.4",
        measure=lambda answer: Outcome(answer() > 3, Words(f"{answer()}", f"{answer()}")),
        mistakes=[],
        hints=HINTS,
    ),
    number("99.5", expected=lambda: [1, 2], tolerance=0, mistakes=[], hints=HINTS),
]


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """Makes lesson 99 the only one, and this test's progress its own."""
    monkeypatch.setattr(contents_table, "CONTENTS", SAMPLE / "contents")
    monkeypatch.setattr(contents_table, "lessons_folder", lambda: SAMPLE)
    monkeypatch.setitem(
        sys.modules,
        "convscope.lessons.exercises.lesson_99",
        SimpleNamespace(EXERCISES=EXERCISES),
    )
    monkeypatch.setenv("CONVSCOPE_USER_DATA", str(tmp_path / "user"))
    monkeypatch.delenv("CONVSCOPE_LANG", raising=False)
    monkeypatch.chdir(tmp_path)
    contents_table._lessons.cache_clear()
    set_language(None)
    yield
    contents_table._lessons.cache_clear()
    set_language(None)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A lesson asked the network for {address}")
        return connect(self, address)

    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)
