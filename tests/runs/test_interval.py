import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from convscope.runs.interval import wilson_interval


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_is_scipys(right_of_images):
    right, images = right_of_images
    expected = binomtest(right, images).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right, images) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_interval_of_a_perfect_score_reaches_1_and_not_beyond():
    low, high = wilson_interval(20, 20)
    assert high == 1.0
    assert 0.8 < low < 0.9  # 20 images can't prove more
