"""Numbers and names as a person reads them."""

import pytest

from convscope.evaluation.page.words import (
    counted,
    duration,
    number,
    percent,
    quantity,
    size,
    with_options,
)
from convscope.look.html import escape


def plain(text):
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("given", "said"),
    [(0.00084, "0.84 ms"), (0.0123, "12.3 ms"), (1.5, "1.5 s"), (60, "60 s"), (150.1, "2 min 30 s"),
     (3599.9, "1 h 0 min"), (7265, "2 h 1 min")],
)  # fmt: skip
def test_duration(given, said):
    assert plain(duration(given)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [(0, "0"), (412_666, "413 thousand"), (61_706, "61,706"), (999_600, "1 million"),
     (17_219_072, "17.2 million"), (2.5e9, "2.5 billion")],
)  # fmt: skip
def test_quantity(given, said):
    assert quantity(given) == said


@pytest.mark.parametrize(
    ("given", "said"), [(999, "999 bytes"), (1_659_976, "1.66 MB"), (999_600, "1 MB")]
)
def test_size(given, said):
    assert plain(size(given)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [(0.2801944, "0.2802"), (0, "0"), (-0.5, "\u22120.5"), (123456.0, "123,500"), (3178.4, "3178")],
)
def test_number(given, said):
    assert number(given) == said


def test_percent():
    assert plain(percent(0.92345)) == "92.3 %"
    assert percent(None) == "–"


def test_counted():
    assert counted(1, "mistake") == "1 mistake"
    assert counted(1200, "class", "classes") == "1,200 classes"


def test_escaped():
    assert escape("<a href='x'>&\"") == "&lt;a href=&#x27;x&#x27;&gt;&amp;&quot;"
    assert escape("a\x00\udc80b\n") == "a\ufffd\ufffdb\ufffd"
    assert escape("猫 🐈") == "猫 🐈"


def test_options_are_kept_in_one_piece():
    said = with_options("Train with --set validation=0.05 <b> or a--b, -- or --unknown-rate.")
    assert said == (
        'Train with <span class="option">--set</span> validation=0.05 &lt;b&gt; or a--b, -- or '
        '<span class="option">--unknown-rate</span>.'
    )
