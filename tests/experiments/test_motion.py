"""Kernels over time and over single frames."""

import pytest

from convscope.errors import UsageError
from convscope.experiments.motion import measure_motion
from tests.experiments.results import check_result


def test_a_kernel_over_time_knows_the_direction():
    found = measure_motion()
    assert found.volume["right"] > found.volume["still"] > found.volume["left"]
    assert found.image["right"] == found.image["left"] == found.image["still"]
    assert found.slices < 1e-12
    assert "tells right from left" in check_result(found)


def test_the_film_that_moves_left_is_the_other_one_backwards():
    videos = measure_motion().videos
    assert (videos["left"][::-1] == videos["right"]).all()
    assert videos["right"].sum(axis=(1, 2)).tolist() == [4] * 8


def test_a_frame_without_room_is_refused():
    with pytest.raises(UsageError, match="room for the dot"):
        measure_motion(frames=12)
