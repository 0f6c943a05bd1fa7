"""Networks over their seeds: spread, difference and time, against hand figures.

Tests experiments/seed_comparison_figure.py.
"""

import math

import pytest

from convscope.errors import UsageError
from convscope.experiments.seed_comparison import compare_seed_rows, seconds_to_accuracy
from convscope.look.language import use_language

ENDS = {"a": [0.8, 0.82, 0.81, 0.84, 0.83], "b": [0.7, 0.71, 0.69, 0.72, 0.7], "c": [0.8, 0.83]}
ROWS = [
    {"network": name, "seed": seed, "test_accuracy": [0.5, end], "seconds": [2.0, 1.0]}
    for name, ends in ENDS.items()
    for seed, end in enumerate(ends)
]
NAMES = {"a": "Net A", "b": "Net B"}


@pytest.fixture
def comparison():
    return compare_seed_rows(ROWS, NAMES)


def test_the_spread_of_the_seeds(comparison):
    group = comparison["Net A"]
    assert (group.median, group.lowest, group.highest) == (0.82, 0.8, 0.84)
    assert group.standard_deviation == pytest.approx(math.sqrt(0.001 / 4))
    assert group.standard_error(10_000) == pytest.approx(math.sqrt(0.82 * 0.18) / 100)


def test_a_clear_difference(comparison):
    found = comparison.difference("Net A", "Net B")
    assert found.mean == pytest.approx(0.116)
    assert found.p_value == pytest.approx(2 / 252)
    assert found.first_is_better is True
    assert comparison.difference("Net B", "Net A").first_is_better is False


def test_what_chance_could_have_done_is_not_decided():
    few = compare_seed_rows(ROWS, {"a": "Net A", "c": "Net C"})
    assert few.difference("Net A", "Net C").first_is_better is None


def test_small_differences_take_many_seeds():
    few = compare_seed_rows(ROWS, {"a": "Net A", "c": "Net C"})
    assert few.difference("Net A", "Net C").seeds_needed > 20
    both = compare_seed_rows(ROWS, NAMES)
    assert both.difference("Net A", "Net B").seeds_needed == 4


def test_the_longest_wait_is_that_of_the_slowest_seed():
    rows = [
        {"network": "a", "seed": seed, "test_accuracy": curve}
        for seed, curve in enumerate([[0.1, 0.1, 0.6], [0.3, 0.1, 0.6]])
    ]
    group = compare_seed_rows(rows, {"a": "Net A"})["Net A"]
    assert group.longest_wait(0.2) == 2
    assert group.longest_wait(0.05) == 0
    assert group.longest_wait(0.9) == 3


def test_the_largest_fall_is_that_of_any_seed_between_neighbouring_epochs():
    rows = [
        {"network": "a", "seed": seed, "test_accuracy": [0.1, 0.2], "train_accuracy": curve}
        for seed, curve in enumerate([[0.9, 0.8, 0.5], [0.3, 0.5, 0.4]])
    ]
    group = compare_seed_rows(rows, {"a": "Net A"}, curve="train_accuracy")["Net A"]
    assert group.largest_fall == pytest.approx(0.3)
    assert compare_seed_rows(rows, {"a": "Net A"})["Net A"].largest_fall == pytest.approx(-0.1)


def test_one_run_has_no_spread():
    with pytest.raises(UsageError, match="1 runs of 'a'"):
        compare_seed_rows(ROWS[:1], {"a": "Net A"})


def test_runs_of_other_lengths_are_not_compared():
    longer = {**ROWS[0], "test_accuracy": [0.1, 0.2, 0.3]}
    with pytest.raises(UsageError, match="2, 3 epochs"):
        compare_seed_rows([longer, *ROWS[1:]], NAMES)


def test_an_unknown_name_is_refused(comparison):
    with pytest.raises(UsageError, match="Net C"):
        comparison["Net C"]


def test_time_to_an_accuracy_is_the_median_over_the_seeds():
    assert seconds_to_accuracy(ROWS, "a", 0.5) == 2
    assert seconds_to_accuracy(ROWS, "a", 0.82) == 3  # three of five seeds reach it
    assert seconds_to_accuracy(ROWS, "a", 0.835) is None
    with pytest.raises(UsageError, match="no rows of the network 'z'"):
        seconds_to_accuracy(ROWS, "z", 0.5)


def test_text_dict_and_figure(comparison, tmp_path):
    with use_language("en"):
        text = str(comparison)
        figure = comparison.figure(tmp_path / "seeds.png")
        alone = compare_seed_rows(ROWS, {"a": "Net A"}).figure()
    assert text.index("Net A") < text.index("Net B")
    assert "82.00 %" in text
    assert figure.get_suptitle() == "Net A ends with the highest median"
    assert alone.get_suptitle().startswith("Net A: from 80.0 % to 84.0 %")
    assert comparison.as_dict()["groups"][0]["name"] == "Net A"
    assert (tmp_path / "seeds.png").stat().st_size > 10_000
