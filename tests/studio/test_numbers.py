"""Arrays arrive as they were sent, every bit."""

import numpy as np
import pytest

from convscope.studio.numbers import SentArray, send_array
from tests.studio.conftest import received, sent


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.1, -0.0, np.inf, -np.inf, 5e-324, 1e308]),
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.zeros((0, 2)),
        np.arange(12.0).reshape(3, 4).T,
    ],
)
def test_there_and_back(array):
    found = received(send_array(array))
    assert found.dtype == (np.uint8 if array.dtype == np.uint8 else np.float64)
    assert found.tobytes() == np.ascontiguousarray(array).tobytes()
    assert found.shape == array.shape
    again = SentArray(**sent(array)).array()
    assert again.tobytes() == found.tobytes()


def test_nan_stays_nan():
    assert np.isnan(received(send_array(np.array([np.nan])))).all()


@pytest.mark.parametrize(
    "change",
    [{"shape": [2, 3]}, {"shape": [-1, -4]}, {"data": "%%%%"}, {"data": ""}, {"shape": [1 << 21]}],
)
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(ValueError, match=r"fit|base64"):
        SentArray(**sent(np.arange(4.0)) | change).array()
