import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from convscope.definitions.cross_correlation import (
    cross_correlation,
    cross_correlation_1d,
    cross_correlation_2d,
    cross_correlation_3d,
    cross_correlation_backward,
)
from convscope.errors import UsageError
from tests.definitions.reference import (
    SWEEP,
    TOLERANCE,
    sliding_cases,
    torch_cross_correlation,
    torch_pass,
)


@SWEEP
@given(sliding_cases())
def test_equals_pytorch_forwards_and_backwards(case):
    def function(x, weight, bias):
        return torch_cross_correlation(x, weight, bias, **case.settings)

    y, gradient, expected = torch_pass(function, case.x, case.weight, case.bias, seed=case.seed)
    assert_allclose(
        cross_correlation(case.x, case.weight, case.bias, **case.settings), y, **TOLERANCE
    )
    given_back = cross_correlation_backward(gradient, case.x, case.weight, **case.settings)
    for name, ours, theirs in zip(given_back._fields, given_back, expected, strict=True):
        assert_allclose(ours, theirs, **TOLERANCE, err_msg=name)


@SWEEP
@given(sliding_cases(groups=st.just(1)))
def test_one_output_is_the_formula(case):
    """The sum of the docstring, literally, for one output number, without any padding function."""
    stride, padding, dilation, mode = (
        case.settings[key] for key in ("stride", "padding", "dilation", "padding_mode")
    )
    y = cross_correlation(case.x, case.weight, case.bias, **case.settings)
    generator = np.random.default_rng(case.seed)
    n, o, *i = (int(generator.integers(size)) for size in y.shape)
    total = case.bias[o]
    for c, *a in np.ndindex(*case.weight.shape[1:]):
        place = [i[d] * stride[d] + a[d] * dilation[d] - padding[d] for d in range(len(i))]
        total += case.weight[(o, c, *a)] * value_at(case.x[n, c], place, mode)
    assert_allclose(y[(n, o, *i)], total, **TOLERANCE)


def value_at(image, place, mode):
    for axis, size in enumerate(image.shape):
        if mode == "zeros" and not 0 <= place[axis] < size:
            return 0.0
        if mode == "reflect" and place[axis] < 0:
            place[axis] = -place[axis]
        if mode == "reflect" and place[axis] >= size:
            place[axis] = 2 * (size - 1) - place[axis]
        if mode == "replicate":
            place[axis] = min(max(place[axis], 0), size - 1)
        if mode == "circular":
            place[axis] %= size
    return image[tuple(place)]


def test_settings_given_once_hold_for_all_axes():
    x, weight = np.random.default_rng(0).normal(size=(2, 3, 9, 9)), np.ones((4, 3, 3, 3))
    once = cross_correlation_2d(x, weight, stride=2, padding=1, dilation=2)
    each = cross_correlation_2d(x, weight, stride=(2, 2), padding=(1, 1), dilation=(2, 2))
    assert np.array_equal(once, each)
    assert once.shape == (2, 4, 4, 4)


@pytest.mark.parametrize(
    ("function", "axes"),
    [(cross_correlation_1d, 1), (cross_correlation_2d, 2), (cross_correlation_3d, 3)],
)
def test_thin_names_take_their_own_number_of_axes(function, axes):
    x, weight = (
        np.random.default_rng(0).normal(size=(1, 2, *[5] * axes)),
        np.ones((3, 2, *[2] * axes)),
    )
    assert np.array_equal(function(x, weight), cross_correlation(x, weight))
    with pytest.raises(UsageError, match=rf"^{function.__name__} takes x of shape \(N, channels, "):
        function(x[..., None], weight[..., None])


def test_a_image_without_examples_is_told_the_fix():
    with pytest.raises(UsageError) as error:
        cross_correlation_2d(np.zeros((3, 8, 8)), np.zeros((1, 3, 2, 2)))
    assert str(error.value) == (
        "cross_correlation_2d takes x of shape (N, channels, height, width); got (3, 8, 8). "
        "Add the axis that counts the examples: x[None]."
    )


IMAGE, KERNEL = np.zeros((1, 4, 8, 8)), np.zeros((6, 4, 3, 3))


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (
            (IMAGE, np.zeros((6, 3, 3, 3))),
            {},
            "weight must have 4 on its second axis (4 channels of x / 1 groups); "
            "got the shape (6, 3, 3, 3).",
        ),
        (
            (IMAGE, KERNEL),
            {"groups": 4},
            "groups must divide the 4 input channels and the 6 output channels; got 4.",
        ),
        (
            (IMAGE, KERNEL[..., 0]),
            {},
            "x must be (N, channels, *spatial) and weight (output channels, channels / groups, "
            "*kernel) with as many axes; got the shapes (1, 4, 8, 8) and (6, 4, 3).",
        ),
        (
            (IMAGE, KERNEL, np.zeros(4)),
            {},
            "bias must have the shape (6,), one number for each output channel; "
            "got the shape (4,).",
        ),
        (
            (IMAGE, KERNEL),
            {"padding_mode": "reflekt"},
            "Unknown padding mode 'reflekt'. Did you mean 'reflect'?",
        ),
    ],
)
def test_what_does_not_fit_is_said(arguments, settings, message):
    with pytest.raises(UsageError) as error:
        cross_correlation(*arguments, **settings)
    assert str(error.value) == message


def test_the_gradient_must_have_the_shape_of_the_output():
    with pytest.raises(UsageError) as error:
        cross_correlation_backward(np.zeros((1, 6, 8, 8)), IMAGE, KERNEL)
    assert str(error.value) == (
        "gradient must have the shape (1, 6, 6, 6), that of the output; got the shape (1, 6, 8, 8)."
    )
