"""Effective fields against what theory says of random weights.

Tests experiments/effective_growth.py, experiments/field_activations.py,
experiments/trained_field.py, experiments/effective_figures.py.
"""

import numpy as np
import pytest

from convscope import experiments
from convscope.errors import UsageError
from convscope.experiments.effective_growth import measure_spread
from tests.experiments.results import check_result


def test_the_spread_is_the_standard_deviation():
    field = np.zeros((9, 9))
    field[4, [2, 6]] = 1  # ±2 columns, no rows: √(4 / 2)
    assert measure_spread(field) == pytest.approx(2**0.5)
    assert measure_spread(np.zeros((3, 3))) == 0
    assert measure_spread(np.ones((21, 21))) == pytest.approx(((21**2 - 1) / 12) ** 0.5)


def test_random_weights_spread_gradients_as_theory_says():
    growth = experiments.measure_effective_growth([4, 8, 16], activation="none", channels=16)
    assert [field.theoretical for field in growth.fields] == [9, 17, 33]
    for field in growth.fields[1:]:
        assert field.spread == pytest.approx((4 * field.layers / 3) ** 0.5, rel=0.12)
    assert 0.4 < growth.slope < 0.65
    shares = [field.share for field in growth.fields]
    assert shares == sorted(shares, reverse=True)
    text = check_result(growth)
    assert "√2 times in effect" in text
    assert "16 layers" in text


def test_it_is_the_same_every_time():
    one, other = (experiments.measure_effective_growth([3], images=2) for _ in range(2))
    assert np.array_equal(one.fields[0].effective, other.fields[0].effective)


def test_a_sigmoid_shrinks_gradients_and_not_the_field():
    found = experiments.compare_field_activations(("relu", "sigmoid"), layers=6, threshold=1e-3)
    relu, sigmoid = found.fields.values()
    assert sigmoid.width == pytest.approx(relu.width, rel=0.2)
    assert sigmoid.peak < relu.peak / 100
    assert found.seen("relu") > found.seen("sigmoid")
    text = check_result(found)
    assert "its gradient is" in text
    assert "each on its own" in text


def test_nothing_to_measure_is_refused():
    with pytest.raises(UsageError, match="at least one depth"):
        experiments.measure_effective_growth([])
    with pytest.raises(UsageError, match="threshold from 0 on; got 1 activations and -1"):
        experiments.compare_field_activations(["relu"], threshold=-1)


@pytest.mark.slow
def test_a_field_is_measured_before_and_after_training():
    found = experiments.measure_trained_field(layers=2, epochs=1)
    assert found == experiments.measure_trained_field(layers=2, epochs=1)
    assert found.before != found.after
    # Of 5 pixels: between a single one and all alike.
    assert 0.5 < found.before < 2**0.5
    assert 1 <= found.alive <= 12
    assert found.accuracy > 0.15
