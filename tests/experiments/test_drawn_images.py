"""Images that are drawn: edges, stripes, noise; and photographs.

Tests experiments/drawn_images.py, experiments/photographs.py.
"""

import numpy as np
import pytest

from convscope.errors import UsageError
from convscope.experiments.drawn_images import edge_image, noise_images, striped_images
from convscope.experiments.photographs import load_photograph, photograph


def test_the_textbook_edge():
    assert edge_image().tolist() == [[1, 1, 0, 0, 0, 0, 1, 1]] * 6


def test_stripes_have_one_grey_along_their_direction():
    assert (np.diff(striped_images("vertical"), axis=1) == 0).all()
    assert (np.diff(striped_images("horizontal"), axis=2) == 0).all()
    falling, rising = striped_images("falling"), striped_images("rising")
    assert (falling[:, 1:, 1:] == falling[:, :-1, :-1]).all()
    assert (rising[:, 1:, :-1] == rising[:, :-1, 1:]).all()
    assert np.diff(falling, axis=1).any()
    assert falling.shape == noise_images().shape == (4, 20, 20)
    assert not (striped_images("vertical") == striped_images("vertical", seed=1)).any()
    with pytest.raises(UsageError, match="Unknown direction 'diagonal'"):
        striped_images("diagonal")
    with pytest.raises(UsageError, match="at least 1"):
        striped_images("vertical", count=0)


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs(name):
    image = photograph(name, 50)
    assert (image.shape, image.dtype) == ((3, 50, 50), np.uint8)
    assert image.std() > 20


def test_the_whole_photograph():
    image = load_photograph(60)
    assert (image.shape, image.dtype) == ((3, 40, 60), np.uint8)


def test_photographs_that_there_are_not():
    with pytest.raises(UsageError, match="Unknown photograph 'moon'"):
        photograph("moon")
    with pytest.raises(UsageError, match="from 1 to 427"):
        photograph("china", 500)
