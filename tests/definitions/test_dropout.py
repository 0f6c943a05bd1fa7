import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.dropout import draw_mask, dropout, dropout_backward
from convscope.errors import UsageError
from tests.definitions.reference import SEEDS, SWEEP, TOLERANCE, torch_pass


@SWEEP
@given(SEEDS, st.floats(0, 0.9), st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_equals_pytorch_forwards_and_backwards_with_pytorchs_mask(seed, probability, shape):
    x = np.random.default_rng(seed).uniform(1, 2, size=shape)  # no 0, so that y shows the mask
    torch.manual_seed(seed)
    y, gradient, (expected,) = torch_pass(
        lambda x: torch.nn.functional.dropout(x, probability), x, seed=seed
    )
    mask = y != 0
    assert_allclose(dropout(x, probability, mask), y, **TOLERANCE)
    assert_allclose(dropout_backward(gradient, probability, mask), expected, **TOLERANCE)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5, 0.9])
def test_mask_drops_with_the_probability_and_repeats_with_the_seed(probability):
    first, again = (draw_mask((100, 400), probability, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    five_deviations = 5 * np.sqrt(probability * (1 - probability) / first.size)
    assert abs((~first).mean() - probability) <= five_deviations


@pytest.mark.parametrize("probability", [-0.1, 1, 1.5, float("nan")])
def test_probabilities_out_of_range_are_refused(probability):
    with pytest.raises(UsageError) as error:
        dropout(np.zeros(3), probability, np.ones(3))
    assert str(error.value) == (
        f"probability must be at least 0 and below 1 (some unit must stay); got {probability}."
    )


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(UsageError) as error:
        dropout(np.zeros((2, 3)), 0.5, np.ones(3))
    assert str(error.value) == "mask must have the shape (2, 3), that of x; got the shape (3,)."
