import numpy as np
import pytest

from convscope.data.check import leaks
from convscope.data.check.leaks import check_leaks
from convscope.errors import UsageError
from tests.data.check.scenes import image_set, scenes

FOLDER = "pets"


def splits(train, test):
    return {
        "train": image_set(train, prefix="pets/train/"),
        "test": image_set(test, split="test", prefix="pets/test/"),
    }


@pytest.fixture
def clean():
    return scenes(60), scenes(20, first=500)


def test_without_leaks_there_is_nothing_to_say(clean):
    assert check_leaks(splits(*clean), FOLDER) == []


def test_an_exact_leak_names_the_pair_and_the_way_out(clean):
    train, test = clean
    test[4] = train[7]
    with pytest.raises(UsageError) as raised:
        check_leaks(splits(train, test), FOLDER)
    assert str(raised.value) == (
        "Leaks between splits: 1 pair of exact duplicates (pets/train/7 and pets/test/4). See them "
        "all: convscope data pets --check --figure duplicates.png. The network would be evaluated "
        "on what it was trained on. Remove one of each pair, or train all the same with "
        "--allow-leaks (allow_leaks=True)."
    )


def test_near_leaks_are_counted_apart_and_three_pairs_are_shown(clean):
    train, test = clean
    test[:2], test[2:5] = train[:2], train[10:13, :, :, ::-1]
    with pytest.raises(UsageError) as raised:
        check_leaks(splits(train, test), "my pets")
    assert "2 pairs of exact duplicates and 3 pairs of near duplicates (" in str(raised.value)
    assert "; and 2 more)" in str(raised.value)
    assert "convscope data 'my pets' --check" in str(raised.value)


def test_a_single_near_leak_among_few_images_stops_as_well(clean):
    train, test = clean
    test[0] = train[0, :, :, ::-1]
    with pytest.raises(UsageError, match="1 pair of near duplicates"):
        check_leaks(splits(train, test), FOLDER)


def test_as_few_near_leaks_as_the_search_gets_wrong_are_only_told():
    train, test = scenes(60, 16), scenes(200, 16, first=500)
    test[0] = train[0, :, :, ::-1]
    (note,) = check_leaks(splits(train, test), FOLDER)
    assert note.startswith("Leaks between splits: 1 pair of near duplicates (pets/train/0 and")


def test_allowed_leaks_are_told(clean):
    train, test = clean
    test[4] = train[7]
    (note,) = check_leaks(splits(train, test), FOLDER, allow=True)
    assert note.startswith("Leaks between splits: 1 pair of exact duplicates")
    assert "--allow-leaks" not in note


def test_duplicates_within_train_are_no_leak(clean):
    train, test = clean
    train[5] = train[6]
    assert check_leaks(splits(train, test), FOLDER) == []


def test_of_many_images_only_exact_leaks_are_looked_for(clean, monkeypatch):
    train, test = clean
    test[0] = train[0, :, :, ::-1]
    monkeypatch.setattr(leaks, "NEAR_LIMIT", 50)
    (note,) = check_leaks(splits(train, test), FOLDER)
    assert note == (
        "Only exact duplicates were looked for, as there are more than 50 images; near ones are "
        "found by: convscope data pets --check"
    )
    test[1] = train[1]
    with pytest.raises(UsageError, match="1 pair of exact duplicates"):
        check_leaks(splits(train, test), FOLDER)


@pytest.mark.parametrize("data", ["fashion-mnist", {"train": None}])
def test_published_sets_and_arrays_are_taken_as_they_are(clean, data):
    train, _ = clean
    assert check_leaks(splits(train, train), data) == []


def test_black_images_leak_exactly(clean):
    train, test = clean
    train[0] = test[0] = np.zeros_like(train[0])
    with pytest.raises(UsageError, match="1 pair of exact duplicates"):
        check_leaks(splits(train, test), FOLDER)
