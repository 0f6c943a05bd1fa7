"""Several links to one object: it counts once in a class, and that is said."""

import os
import sys
from dataclasses import replace

import pytest

from convscope.data.folder import layout_of
from convscope.data.reading import DEFAULT
from convscope.data.second_links import SECOND
from convscope.data.tree import FolderTree
from tests.data.image_files import write_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")


def linked(root, store, links):
    """Objects in `store`, and links to them: path → object."""
    for path, target in links.items():
        write_files(root / store, {target: target.encode()})
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(os.path.relpath(root / store / target, (root / path).parent))
    return root


@pytest.mark.parametrize("store", [".git/annex/objects", "blobs", "../elsewhere"])
def test_a_class_holds_an_object_once(tmp_path, store):
    links = {"a/1.png": "A", "a/2.png": "A", "a/deep/3.png": "A", "a/4.png": "B", "b/1.png": "A"}
    root = linked(tmp_path / "pets", store, links)
    found = layout_of(FolderTree(root), DEFAULT)
    assert list(found.places) == ["a/1.png", "a/4.png", "b/1.png"]
    left = [problem.path for problem in found.problems if problem.reason == SECOND]
    assert left == [str(root / "a/2.png"), str(root / "a/deep/3.png")]


def test_links_of_other_splits_and_classes_stay_to_be_found_as_copies(tmp_path):
    links = {f"{split}/{name}.png": "A" for split in ("train", "test") for name in ("a/1", "b/1")}
    root = linked(tmp_path / "pets", ".store", links)
    assert len(layout_of(FolderTree(root), DEFAULT).places) == 4


def test_the_class_may_stand_in_the_name(tmp_path):
    links = {"a-1.png": "A", "a-2.png": "A", "b-1.png": "A"}
    root = linked(tmp_path / "pets", ".store", links)
    found = layout_of(FolderTree(root), replace(DEFAULT, class_from="(.)-"))
    assert list(found.places) == ["a-1.png", "b-1.png"]


def test_files_that_are_no_links_stay(tmp_path):
    root = write_files(tmp_path, {"a/1.png": b"x", "a/2.png": b"x", "b/1.png": b"y"})
    os.link(root / "a/1.png", root / "a/3.png")
    assert len(layout_of(FolderTree(root), DEFAULT).places) == 4
