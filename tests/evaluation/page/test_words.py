"""Text and numbers as they stand on the page."""

from convscope.evaluation.page.words import duration, percent, size, with_options
from convscope.look.html import escape


def test_no_line_ends_between_a_number_and_its_unit():
    assert size(1_659_976) == "1.66\u00a0MB"
    assert percent(0.92345, 2) == "92.34\u00a0%"
    assert duration(150.1) == "2\u00a0min 30\u00a0s"
    assert percent(None) == "–"


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
