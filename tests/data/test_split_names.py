import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.split_names import find_split_roles


@pytest.mark.parametrize(
    "names",
    [
        ["trainset", "valset", "testset"], ["traindata", "devdata", "testdata"],
        ["TrainImages", "ValidImages", "TestImages"], ["trainimgs", "valimgs", "tstimgs"],
        ["Trainingsdaten", "Validierungsdaten", "Testdaten"], ["tr", "va", "te"],
    ],
)  # fmt: skip
def test_words_in_one(names):
    assert list(find_split_roles(names).items()) == list(
        zip(names, ("train", "validation", "test"), strict=True)
    )


@pytest.mark.parametrize(
    "names",
    [
        ["tr", "te", "de"], ["tr", "va"], ["te", "va"],  # languages?
        ["trainer", "tester"], ["testament", "valley"], ["trainstation", "bus"],
        ["cats", "dogs"], ["A", "B"], ["bus", "car"], ["positive", "negative"], ["set1", "set2"],
        ["images", "labels"], ["fold1", "fold2"], ["detrain", "protest"], ["trains", "buses"],
        ["trainval"], ["unfit", "fit"], ["1", "2"], ["猫", "狗"], ["", "_"],
    ],
)  # fmt: skip
def test_names_that_say_nothing(names):
    assert find_split_roles(names) == {}


@given(st.lists(st.text(), max_size=5))
def test_any_names(names):
    roles = find_split_roles(names)
    assert roles.keys() <= set(names)
    assert set(roles.values()) <= {"train", "validation", "test"}


def test_all_folders_of_a_split():
    assert find_split_roles(["train_1", "train_2", "testA", "testB"]) == {
        "train_1": "train", "train_2": "train", "testA": "test", "testB": "test",
    }  # fmt: skip
