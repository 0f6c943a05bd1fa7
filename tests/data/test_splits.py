import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.splits import keep_together, split_groups_stratified, split_stratified

label_lists = st.lists(st.integers(0, 4), min_size=1, max_size=200).map(np.array)


@given(label_lists, st.floats(0.01, 0.99), st.integers(0, 1000))
def test_every_class_gives_its_share_and_nothing_is_lost(labels, share, seed):
    stay, chosen = split_stratified(labels, share, seed)
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
    first, again, other = (split_stratified(labels, 0.3, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_copies_follow_the_first_one():
    stay, chosen = keep_together(
        np.array([0, 2, 3, 5, 7]), np.array([1, 4, 6]), [[0, 4], [1, 2, 5], [3, 9], [8, 9]]
    )
    assert stay.tolist() == [0, 3, 4, 7]
    assert chosen.tolist() == [1, 2, 5, 6]


def test_a_side_is_never_emptied():
    stay, chosen = keep_together(np.array([0, 1, 3]), np.array([2]), [[0, 2]])
    assert (stay.tolist(), chosen.tolist()) == ([0, 1, 3], [2])


@st.composite
def grouped(draw):
    """Labels, and groups of rows of one class."""
    labels = np.sort(draw(label_lists))
    groups, row = [], 0
    while row < len(labels):
        size = draw(st.integers(1, 4))
        group = [each for each in range(row, min(row + size, len(labels)))
                 if labels[each] == labels[row]]  # fmt: skip
        if len(group) > 1:
            groups.append(group)
        row += len(group)
    return labels, groups


@given(grouped(), st.floats(0.05, 0.6), st.integers(0, 1000))
def test_groups_stay_whole_and_every_class_gives_some(data, share, seed):
    labels, groups = data
    rows = np.arange(len(labels))
    stay, chosen = split_groups_stratified(labels, rows, share, seed, groups)
    assert sorted([*stay, *chosen]) == rows.tolist()
    for group in groups:
        assert len({row in set(chosen.tolist()) for row in group}) == 1
    for label in set(labels.tolist()):
        members = np.flatnonzero(labels == label)
        units = len(members) - sum(len(group) - 1 for group in groups if labels[group[0]] == label)
        taken = np.isin(members, chosen).sum()
        assert (0 < taken < len(members)) == (units > 1)
        if units > 1:
            assert taken <= max(4, share * len(members) + 1)


@given(label_lists, st.floats(0.01, 0.99), st.integers(0, 1000))
def test_without_groups_the_choice_is_the_same(labels, share, seed):
    expected = split_stratified(labels, share, seed)
    found = split_groups_stratified(labels, np.arange(len(labels)), share, seed, [])
    assert [each.tolist() for each in found] == [each.tolist() for each in expected]
