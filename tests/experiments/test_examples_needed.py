"""How many examples fix the weights: as many equations as unknowns."""

import numpy as np
import pytest

from convscope.errors import UsageError
from convscope.experiments.examples_needed import count_examples_needed, join_halves
from tests.experiments.results import check_result

SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]


def test_a_dense_layer_needs_as_many_as_there_are_pixels():
    found = count_examples_needed(SOBEL, (1, 15, 16, 20), side=4)
    assert found.needed() == (16, 3) or found.needed()[0] == 16
    assert found.weights == (16 * 4, 9)
    assert found.dense[1] > 0.01
    assert "a dense layer needs 16" in check_result(found)


def test_one_image_is_enough_if_it_shows_the_kernel_often_enough():
    assert count_examples_needed(SOBEL, (1,), side=5).needed() == (None, 1)  # 9 places, 9 weights
    assert count_examples_needed(SOBEL, (1,), side=4).needed() == (None, None)  # 4 places


def test_what_differs_from_place_to_place_is_never_learned_by_sharing():
    found = count_examples_needed(SOBEL, (36, 80), side=6, elsewhere=np.transpose(SOBEL))
    assert found.needed() == (36, None)
    assert found.convolution[-1] > 0.5
    assert "never learns" in check_result(found)


def test_halves_are_joined():
    assert join_halves(np.zeros(4), np.ones(4)).tolist() == [0, 0, 1, 1]


def test_wrong_arguments_are_refused():
    for wrong in ({"kernel": [1.0]}, {"kernel": SOBEL, "side": 2}, {"kernel": SOBEL, "counts": ()}):
        with pytest.raises(UsageError, match="must be matrices"):
            count_examples_needed(**wrong)
    with pytest.raises(UsageError, match="one shape"):
        count_examples_needed(SOBEL, elsewhere=[[1.0]])
