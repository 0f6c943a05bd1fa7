import numpy as np
import pytest
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.dense import dense, dense_backward
from convscope.errors import UsageError
from tests.definitions.reference import SEEDS, SWEEP, TOLERANCE, torch_pass


@SWEEP
@given(SEEDS, st.integers(1, 5), st.integers(1, 6), st.integers(1, 6))
def test_equals_pytorch_forwards_and_backwards(seed, examples, inputs, outputs):
    generator = np.random.default_rng(seed)
    x, weight, bias = (
        generator.normal(size=shape) for shape in [(examples, inputs), (outputs, inputs), outputs]
    )
    y, gradient, expected = torch_pass(F.linear, x, weight, bias, seed=seed)
    assert_allclose(dense(x, weight, bias), y, **TOLERANCE)
    assert_allclose(dense(x, weight), y - bias, **TOLERANCE)
    ours = dense_backward(gradient, x, weight)
    for name, got, wanted in zip(ours._fields, ours, expected, strict=True):
        assert_allclose(got, wanted, **TOLERANCE, err_msg=name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (np.zeros((2, 1, 28, 28)), np.zeros((10, 784))),
            "x must have the shape (N, inputs); got (2, 1, 28, 28). Flatten images first: "
            "x.reshape(len(x), -1).",
        ),
        (
            (np.zeros((2, 784)), np.zeros((784, 10))),
            "weight must have the shape (outputs, 784), as x has 784 inputs; "
            "got the shape (784, 10).",
        ),
        (
            (np.zeros((2, 4)), np.zeros((3, 4)), np.zeros(4)),
            "bias must have the shape (3,), one number for each output; got the shape (4,).",
        ),
    ],
)
def test_what_does_not_fit_is_said(arguments, message):
    with pytest.raises(UsageError) as error:
        dense(*arguments)
    assert str(error.value) == message
