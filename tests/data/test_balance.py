import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.balance import balanced_order


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 99))
def test_every_class_comes_equally_often_and_no_image_twice_more_than_another(labels, seed):
    labels = np.array(labels)
    rows = balanced_order(labels, np.random.default_rng(seed))
    assert len(rows) == len(labels)
    present = np.unique(labels)
    counts = np.bincount(labels[rows], minlength=5)[present]
    assert counts.max() - counts.min() <= 1
    times = np.bincount(rows, minlength=len(labels))
    for label in present:
        own = times[labels == label]
        assert own.max() - own.min() <= 1


def test_the_same_generator_gives_the_same_order():
    labels = np.repeat([0, 1], [30, 5])
    first, again, other = (balanced_order(labels, np.random.default_rng(k)) for k in (3, 3, 4))
    assert first.tolist() == again.tolist() != other.tolist()
