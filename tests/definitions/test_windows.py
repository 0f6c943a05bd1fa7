import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.definitions.windows import output_size, pad, pad_backward, per_axis, windows
from convscope.errors import UsageError
from tests.definitions.reference import MODES, SEEDS, SWEEP, TOLERANCE

LETTERS = np.array([[[1.0, 2.0, 3.0]]])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", [0, 0, 1, 2, 3, 0, 0]),
        ("reflect", [3, 2, 1, 2, 3, 2, 1]),
        ("replicate", [1, 1, 1, 2, 3, 3, 3]),
        ("circular", [2, 3, 1, 2, 3, 1, 2]),
    ],
)
def test_padding_modes(mode, expected):
    assert pad(LETTERS, [2], mode)[0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("mode", "copies"),
    [
        ("zeros", [1, 1, 1]),
        ("reflect", [2, 3, 2]),
        ("replicate", [3, 1, 3]),
        ("circular", [2, 3, 2]),
    ],
)
def test_each_input_collects_the_gradients_of_its_copies(mode, copies):
    assert pad_backward(np.ones((1, 1, 7)), [2], mode)[0, 0].tolist() == copies


@SWEEP
@given(MODES, SEEDS, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_backward_is_the_transpose_of_padding(mode, seed, padding):
    """⟨pad(x), g⟩ = ⟨x, pad_backward(g)⟩ for all x and g: what a linear map's gradient must do."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(2, 1, 4, 5))
    gradient = generator.normal(size=(2, 1, 4 + 2 * padding[0], 5 + 2 * padding[1]))
    left = (pad(x, padding, mode) * gradient).sum()
    right = (x * pad_backward(gradient, padding, mode)).sum()
    assert left == pytest.approx(right, rel=TOLERANCE["rtol"], abs=TOLERANCE["atol"])


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 7),
    total_padding=st.integers(0, 9),
    stride=st.integers(1, 5),
    dilation=st.integers(1, 4),
)
def test_output_size_counts_the_windows_that_fit(size, kernel, total_padding, stride, dilation):
    last = dilation * (kernel - 1)
    starts = [s for s in range(0, size + total_padding, stride) if s + last < size + total_padding]
    settings = {"total_padding": total_padding, "stride": stride, "dilation": dilation}
    if starts:
        assert output_size(size, kernel, **settings) == len(starts)
    else:
        with pytest.raises(UsageError, match="does not fit into"):
            output_size(size, kernel, **settings)


def test_a_window_that_does_not_fit_is_said():
    with pytest.raises(UsageError) as error:
        windows((9, 3), 3, padding=(0, 1), dilation=(1, 3))
    assert str(error.value) == (
        "A window that spans 7 inputs (kernel 3, dilation 3) does not fit into 3 inputs with 2 of "
        "padding in all. Use a larger input, more padding or a smaller kernel."
    )


def test_reflection_needs_enough_inputs():
    with pytest.raises(UsageError) as error:
        pad(LETTERS, [3], "reflect")
    assert str(error.value) == (
        "padding in mode 'reflect' must be smaller than the input; got 3 for 3 inputs. "
        "Pad less, or use another mode."
    )


@pytest.mark.parametrize("value", [0, (1, 2, 3), (1, 0), 1.5, (1, "2")])
def test_settings_are_whole_numbers_one_for_each_axis(value):
    with pytest.raises(UsageError) as error:
        per_axis("stride", value, 2, least=1)
    assert str(error.value) == (
        "stride must be a whole number of at least 1, or 2 of them, one for each spatial axis; "
        f"got {value!r}."
    )


def test_positions_meet_the_kernel_in_reading_order():
    slide = windows((4, 5), (2, 1), stride=(2, 1), dilation=(1, 1))
    image = np.arange(20).reshape(4, 5)
    met = [(entry, image[where].tolist()) for entry, where in slide.positions()]
    assert met == [
        ((..., 0, 0), [[0, 1, 2, 3, 4], [10, 11, 12, 13, 14]]),
        ((..., 1, 0), [[5, 6, 7, 8, 9], [15, 16, 17, 18, 19]]),
    ]
