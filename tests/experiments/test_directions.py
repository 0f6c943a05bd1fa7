"""Which stripes a kernel answers to."""

import pytest

from convscope.errors import UsageError
from convscope.experiments.directions import measure_directions
from tests.experiments.results import check_result


def test_sums_of_rows_columns_and_diagonals_decide():
    corners = measure_directions([[1, 0, -1], [0, 0, 0], [-1, 0, 1]]).responses
    assert corners["vertical"] == pytest.approx(0, abs=1e-12)
    assert corners["horizontal"] == pytest.approx(0, abs=1e-12)
    assert corners["falling"] > 0.5 < corners["rising"]
    sobel = measure_directions([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    assert sobel.responses["horizontal"] == pytest.approx(0, abs=1e-12)
    assert max(sobel.responses, key=sobel.responses.get) == "vertical"
    assert "most to vertical stripes" in check_result(sobel)


def test_other_shapes_are_refused():
    with pytest.raises(UsageError, match="at most 20 × 20"):
        measure_directions([1, 2])
