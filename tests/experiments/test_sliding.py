"""Products by hand, and the numbers of a published drawing."""

import numpy as np
import pytest

from convscope.errors import UsageError
from convscope.experiments.sliding import slide_kernel
from tests.experiments.results import check_result


def test_the_textbook_example():
    found = slide_kernel(np.arange(9).reshape(3, 3), np.arange(4).reshape(2, 2))
    assert found.output.tolist() == [[19, 25], [37, 43]]
    assert found.products[0, 1].tolist() == [[0, 2], [8, 15]]
    assert found.difference == 0
    shown = check_result(found)
    assert "0 + 1 + 6 + 12" in shown
    assert "[1, 1]: 43" in shown


def test_the_products_add_up_to_the_output_with_stride_and_padding():
    random = np.random.default_rng(0)
    found = slide_kernel(
        random.normal(size=(5, 6)), random.normal(size=(3, 2)), stride=2, padding=1
    )
    assert np.allclose(found.products.sum(axis=(2, 3)), found.output)
    assert found.image.shape == (7, 8)
    assert found.difference < 1e-12


def test_negative_products_stand_in_brackets():
    assert "1 + (−2)" in str(slide_kernel([[1, 2]], [[1, -1]]))


def test_what_has_no_room_is_refused():
    with pytest.raises(UsageError, match="matrices of numbers"):
        slide_kernel([1, 2], [[1]])
    with pytest.raises(UsageError, match="room for 16 outputs and there are 25"):
        slide_kernel(np.eye(5), [[1]]).figure()
