"""Which folders are taken for splits and which for classes, over many layouts and names.

Tests data/layout.py, data/companions.py.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.layout import find_layout
from convscope.data.reading import Reading
from convscope.data.tree import Listing
from convscope.errors import UsageError

CLASSES = ("cat", "dog")


class Names:
    """A tree of names alone; files called "*.bin" hold images."""

    name = "pets"

    def read(self, file):
        return b"GIF89a" if file.endswith(".bin") else b"text"

    def where(self, file):
        return f"pets/{file}"


def understand(files, **reading):
    return find_layout(Names(), Listing(sorted(files), []), Reading(**reading))


def classes(prefix="", names=CLASSES, count=2):
    """Paths of images in class folders."""
    mark = prefix.replace("/", "-")
    return [f"{prefix}{name}/{mark}{i}.png" for name in names for i in range(count)]


def splits_of(layout):
    """Split → its classes."""
    found = {}
    for place in layout.places.values():
        found.setdefault(place.split, set()).add(place.label)
    return found


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("Training", "Testing", "test"),
        ("training_set", "test_set", "test"),
        ("TRAIN", "Hold-Out", "test"),
        ("train", "dev", "validation"),
        ("train", "eval", "test"),
        ("01_train", "02_valid", "validation"),
        ("trainSet", "valSet", "validation"),
        ("Train Images", "Test Images", "test"),
        ("mnist_train", "mnist_test", "test"),
        ("train2017", "val2017", "validation"),
        ("训练集", "测试集", "test"),
        ("训练", "验证", "validation"),
        ("训练数据", "测试数据", "test"),
        ("訓練", "テスト", "test"),
        ("훈련", "시험", "test"),
        ("entraînement", "validation", "validation"),
        ("обучение", "тест", "test"),
    ],
)
def test_splits_are_known_by_many_names(train, other, split):
    for wrapper in ("", "data/", "a/b/"):
        layout = understand(classes(f"{wrapper}{train}/") + classes(f"{wrapper}{other}/"))
        assert splits_of(layout) == {"train": set(CLASSES), split: set(CLASSES)}
        assert layout.problems == []
        assert f"{train}/ for training; {other}/ for " in layout.notes[0]
        assert layout.notes[0].endswith("2 classes (cat, dog)")


def test_evaluation_is_validation_where_there_is_a_test_split():
    files = [file for name in ("train", "eval", "test") for file in classes(f"{name}/")]
    assert splits_of(understand(files)).keys() == {"train", "validation", "test"}


words = st.sampled_from(["train", "training"]), st.sampled_from(["test", "testing", "val", "dev"])
changes = st.tuples(
    st.sampled_from(
        ["{}", "{}_set", "{}-data", "01_{}", "{} images", "my.{}", "{}_2019", "set_{}"]
    ),
    st.sampled_from([str.lower, str.upper, str.title]),
)
STRAYS = [
    "readme.txt", "a.pdf", "labels.csv", "docs/paper.pdf", "docs/more/x.json", "logo.png", "NOTES",
]  # fmt: skip


@given(*words, changes, st.sets(st.sampled_from(STRAYS)), st.sampled_from(["", "x/", "x/y/"]))
def test_neither_form_nor_wrapper_nor_strays_change_what_is_understood(
    train, other, change, strays, wrapper
):
    form, case = change
    train, other = (case(form.format(word)) for word in (train, other))
    images = classes(f"{wrapper}{train}/") + classes(f"{wrapper}{other}/")
    layout = understand([*images, *strays])
    assert set(layout.places) == set(images)
    assert len(splits_of(layout)) == 2
    assert all(labels == set(CLASSES) for labels in splits_of(layout).values())


@given(st.sets(st.sampled_from(STRAYS)), st.sampled_from(["", "PetImages/", "a/b/"]))
def test_stray_files_never_matter_for_classes(strays, wrapper):
    images = classes(wrapper, count=5)
    layout = understand([*images, *strays])
    assert set(layout.places) == set(images)
    assert splits_of(layout) == {"": set(CLASSES)}
    assert bool(layout.problems) == bool(strays)


names = st.text("abcdefgh", min_size=3, max_size=6)


@given(st.sets(names, min_size=2, max_size=5), st.sets(names, min_size=2, max_size=4), st.data())
def test_folders_that_hold_the_same_classes_are_asked_about(tops, inner, data):
    subset = data.draw(st.sampled_from([sorted(inner), sorted(inner)[:2]]))
    first, *others = sorted(tops)
    files = classes(f"{first}/", sorted(inner))
    files += [file for name in others for file in classes(f"{name}/", subset)]
    if tops & inner:
        return  # may hold itself; another test
    with pytest.raises(UsageError, match="they may be splits or classes"):
        understand(files)
    layout = understand(files, split_folders={"train": first, "test": others[0]})
    assert splits_of(layout) == {"train": inner, "test": set(subset)}
    assert splits_of(understand(files, split_folders="none")) == {"": tops}
    assert splits_of(understand(files, rules=1)) == {"": tops}  # as earlier code had it


def test_the_question_names_the_answers():
    with pytest.raises(UsageError) as raised:
        understand(classes("A/") + classes("B/"))
    assert str(raised.value) == (
        "'pets/' has the folders A and B, each with folders cat and dog: they may be splits or "
        "classes. If they are splits, say which is which, as in --split-folders train=A,test=B "
        "(split_folders={'train': 'A', 'test': 'B'}); folders that aren't named are then left out. "
        "Or give one of them alone, as in pets/A. "
        'If all folders are classes: --split-folders none (split_folders="none").'
    )


def test_a_single_subfolder_of_one_name_makes_no_splits():
    files = [f"{name}/images/{i}.png" for name in "abc" for i in range(2)]
    assert splits_of(understand(files)) == {"": {"a", "b", "c"}}


@pytest.mark.parametrize("strays", [[], ["readme.md"]])
def test_a_folder_in_itself_counts_once(strays):
    inner = classes("cell_images/")
    layout = understand(inner + [f"cell_images/{file}" for file in inner] + strays)
    assert splits_of(layout) == {"": set(CLASSES)}
    assert list(layout.places) == sorted(inner)
    reasons = {problem.reason for problem in layout.problems}
    assert "4 files are left out: the same folders and files as around it, a second time" in reasons
    assert len(reasons) == 1 + len(strays)


def test_a_folder_in_itself_with_other_files_is_said():
    inner = classes("cell_images/")
    others = [f"cell_images/{file}".replace(".", "b.") for file in inner]
    reasons = {problem.reason for problem in understand(inner + others).problems}
    assert reasons == {
        "4 files are left out: folders of the same names as around it, a second time; if their "
        "files are others, move them"
    }


@pytest.mark.parametrize("again", ["train", "test", "Train"])
@pytest.mark.parametrize("suffix", [".png", "b.png"])
@pytest.mark.parametrize("beside", [[], classes("test/")])
def test_a_split_in_itself_counts_once(again, suffix, beside):
    inner = classes("train/")
    nested = [f"train/{again}/{file[6:]}".replace(".png", suffix) for file in inner]
    layout = understand(inner + nested + beside)
    trained = {file for file, place in layout.places.items() if place.split in ("", "train")}
    assert trained == set(inner)
    assert {place.label for place in layout.places.values()} == set(CLASSES)
    (problem,) = layout.problems
    assert problem.path.endswith(f"train/{again}")
    assert "a second time" in problem.reason


def test_a_copy_of_all_under_another_name_counts_once():
    assert list(understand([*classes(), *(f"copy/{file}" for file in classes())]).places) == sorted(
        classes()
    )


def test_more_images_of_the_same_classes_in_a_folder_beside_them_are_asked_about():
    files = classes() + classes("more/")
    with pytest.raises(UsageError, match="'more', which holds folders of the same names"):
        understand(files)
    layout = understand(files, split_folders={"test": "more"})
    assert splits_of(layout) == {"train": set(CLASSES), "test": set(CLASSES)}


def test_a_test_folder_beside_the_classes():
    layout = understand(classes() + classes("test/"))
    assert splits_of(layout) == {"train": set(CLASSES), "test": set(CLASSES)}
    assert "the others for training; test/ for testing" in layout.notes[0]
    with pytest.raises(UsageError, match="'test', by its name a split, but without class folders"):
        understand([*classes(), "test/1.png", "test/2.png"])
    layout = understand([*classes(), "test/1.png", "test/2.png"], split_folders={"test": "test"})
    assert splits_of(layout) == {"train": set(CLASSES)}


def test_a_test_split_without_labels_is_one_line():
    layout = understand(classes("train/") + [f"test/{i}.png" for i in range(4000)])
    assert splits_of(layout) == {"train": set(CLASSES)}
    (problem,) = layout.problems
    assert problem.path == "pets/test"
    assert problem.reason == "4,000 files are left out: not in a class folder"


def test_folders_around_the_classes_of_each_split():
    files = classes("seg_train/seg_train/") + classes("seg_test/seg_test/")
    layout = understand([*files, "seg_pred/seg_pred/1.png"])
    assert splits_of(layout) == {"train": set(CLASSES), "test": set(CLASSES)}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["train/cat.1.png", "test/1.png"], "test and train, by their names splits, but no class"),
        (["images/1.png", "masks/1.png"], "images and masks: images and what belongs to them"),
        (classes("val/") + classes("test/"), "has test and val but no train folder"),
        (
            [f for i in "12" for split in ("train", "val") for f in classes(f"fold{i}/{split}/")],
            "fold1 and fold2, each divided into splits with class folders in them",
        ),
        (classes("train/") + classes("holdback/"), "the folders holdback and train, each with"),
        (classes("train/", "xy") + classes("bus/", "zw", 9), "the folders bus and train"),
    ],
)
def test_what_is_not_understood_is_asked_or_refused(files, message):
    with pytest.raises(UsageError, match=message) as raised:
        understand(files)
    assert "--split-folders" in str(raised.value)
    understand(files, split_folders="none")


def test_folders_that_are_not_there():
    with pytest.raises(UsageError, match="no folder 'C' with images in 'pets/'; there are: A and"):
        understand(classes("A/") + classes("B/"), split_folders={"train": "C"})


def test_images_are_told_from_other_files_by_their_content_where_names_say_nothing():
    annotated = [f"Annotation/{name}/{i}" for name in CLASSES for i in range(3)]
    layout = understand(classes("Images/") + annotated)
    assert splits_of(layout) == {"": set(CLASSES)}
    (problem,) = layout.problems
    assert (problem.path, problem.reason[:7]) == ("pets/Annotation", "6 files")
    assert splits_of(understand(["a/1.bin", "a/2.bin", "b/1.png"])) == {"": {"a", "b"}}


def test_classes_are_in_natural_order_and_as_before_for_earlier_runs():
    files = classes("", [str(number) for number in range(1, 13)])
    labels = [list(dict.fromkeys(p.label for p in understand(files, rules=rules).places.values()))
              for rules in (2, 1)]  # fmt: skip
    assert labels[0] == [str(number) for number in range(1, 13)]
    assert labels[1] == sorted(labels[0])


def test_splits_may_lie_in_the_classes():
    files = [f"x/{name}/{split}/{i}.png" for name in CLASSES for split in ("Train", "test_set")
             for i in range(3)]  # fmt: skip
    layout = understand([*files, "x/readme.md"])
    assert splits_of(layout) == {"train": set(CLASSES), "test": set(CLASSES)}
    assert layout.notes[0].startswith("Folders in x/ are splits: Train/ for training; test_set/")
    assert layout.places["x/cat/Train/0.png"].label == "cat"


def test_folders_of_classes_that_a_network_knows_are_not_asked_about():
    files = classes("cat/", "xy") + classes("dog/", "xy")
    with pytest.raises(UsageError, match="they may be splits or classes"):
        understand(files)
    assert splits_of(understand(files, known=("cat", "dog", "cow"))) == {"": {"cat", "dog"}}
    files = classes("train/") + classes("test/")  # these are splits all the same
    assert splits_of(understand(files, known=("cat", "dog"))).keys() == {"train", "test"}


@pytest.mark.parametrize(
    "names",
    [
        ("HAM10000_images_part_1", "HAM10000_images_part_2"),
        ("images_001", "images_002", "images_003"),
        ("batch1", "batch2"),
        ("Part A", "part_b"),
    ],
)
def test_numbered_parts_of_a_set_are_no_classes(names):
    files = [f"{name}/{name}{i}.png" for name in names for i in range(3)]
    with pytest.raises(UsageError, match="parts of one set of images"):
        understand(files)
    assert splits_of(understand(files, split_folders="none")) == {"": set(names)}


@pytest.mark.parametrize(
    "names", [("grade1", "grade2"), ("0", "1"), ("Person_1", "Person_2"), ("part", "whole")]
)
def test_numbered_classes_are_classes(names):
    files = [f"{name}/{name}{i}.png" for name in names for i in range(3)]
    assert splits_of(understand(files)) == {"": set(names)}


@pytest.mark.parametrize(
    "names", [("bounding_box_train", "bounding_box_test", "query"), ("cat", "test")]
)
def test_flat_splits_are_never_classes_unasked(names):
    with pytest.raises(UsageError, match="--split-folders none"):
        understand([f"{name}/{i}.png" for name in names for i in range(3)])


def test_masks_in_splits_are_no_class():
    files = classes("train/", ("images", "masks")) + classes("test/", ("images", "masks"))
    assert splits_of(understand(files)) == {"train": {"images"}, "test": {"images"}}


def test_masks_beside_images_are_no_examples():
    inside = [f"COVID/{kind}/c{i}.png" for kind in ("images", "masks") for i in range(2)]
    inside += [f"Normal/{kind}/n{i}.png" for kind in ("Images", "Masks") for i in range(2)]
    beside = [f"{c}/{c} ({i}){end}.png" for c in CLASSES for i in (1, 2) for end in ("", "_mask")]
    for files, count in ((inside, 4), (beside, 4)):
        layout = understand(files)
        assert len(layout.places) == count
        assert not any("mask" in file.casefold() for file in layout.places)
        assert sum(int(each.reason.split()[0]) for each in layout.problems) == count


def test_what_is_called_a_mask_alone_is_an_example():
    layout = understand([f"{name}/face_mask{i}.png" for name in CLASSES for i in range(2)])
    assert len(layout.places) == 4


def test_augmented_images_are_not_suggested_for_validation():
    with pytest.raises(UsageError, match="--split-folders train=train,test=test "):
        understand([f for name in ("train", "train_plus", "test") for f in classes(f"{name}/")])


def test_what_is_said_names_only_splits_with_labels_and_deeper_folders():
    files = classes("train/") + [f"test/{i}.png" for i in range(3)]
    assert understand(files).notes == (
        "Folders are splits: train/ for training; 2 classes (cat, dog)",
    )
    files = ["animal/cat/1.png", "animal/dog/2.png", "vehicle/bus/3.png", "vehicle/4.png"]
    deeper = "Folders inside the class folders are no classes: bus, cat and dog"
    assert understand(files).notes[1:] == (deeper,)
