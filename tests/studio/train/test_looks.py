"""Looks at checkpoints are kept in order, thinned out, and forgotten where a training went back."""

import pytest

from convscope.studio.train.looks import MOST, MOST_RUNS, KeptLooks
from convscope.web.failures import Refused


def look(step, dead=0):
    return {"step": step, "dead": {"dead": dead, "units": 8}}


def steps(looks, run="a"):
    return [each["step"] for each in looks.history(run)]


def test_looks_are_found_again():
    looks = KeptLooks()
    for step in (10, 20, 20, 30):
        looks.keep("a", look(step, dead=step // 10))
    assert looks.history("a") == [
        {"step": step, "dead": step // 10, "units": 8} for step in (10, 20, 30)
    ]
    assert looks.find("a", 20) == look(20, dead=2)
    for run, step in (("a", 15), ("b", 10)):
        with pytest.raises(Refused, match="isn't kept"):
            looks.find(run, step)
    assert looks.history("b") == []


def test_a_training_that_went_back_leaves_later_looks():
    looks = KeptLooks()
    for step in (10, 20, 30, 15):
        looks.keep("a", look(step))
    assert steps(looks) == [10, 15]


def test_many_looks_are_thinned_out():
    looks = KeptLooks()
    for step in range(1, 1001):
        looks.keep("a", look(step))
    assert len(steps(looks)) <= MOST
    assert steps(looks)[0] == 1
    assert steps(looks)[-1] == 1000
    assert steps(looks) == sorted(steps(looks))


def test_only_the_last_trainings_are_kept():
    looks = KeptLooks()
    for number in range(MOST_RUNS + 1):
        looks.keep(str(number), look(1))
    assert steps(looks, "0") == []
    assert steps(looks, "1") == [1]
