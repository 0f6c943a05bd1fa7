import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from convscope.comparison.significance import holm, mcnemar, permutation_test

counts = st.integers(0, 3000)
accuracies = st.lists(st.integers(0, 20).map(lambda right: right / 20), min_size=2, max_size=5)


@given(counts, counts)
def test_mcnemar_is_scipys_binomial_test(first, second):
    outcome = mcnemar(first, second)
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert outcome.p_value == pytest.approx(expected, rel=1e-9)
    assert (outcome.only_first_right, outcome.only_second_right) == (first, second)


def test_mcnemar_by_hand():
    # 5 images, all for one side: 2 · (1/2)⁵
    assert mcnemar(5, 0).p_value == pytest.approx(1 / 16)
    assert mcnemar(0, 0).p_value == 1.0


@settings(max_examples=60)
@given(accuracies, accuracies)
def test_every_division_is_counted_as_scipy_counts_them(first, second):
    outcome = permutation_test(first, second)
    assert outcome.exact

    def difference(one, other):
        return round(abs(np.mean(one) - np.mean(other)), 12)  # scipy's own tolerance is too small

    expected = stats.permutation_test((first, second), difference, alternative="greater")
    assert outcome.p_value == pytest.approx(expected.pvalue)
    assert outcome.least <= outcome.p_value


def test_groups_that_lie_apart_give_the_least_p_value():
    outcome = permutation_test([0.9, 0.91, 0.92], [0.8, 0.81, 0.82])
    assert outcome.p_value == outcome.least == 2 / 20
    single = permutation_test([0.9], [0.8, 0.81, 0.82, 0.83])
    assert single.p_value == single.least == 1 / 5


def test_many_divisions_are_sampled_the_same_way_each_time():
    random = np.random.default_rng(5)
    first, second = random.normal(0.9, 0.01, 12), random.normal(0.893, 0.01, 12)
    outcome = permutation_test(first, second)
    assert not outcome.exact
    assert outcome.divisions == 10_000
    assert outcome == permutation_test(first, second)
    expected = stats.permutation_test(
        (first, second), lambda a, b: abs(np.mean(a) - np.mean(b)), n_resamples=20_000,
        alternative="greater", rng=np.random.default_rng(1),
    ).pvalue  # fmt: skip
    assert outcome.p_value > 0
    assert abs(outcome.p_value - expected) < 5 * np.sqrt(expected / 10_000)
    assert permutation_test(first, second - 1).p_value == 1 / 10_001


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_step_by_step(p_values):
    corrected = holm(p_values)
    for level in (0.01, 0.05, 0.5):
        # The procedure as Holm gives it: the smallest is held against level / m, and so on, until
        # one is too large.
        rejected = set()
        for rank, index in enumerate(np.argsort(p_values, kind="stable")):
            if (len(p_values) - rank) * p_values[index] > level:
                break
            rejected.add(int(index))
        assert {index for index, value in enumerate(corrected) if value <= level} == rejected
    assert all(p <= c <= 1 for p, c in zip(p_values, corrected, strict=True))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
