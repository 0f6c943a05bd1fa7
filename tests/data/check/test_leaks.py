import numpy as np
import pytest

from convscope.data.check import leaks
from convscope.data.check.leaks import check_leaks
from convscope.data.load import load_splits
from convscope.errors import UsageError
from tests.data.check.scenes import image_set, scenes
from tests.data.image_files import encoded, write_files

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
    test[4] = train[8]
    with pytest.raises(UsageError) as raised:
        check_leaks(splits(train, test), FOLDER)
    assert str(raised.value) == (
        "Leaks between splits: 1 pair of exact duplicates (pets/train/8 and pets/test/4). See them "
        "all: convscope data pets --check --figure duplicates.png. The network would be evaluated "
        "on what it was trained on. Remove one of each pair, or train all the same with "
        "--allow-leaks (allow_leaks=True)."
    )


def test_three_pairs_are_shown_and_the_others_counted(clean):
    train, test = clean
    test[:5] = train[:5]
    with pytest.raises(UsageError) as raised:
        check_leaks(splits(train, test), "my pets")
    assert "5 pairs of exact duplicates (" in str(raised.value)
    assert "; and 2 more)" in str(raised.value)
    assert "convscope data 'my pets' --check" in str(raised.value)


def test_near_leaks_of_splits_that_somebody_made_are_told_with_paths(clean):
    train, test = clean
    test[2:5] = train[10:13, :, :, ::-1]
    (note,) = check_leaks(splits(train, test), FOLDER)
    assert note.startswith("Perhaps leaks between splits: 3 pairs of near duplicates (pets/train/1")
    assert "pets/test/" in note


def test_a_split_that_convscope_made_is_never_refused(clean):
    train, test = clean
    test[0], test[2] = train[0], train[2, :, :, ::-1]
    taken = splits(train, test)
    taken["test"] = taken["test"].subset(range(len(test)), is_taken=True)
    assert check_leaks(taken, FOLDER) == []
    # But one that somebody made beside it is.
    taken["validation"] = image_set(train[:2], split="validation", prefix="pets/val/")
    with pytest.raises(UsageError, match="2 pairs of exact duplicates"):
        check_leaks(taken, FOLDER)


def test_the_same_image_with_two_labels_stops_wherever_it_lies(clean):
    train, test = clean
    train[5] = train[6]
    with pytest.raises(UsageError) as raised:
        check_leaks(splits(train, test), FOLDER)
    assert str(raised.value).startswith(
        "The same image with different classes: 1 pair (pets/train/5 is 'b' and pets/train/6 is "
        "'a'). See them all: convscope data pets --check --figure duplicates.png. "
    )
    assert "--allow-conflicting-labels (allow_conflicting_labels=True)" in str(raised.value)
    (note,) = check_leaks(splits(train, test), FOLDER, allow_conflicts=True)
    assert note.startswith("The same image with different classes: 1 pair")


def test_images_that_are_the_same_only_when_small_are_not_the_same(tmp_path):
    def drawn(number):  # the middle differs by less than the small version shows
        image = np.full((64, 64), 128, np.uint8)
        image[32, 32] = 128 + number
        return encoded(image)

    files = {f"{name}/{number}.png": drawn(number) for number in range(5) for name in "a"}
    files |= {f"b/{number}.png": drawn(number + 5) for number in range(5)}
    write_files(tmp_path, files)
    assert check_leaks(load_splits(tmp_path, size=8), str(tmp_path)) == []
    write_files(tmp_path, {"b/twin.png": files["a/3.png"]})
    with pytest.raises(UsageError, match=r"1 pair \(.*a/3\.png is 'a' and .*b/twin\.png is 'b'\)"):
        check_leaks(load_splits(tmp_path, size=8), str(tmp_path))


def test_allowed_leaks_are_told(clean):
    train, test = clean
    test[4] = train[8]
    (note,) = check_leaks(splits(train, test), FOLDER, allow=True)
    assert note.startswith("Leaks between splits: 1 pair of exact duplicates")
    assert "--allow-leaks" not in note


def test_duplicates_within_train_are_no_leak(clean):
    train, test = clean
    train[4] = train[6]
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
