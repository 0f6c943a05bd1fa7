import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.splits import stratified

label_lists = st.lists(st.integers(0, 4), min_size=1, max_size=200).map(np.array)


@given(label_lists, st.floats(0.01, 0.99), st.integers(0, 1000))
def test_every_class_gives_its_share_and_nothing_is_lost(labels, share, seed):
    stay, chosen = stratified(labels, share, seed)
    assert sorted([*stay, *chosen]) == list(range(len(labels)))
    for label in set(labels.tolist()):
        members, taken = (labels == label).sum(), (labels[chosen] == label).sum()
        if members == 1:
            assert taken == 0
        else:
            assert 1 <= taken < members
            assert abs(taken - share * members) <= 1 or taken in (1, members - 1)


def test_the_seed_decides():
    labels = np.arange(100) % 4
    first, again, other = (stratified(labels, 0.3, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
