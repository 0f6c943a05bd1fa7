import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.folds import choose_groups, split_folds
from convscope.errors import UsageError


@given(
    st.lists(st.integers(0, 3), min_size=12, max_size=60),
    st.integers(2, 5),
    st.integers(0, 99),
    st.lists(st.integers(0, 8), min_size=60, max_size=60),
)
def test_every_image_is_in_one_fold_and_groups_stay_whole(labels, count, seed, kin):
    members = {}
    for row in range(len(labels)):
        members.setdefault(kin[row], []).append(row)
    groups = [rows for key, rows in members.items() if key < 4 and len(rows) > 1]
    units = len(groups) + len(labels) - sum(map(len, groups))
    if units < count:
        with pytest.raises(UsageError, match=f"there are {units}"):
            split_folds(np.array(labels), count, seed, groups)
        return
    folds = split_folds(np.array(labels), count, seed, groups)
    assert sorted(np.concatenate(folds).tolist()) == list(range(len(labels)))
    for group in groups:
        assert sum(bool(set(group) & set(fold.tolist())) for fold in folds) == 1


@given(st.integers(2, 7), st.integers(0, 50))
def test_without_groups_classes_differ_by_one_image_at_most(count, seed):
    labels = np.repeat([0, 1, 2], [23, 40, 7])
    folds = split_folds(labels, count, seed, [])
    counts = np.array([np.bincount(labels[fold], minlength=3) for fold in folds])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_groups_are_spread_as_evenly_as_those_of_scikit_learn():
    from sklearn.model_selection import StratifiedGroupKFold

    random = np.random.default_rng(0)
    ours, theirs = [], []
    for _ in range(8):
        kin = random.integers(0, 30, 300)
        labels = (random.random(300) < random.random(30)[kin]).astype(np.int64)
        groups = [np.flatnonzero(kin == each).tolist() for each in range(30)]
        share = labels.mean()

        def unevenness(folds, labels=labels, share=share):
            return max(abs(labels[fold].mean() - share) for fold in folds)

        ours.append(unevenness(split_folds(labels, 5, 0, groups)))
        other = StratifiedGroupKFold(5, shuffle=True, random_state=0)
        theirs.append(unevenness([test for _, test in other.split(labels, labels, kin)]))
    assert np.mean(ours) <= 1.1 * np.mean(theirs)


def test_a_share_of_groups():
    labels = np.tile([0, 1, 2], 50)
    groups = [list(range(start, start + 6)) for start in range(0, 150, 6)]
    chosen = choose_groups(labels, np.arange(150), 0.2, 0, groups)
    assert np.bincount(labels[chosen]).tolist() == [10, 10, 10]
    assert choose_groups(labels, np.arange(150), 0.2, 1, groups).tolist() != chosen.tolist()


def test_no_class_is_taken_whole():
    labels = np.repeat([0, 1], [20, 10])
    groups = [list(range(10)), list(range(10, 20)), list(range(20, 30))]
    assert set(labels[choose_groups(labels, np.arange(30), 0.5, 0, groups)]) == {0}
    both = [list(range(20)), list(range(20, 30))]
    assert len(choose_groups(labels, np.arange(30), 0.5, 0, both)) == 0
