"""Accuracy against coverage, against a definition that counts one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from convscope.evaluation.selective import FEWEST_PREDICTIONS, measure_selective

answers = st.integers(1, 200).flatmap(
    lambda n: st.tuples(
        arrays.arrays(np.float64, n, elements=st.floats(0, 1, width=16)),
        arrays.arrays(np.bool_, n),
    )
)


def area_by_hand(right):
    """Mean risk of the first 1, 2, … N answers, as the paper defines it."""
    wrong = np.cumsum(~np.asarray(right, bool))
    return float(np.mean(wrong / np.arange(1, len(wrong) + 1)))


def test_area_of_distinct_confidences_is_the_definition():
    random = np.random.default_rng(5)
    confidence, right = random.permutation(np.linspace(0, 1, 300)), random.random(300) < 0.8
    found = measure_selective(confidence, right)
    assert found.area == pytest.approx(area_by_hand(right[np.argsort(-confidence)]))
    assert found.least_area == pytest.approx(area_by_hand(np.sort(right)[::-1]))


def test_area_of_equal_confidences_is_the_mean_over_their_orders():
    """With one wrong answer among three equals, it is as often first as second or third."""
    right = np.array([True, True, False])
    found = measure_selective(np.full(3, 0.5), right)
    orders = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert found.area == pytest.approx(np.mean([area_by_hand(order) for order in orders]))


@given(answers, st.integers(0, 99))
def test_the_order_of_the_images_says_nothing(both, seed):
    confidence, right = both
    order = np.random.default_rng(seed).permutation(len(right))
    assert measure_selective(confidence, right) == measure_selective(
        confidence[order], right[order]
    )


@given(answers)
def test_points_are_rules_that_can_be_followed(both):
    confidence, right = both
    found = measure_selective(confidence, right)
    for point in [*found.points, *(point for _, point in found.goals)]:
        answered = confidence >= point.threshold
        assert answered.mean() == pytest.approx(point.coverage)
        assert right[answered].mean() == pytest.approx(point.accuracy)
        assert answered.sum() >= min(FEWEST_PREDICTIONS, len(right))
    assert found.points[-1].coverage == 1
    coverages = [point.coverage for point in found.points]
    assert coverages == sorted(set(coverages))
    assert found.least_area <= found.area + 1e-12
    for goal, point in found.goals:
        assert point.accuracy >= goal > right.mean()


def test_a_goal_takes_as_many_answers_as_possible():
    confidence = np.linspace(1, 0, 100)
    right = np.ones(100, bool)
    right[[60, 90, 91, 92, 93, 94, 95]] = False
    goals = dict(measure_selective(confidence, right).goals)
    assert 0.9 not in goals  # all answers together reach it
    assert goals[0.98].coverage == pytest.approx(0.9)  # one wrong among 90
    assert goals[0.999].coverage == pytest.approx(0.6)


def test_as_json_has_the_same_numbers():
    found = measure_selective(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]))
    content = found.as_dict()
    assert content["area_under_risk_coverage"] == found.area
    assert [point["coverage"] for point in content["points"]] == [1.0]
