"""What a border tells about the place, and that nothing else does."""

import numpy as np
import pytest

from convscope.errors import UsageError
from convscope.experiments.position import PLACES, learn_position
from tests.experiments.results import check_result


def test_without_a_border_all_places_are_one():
    test = learn_position((("circular", 2),), steps=3)
    (answers,) = test.answers
    assert answers.spread < 1e-5
    assert answers.accuracy == 0.25
    assert answers.interval[0] < 0.25 < answers.interval[1]
    assert answers.by_place.shape == (len(PLACES), len(PLACES)) == (8, 8)
    assert "circular, 2 layers" in check_result(test)


def test_zeros_tell_the_place_from_the_first_step_on():
    """Even an untrained network's logits differ by place."""
    test = learn_position((("zeros", 2), ("none", 2), ("reflect", 2)), steps=1)
    assert min(answers.spread for answers in test.answers) > 1e-3


@pytest.mark.slow
def test_a_network_with_zero_padding_learns_the_place():
    (answers,) = learn_position((("zeros", 3),)).answers
    assert answers.interval[0] > 0.8
    assert np.mean(answers.by_place) == answers.accuracy


def test_the_same_again():
    one, other = (learn_position((("zeros", 1),), steps=3).answers[0] for _ in range(2))
    assert one.spread == other.spread


def test_unknown_paddings_are_refused():
    for wrong in ((), (("mirror", 2),), (("zeros", 0),)):
        with pytest.raises(UsageError, match="pairs of a padding mode"):
            learn_position(wrong)
