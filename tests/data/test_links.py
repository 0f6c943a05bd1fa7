"""Links inside a data set: followed where each image stays one sample, and else left out."""

import os
import sys
from pathlib import Path

import pytest

from convscope.data.links import find_stores
from convscope.data.load import source_splits
from convscope.data.tree import FolderTree
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise, write_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent))


@pytest.fixture
def linked(tmp_path):
    """Makes a folder whose classes are links into `store`."""

    def make(store, classes=("cats", "dogs"), count=3):
        root = tmp_path / "pets"
        for label, name in enumerate(classes):
            for number in range(count):
                object_file = root / store.format(f"{label}-{number}")
                object_file.parent.mkdir(parents=True, exist_ok=True)
                object_file.write_bytes(encoded(noise(8, 8, seed=10 * label + number)))
                link(root / name / f"{number}.png", object_file)
        return root

    return make


@pytest.mark.parametrize(
    "store",
    [
        ".git/annex/objects/xx/{0}/SHA256E-{0}.png/SHA256E-{0}.png",  # git-annex, DataLad
        ".dvc/cache/{0}",
        "blobs/{0}.png",  # as data lakes and caches have it
        "lake/deep/er/{0}.png",
    ],
)
def test_links_to_a_store_inside_are_followed(linked, store):
    root = linked(store)
    train = source_splits(root, size=8)["train"]
    assert train.counts() == {"cats": 3, "dogs": 3}
    assert {Path(path).relative_to(root).parts[0] for path in train.paths} == {"cats", "dogs"}


def test_splits_of_links_into_one_store(linked):
    root = linked("all/{0}.png", ["train/cats", "train/dogs", "test/cats", "test/dogs"])
    assert {k: len(v) for k, v in source_splits(root, size=8).items()} == {"train": 6, "test": 6}
    assert [problem.reason for problem in FolderTree(root).listing().problems] == [
        "a store of files that links in other folders lead to"
    ]


def test_content_that_is_not_here_is_the_reason_in_the_error(linked):
    root = linked(".git/annex/objects/{0}.png", count=5)
    for file in (root / ".git/annex/objects").iterdir():
        file.unlink()
    with pytest.raises(UsageError) as raised:
        source_splits(root)
    assert "5 times a link to nothing; its content isn't here: git annex get" in str(raised.value)


def test_a_link_to_an_ordinary_image_makes_no_second_sample(tmp_path):
    root = write_files(tmp_path, {f"{c}/{i}.png": b"x" for c in "ab" for i in range(3)})
    link(root / "a/twin.png", root / "b/1.png")
    link(root / "c/twin.png", root / "b/2.png")
    listing = FolderTree(root).listing()
    assert not [file for file in listing.files if "twin" in file]
    assert {problem.reason for problem in listing.problems} == {
        "a link to something inside the same folder"
    }


def test_cycles_end(tmp_path):
    root = write_files(tmp_path / "pets", {"a/1.png": b"1", ".hidden/2.png": b"2"})
    link(root / ".hidden/up", root)
    link(root / "a/more", root / ".hidden")
    link(root / "a/again", root / ".hidden")
    listing = FolderTree(root).listing()
    hidden = [file for file in listing.files if file.endswith("2.png")]
    assert len(hidden) == 1
    assert len(listing.files) == 2


def test_stores():
    files = ["s/1", "s/2", "t/1", "u/deep/1"]
    links = {"a/1": "s/1", "b/1": "s/2", "a/2": "t/1", "c/1": "u/deep/1", "d/1": "u/deep/1"}
    assert find_stores(files, links) == {"s", "u", "u/deep"}
    assert find_stores([*files, "s/3"], links) == {"u", "u/deep"}
