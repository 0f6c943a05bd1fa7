"""Pooling of one matrix: the textbook's figures, both libraries, and windows where they lie.

Tests experiments/pooled_matrix.py, experiments/pooled_matrix_figure.py.
"""

import numpy as np
import pytest

from convscope import experiments
from convscope.definitions import pooling
from convscope.errors import UsageError
from tests.experiments.results import check_result

MATRIX = np.arange(16).reshape(4, 4)


def test_worked_examples_come_out():
    assert experiments.pool_matrix(MATRIX, 3).values.tolist() == [[10]]
    padded = experiments.pool_matrix(MATRIX, 3, padding=1, stride=2)
    assert padded.values.tolist() == [[5, 7], [13, 15]]
    assert padded.difference == 0
    mean = experiments.pool_matrix(MATRIX, 2, kind="average")
    assert mean.values.tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_without_a_stride_windows_lie_side_by_side():
    assert experiments.pool_matrix(MATRIX, 2).stride == 2
    assert experiments.pool_matrix(MATRIX, 2).values.shape == (2, 2)
    assert experiments.pool_matrix(MATRIX, 2, stride=1).values.shape == (3, 3)


def test_another_default_is_noticed(monkeypatch):
    right = pooling.max_pool
    monkeypatch.setattr(
        pooling,
        "max_pool",
        lambda x, window, padding=0, stride=None: right(
            x, window, padding=padding, stride=stride or 1
        ),
    )
    pooled = experiments.pool_matrix(MATRIX, 2)
    assert pooled.stride == 1
    assert pooled.difference == float("inf")


@pytest.mark.slow
def test_it_prints_and_draws_itself():
    text = check_result(experiments.pool_matrix(MATRIX, 3, padding=1, stride=2))
    assert "13  15" in text
    assert "The largest number of each window" in text
    assert "The mean of each window" in check_result(
        experiments.pool_matrix(MATRIX, 2, kind="average")
    )


def test_what_is_no_matrix_or_no_pooling_is_refused():
    with pytest.raises(UsageError, match=r"height, width.*\(16,\)"):
        experiments.pool_matrix(np.arange(16), 2)
    with pytest.raises(UsageError, match="Unknown kind of pooling 'mean'"):
        experiments.pool_matrix(MATRIX, 2, kind="mean")
