"""Images and labels in tar archives, from the archive to splits; what a command makes of them."""

import json
import tarfile

import numpy as np
import pytest

from convscope.data.decode import ImageError
from convscope.data.facts import collect_facts
from convscope.data.load import load_splits, source_splits
from convscope.data.reading import Reading
from convscope.data.shards import find_shards
from convscope.data.tar_tree import TarTree
from convscope.errors import UsageError
from tests.data.image_files import plain, two_classes, write_files
from tests.data.tar_files import special, write_tar


def samples(labels, first=0):
    """Images that all differ, each with its class beside it."""
    for number, label in enumerate(labels, first):
        yield f"{number:04d}.png", plain((number % 256, number // 256, 9))
        yield f"{number:04d}.cls", str(label).encode()


def tree_of(path):
    return TarTree(path, find_shards(path))


def words(images):
    return " ".join(images.notes)


def test_shards_are_read_as_the_same_images_in_folders(tmp_path):
    files = two_classes()
    folder = source_splits(write_files(tmp_path / "folder", files), size=8)["train"]
    members = [
        (f"{number}{end}", content)
        for number, (name, image) in enumerate(files.items())
        for end, content in ((".png", image), (".cls", name.partition("/")[0].encode()))
    ]
    write_tar(tmp_path / "set" / "a-0.tar", members[:12])
    write_tar(tmp_path / "set" / "a-1.tar", members[12:])
    shards = source_splits(tmp_path / "set", size=8)["train"]
    assert shards.classes == folder.classes == ("blue", "red")
    assert np.array_equal(shards.labels, folder.labels)
    assert np.array_equal(shards.images, folder.images)
    assert shards.paths[0].endswith("set/a-0.tar/5.png")
    assert "2 archives with labels" in words(shards)


def test_a_plain_archive_of_class_folders_is_read_as_a_folder(tmp_path):
    files = two_classes()
    folder = source_splits(write_files(tmp_path / "pets", files), size=8)["train"]
    path = write_tar(tmp_path / "pets.tar", [(f"./{name}", each) for name, each in files.items()])
    train = source_splits(path, size=8)["train"]
    assert np.array_equal(train.images, folder.images)
    assert train.classes == folder.classes
    assert train.name == "pets"


@pytest.mark.parametrize("names", [("train-0", "val-0"), ("train/0", "test/0")])
def test_splits_go_by_names(tmp_path, names):
    for number, name in enumerate(names):
        write_tar(tmp_path / f"{name}.tar", samples([0, 1] * 5, 10 * number))
    splits = source_splits(tmp_path, size=8)
    other = "validation" if "val-0" in names else "test"
    assert {name: len(images) for name, images in splits.items()} == {"train": 10, other: 10}
    whole = source_splits(tmp_path, size=8, reading=Reading(split_folders="none"))
    assert len(whole["train"]) == 20


def test_shards_of_one_split_alone_are_the_whole(tmp_path):
    write_tar(tmp_path / "val-0.tar", samples([0, 1] * 5))
    write_tar(tmp_path / "val-1.tar", samples([0, 1] * 5, 10))
    assert len(source_splits(tmp_path, size=8)["train"]) == 20


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train-0", "val-0", "more-0"), "those of others don't: more-0.tar"),
        (("val-0", "test-0"), "none to train on"),
    ],
)
def test_names_that_do_not_say_it(tmp_path, names, expected):
    for number, name in enumerate(names):
        write_tar(tmp_path / f"{name}.tar", samples([0, 1] * 2, 10 * number))
    with pytest.raises(UsageError, match="--split-folders none") as caught:
        source_splits(tmp_path, size=8)
    assert expected in str(caught.value)


def test_a_network_that_knows_its_classes_needs_none_to_train_on(tmp_path):
    for number, name in enumerate(("val-0", "test-0")):
        write_tar(tmp_path / f"{name}.tar", samples([0, 1] * 2, 10 * number))
    splits = source_splits(tmp_path, size=8, reading=Reading(known=("0", "1")))
    assert set(splits) == {"validation", "test"}


def test_split_folders_are_for_folders(tmp_path):
    path = write_tar(tmp_path / "x.tar", samples([0, 1]))
    with pytest.raises(UsageError, match="splits go by the names of the archives"):
        source_splits(path, reading=Reading(split_folders={"train": "A"}))


@pytest.mark.parametrize(
    ("lines", "classes", "note"),
    [
        ("cat\ndog\nhen\n", ("cat", "hen"), "called as in"),
        ("cat\ndog\n", ("0", "2"), "has 2 names, and there is a class 2"),
        ("cat\ncat\nhen\n", ("0", "2"), "has a name twice"),
    ],
)
def test_names_of_classes_beside(tmp_path, lines, classes, note):
    (tmp_path / "classnames.txt").write_text(lines)
    write_tar(tmp_path / "train" / "0.tar", samples([0, 2] * 3))
    write_tar(tmp_path / "test" / "0.tar", samples([0, 2], 6))
    train = source_splits(tmp_path, size=8)["train"]
    assert train.classes == classes
    assert note in words(train)


def test_what_is_left_out_is_told(tmp_path):
    members = [
        *samples([0, 1] * 3),
        ("a.png", plain((1, 1, 1))),  # no label
        ("b.cls", b"1"),  # no image
        ("c.png", plain((2, 2, 2))),
        ("c.jpg", plain((3, 3, 3), kind="JPEG")),
        ("c.cls", b"1"),
        ("d.png", plain((4, 4, 4))),
        ("d.seg.png", plain((5, 5, 5))),
        ("d.json", json.dumps({"label": 1}).encode()),
        ("e.png", b"nonsense"),
        ("e.cls", b"0"),
        special("f.png", tarfile.SYMTYPE, "/etc/passwd"),
    ]
    train = source_splits(write_tar(tmp_path / "x.tar", members), size=8)["train"]
    assert len(train) == 7  # with d.png
    found = {each.path.rpartition("/")[2]: each.reason for each in train.problems}
    assert "neither a .cls nor a .json" in found["a.png"]
    assert "without an image" in found["b"]
    assert found["c.png"] == found["c.jpg"] == "several images of one sample"
    assert "not a readable" in found["e.png"]
    assert "link" in found["f.png"]


def test_an_archive_that_may_be_cut_is_told(tmp_path):
    path = write_tar(tmp_path / "x.tar", samples([0, 1] * 3))
    path.write_bytes(path.read_bytes()[: 12 * 1024])
    (problem,) = source_splits(path, size=8)["train"].problems
    assert "has no end mark" in problem.reason


def test_without_labels_and_folders_it_is_said_where_they_go(tmp_path):
    path = write_tar(tmp_path / "x.tar", [("1.png", plain((1, 1, 1)))])
    with pytest.raises(UsageError, match=r"as 17\.cls \(a number or name\) beside 17\.jpg"):
        source_splits(path)


def test_copies_stay_in_one_split_and_plans_count_the_same(tmp_path):
    members = list(samples([0, 1] * 30))
    members += [
        (f"copy{number}{name[4:]}", each) for number, (name, each) in enumerate(members[:2])
    ]
    path = write_tar(tmp_path / "x.tar", members)
    splits = load_splits(path, size=8)
    facts = collect_facts(path, size=8)
    assert facts.classes == 2
    assert facts.shape == (3, 8, 8)
    assert sum(facts.counts.values()) == sum(map(len, splits.values()))
    tree = tree_of(path)
    files = tree.listing().files
    contents = dict(zip(files, tree.contents(files), strict=True))
    assert contents["copy0.png"] == contents["0000.png"] != contents["0001.png"]


def test_digests_change_with_the_content_alone(tmp_path):
    path = write_tar(tmp_path / "x.tar", samples([0, 1]))
    files = tree_of(path).listing().files
    before = tree_of(path).digests(files)
    write_tar(path, samples([1, 0]))
    assert tree_of(path).digests(files) == before  # other labels
    write_tar(path, [*samples([0, 1])][::2][::-1])
    assert tree_of(path).digests(files) == before  # other places
    write_tar(path, samples([0, 1], 5))
    assert tree_of(path).digests(tree_of(path).listing().files) != before


def test_an_archive_that_became_shorter_or_is_gone_is_told(tmp_path):
    path = write_tar(tmp_path / "x.tar", samples([0, 1]))
    tree = tree_of(path)
    last = tree.listing().files[-1]
    path.write_bytes(path.read_bytes()[:2100])
    with pytest.raises(ImageError, match="has become shorter"):
        tree.read(last)
    path.unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        tree.read(last)


def test_classes_in_names_and_groups(tmp_path):
    members = [(name.replace("/", "_"), content) for name, content in two_classes(8).items()]
    write_tar(tmp_path / "a-0.tar", members[:8])
    write_tar(tmp_path / "a-1.tar", members[8:])
    reading = Reading(class_from="([a-z]+)_", group_by=r"[0-9](?=\.png)")
    train = source_splits(tmp_path, size=8, reading=reading)["train"]
    assert train.classes == ("blue", "red")
    assert train.groups[0] == "0"
