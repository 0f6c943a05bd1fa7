"""The perceptron's course beside Novikoff's bound."""

import numpy as np
import pytest

from convscope import experiments
from convscope.errors import UsageError


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("margin", [0.02, 0.2])
def test_mistakes_stay_below_the_bound_and_the_points_are_separated(seed, margin):
    x, targets, line = experiments.draw_separable_points(40, margin, seed=seed)
    assert abs(x @ line[:2] + line[2]).min() >= margin
    course = experiments.follow_perceptron(x, targets, passes=2000, separation=line)
    assert course.rests
    assert 0 < course.total <= course.bound
    assert np.array_equal(x @ course.weight + course.bias > 0, targets == 1)


def test_the_bound_by_hand():
    # with the 1 for the bias: (1, 1) and (-1, 1), both √2 long, at ±1 from the line (1, 0)
    course = experiments.follow_perceptron([[1.0], [-1.0]], [1, 0], separation=[1.0, 0.0])
    assert course.bound == pytest.approx(2)


def test_exclusive_or_never_rests_and_says_so():
    course = experiments.follow_perceptron([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    assert not course.rests
    assert course.passes == 100
    assert course.bound is None
    assert "at most" not in str(course)
    title = course.figure().get_suptitle()
    assert title == f"No rest: still {course.mistakes[-1]} mistakes in pass 100"


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="does not separate"):
        experiments.follow_perceptron([[1.0], [-1.0]], [1, 0], separation=[-1.0, 0.0])
    with pytest.raises(UsageError, match="separation must hold 2 numbers"):
        experiments.follow_perceptron([[1.0], [-1.0]], [1, 0], separation=[1.0])
    with pytest.raises(UsageError, match="margin must be at least 0 and below 0.5; given 0.6"):
        experiments.draw_separable_points(4, 0.6)
    with pytest.raises(UsageError, match="Two inputs can be drawn in a plane; there are 1"):
        experiments.follow_perceptron([[1.0], [-1.0]], [1, 0]).figure()
