"""Tests data/check/files.py, data/check/find.py, data/check/finding.py, data/check/classes.py,
data/check/odd.py, data/check/figure.py.
"""

import json

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.data.check.check import check
from convscope.data.check.figure import draw_duplicates
from convscope.data.load import source_splits
from convscope.errors import UsageError
from tests.data.check.scenes import image_set, scene, scenes
from tests.data.image_files import encoded, noise, write_files


def files(count=24, first=0, kind="PNG"):
    """Files of two classes."""
    return {
        f"{'cats' if row % 2 else 'dogs'}/{first + row}.png": encoded(
            scene(first + row).transpose(1, 2, 0), kind
        )
        for row in range(count)
    }


def png(seed, **options):
    return encoded(scene(seed).transpose(1, 2, 0), "PNG", **options)


def split_folder(root, train, test):
    named = {f"train/{name}": content for name, content in train.items()}
    return write_files(root, named | {f"test/{name}": content for name, content in test.items()})


def found(checked, kind):
    return [each for each in checked.findings if each.kind == kind]


def test_a_clean_folder_has_no_findings(tmp_path):
    checked = check(split_folder(tmp_path / "pets", files(44), files(6, first=100)))
    assert checked.findings == ()
    assert checked.images == {"train": 44, "test": 6}
    assert set(checked.counts().values()) == {0}


def test_exact_duplicates_are_told_by_file_and_by_pixels(tmp_path):
    train = files(44) | {
        "dogs/again.png": png(0),
        "dogs/third.png": png(0),
        "cats/repacked.png": png(1, compress_level=1),
    }
    root = split_folder(tmp_path / "pets", train, files(6, first=100))
    checked = check(root)
    same = found(checked, "same file")
    assert [(each.place.path, each.other.path) for each in same] == [
        (f"{root}/train/dogs/0.png", f"{root}/train/dogs/again.png"),
        (f"{root}/train/dogs/0.png", f"{root}/train/dogs/third.png"),
    ]
    (pixels,) = found(checked, "same pixels")
    assert {pixels.place.path, pixels.other.path} == {
        f"{root}/train/cats/1.png",
        f"{root}/train/cats/repacked.png",
    }
    assert pixels.similarity == 1
    assert not found(checked, "near duplicate")


def test_what_is_the_same_only_after_resizing_is_a_near_duplicate(tmp_path):
    large = scene(50, 128).transpose(1, 2, 0).copy()
    other = large.copy()
    other[64, 64] ^= 1
    pair = {"dogs/large.png": encoded(large), "dogs/other.png": encoded(other)}
    root = write_files(tmp_path / "pets", files(44) | pair)
    train = source_splits(root, size=32)["train"]
    first, second = (train.paths.index(f"{root}/{name}") for name in pair)
    assert (train.images[first] == train.images[second]).all()
    (finding,) = [each for each in check(root, size=32).findings if each.other]
    assert finding.kind == "near duplicate"
    assert finding.similarity > 0.999


def test_leaks_and_conflicts_come_first(tmp_path):
    train = files(44) | {"dogs/again.png": png(0), "cats/wrong.png": png(2)}
    root = split_folder(tmp_path / "pets", train, files(6, first=100) | {"dogs/leak.png": png(7)})
    checked = check(root)
    leak, conflict, plain = checked.findings
    assert leak.across_splits
    assert leak.labels_differ
    assert (leak.place.split, leak.other.split) == ("train", "test")
    assert (leak.place.label, leak.other.label) == ("cats", "dogs")
    assert conflict.labels_differ
    assert not conflict.across_splits
    assert not plain.labels_differ
    assert checked.counts()["across splits"] == 1
    assert checked.counts()["labels differ"] == 2


def test_near_duplicates_across_splits(tmp_path):
    bright = Image.fromarray(scene(7).transpose(1, 2, 0)).resize((40, 40))
    test = files(6, first=100) | {"cats/leak.jpg": encoded(bright, "JPEG", quality=60)}
    checked = check(split_folder(tmp_path / "pets", files(44), test))
    (leak,) = checked.findings
    assert leak.kind == "near duplicate"
    assert leak.across_splits
    assert leak.place.path.endswith("train/cats/7.png")
    assert leak.other.path.endswith("test/cats/leak.jpg")
    assert leak.detail == "nearly the same"


def test_a_zip_archive_is_checked_like_a_folder(tmp_path):
    import zipfile

    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files(44) | {"dogs/again.png": png(0)}).items():
            archive.writestr(name, content)
    (same,) = check(path).findings
    assert same.kind == "same file"
    assert same.place.path == f"{path}/dogs/0.png"


def test_unreadable_files_links_and_empty_folders_are_named(tmp_path):
    root = write_files(
        tmp_path / "pets",
        files(44)
        | {"cats/cut.jpg": encoded(noise(40, 40), "JPEG")[:-200], "dogs/x.png": b"<html>"},
    )
    (root / "birds").mkdir()
    (root / "cats" / "loop").symlink_to(root)
    reasons = {each.place.path: each.detail for each in found(check(root), "unreadable")}
    assert reasons.pop(str(root / "birds")) == "a folder without files"
    assert reasons.pop(str(root / "cats/loop")) == "a link to something inside the same folder"
    assert "truncated" in reasons.pop(str(root / "cats/cut.jpg"))
    assert "not a readable" in reasons.pop(str(root / "dogs/x.png"))
    assert reasons == {}
    assert (root / "cats" / "loop").is_symlink()


def test_images_of_one_colour(tmp_path):
    images = scenes(44)
    images[3], images[5], images[7] = 0, 255, 90
    images[9] = 3
    images[9, 0, 0, 0] = 5
    findings = check({"train": image_set(images)}).findings
    assert [(each.kind, each.place.path, each.detail) for each in findings] == [
        ("one colour", "3", "all black"),
        ("one colour", "5", "all white"),
        ("one colour", "7", "all one colour"),
        ("one colour", "9", "nearly all black"),
    ]


def test_the_few_odd_sizes_are_named(tmp_path):
    odd = {
        "cats/tall.png": encoded(noise(300, 40)),
        "dogs/large.png": encoded(noise(200, 220, seed=1)),
        "dogs/fine.png": encoded(noise(40, 60, seed=2)),
    }
    sizes = found(check(write_files(tmp_path / "pets", files(44) | odd)), "odd size")
    assert {each.place.path.rsplit("/", 1)[1]: each.detail for each in sizes} == {
        "tall.png": "300×40 pixels, where 32×32 is usual",
        "large.png": "200×220 pixels, where 32×32 is usual",
    }


def test_many_sizes_are_no_exception(tmp_path):
    odd = {f"cats/{n}.png": encoded(noise(130, 130, seed=n)) for n in range(6)}
    assert not found(check(write_files(tmp_path / "pets", files(44) | odd)), "odd size")


def test_empty_and_small_classes_and_imbalance():
    images = scenes(230, 16, 1)
    labels = np.array([0] * 225 + [1] * 5)
    train = image_set(images, labels)
    test = image_set(scenes(4, 16, 1, first=500), np.zeros(4, int), "test")
    details = [each.detail for each in check({"test": test, "train": train}).findings]
    assert details == [
        "5 images of 'b' to train on; fewer than 20 are too few",
        "no images of 'b' in test",
        "225 images of 'a' but 5 of 'b': accuracy will hide mistakes on the smaller classes",
    ]


def test_images_too_small_are_only_compared_exactly():
    images = scenes(44, 8, 1)
    images[9] = images[4]
    checked = check({"train": image_set(images)})
    assert [each.kind for each in checked.findings] == ["same pixels"]
    assert checked.note == "No search for near duplicates: it needs 16 pixels a side."
    assert check("digits").note == checked.note


def test_json_and_table_hold_all_findings(tmp_path):
    images = scenes(44)
    images[9] = images[4]
    checked = check({"train": image_set(images)})
    plain = json.loads(json.dumps(checked.as_dict()))
    assert plain["findings"] == [
        {
            "kind": "same pixels",
            "path": "4",
            "split": "train",
            "class": "a",
            "detail": "",
            "other": {"path": "9", "split": "train", "class": "b"},
            "similarity": 1.0,
            "across_splits": False,
            "labels_differ": True,
        }
    ]
    assert plain["counts"]["same pixels"] == plain["counts"]["labels differ"] == 1
    assert plain["images"] == {"train": 44}
    heading, row = checked.rows()
    assert dict(zip(heading, row, strict=True)) == {
        "kind": "same pixels",
        "path": "4",
        "split": "train",
        "class": "a",
        "other_path": "9",
        "other_split": "train",
        "other_class": "b",
        "similarity": 1.0,
        "detail": "",
    }


@pytest.mark.slow
def test_the_figure_shows_pairs_of_every_kind(tmp_path):
    images = scenes(200)
    images[100:] = images[:100]
    splits = {"train": image_set(images), "test": image_set(images[:3], split="test")}
    checked = check(splits)
    assert draw_duplicates(tmp_path / "pairs.png", checked, splits) == 60
    with Image.open(tmp_path / "pairs.png") as figure:
        assert figure.height > figure.width
    clean = check({"train": image_set(scenes(44))})
    with pytest.raises(UsageError, match="^--figure shows duplicates, and none were found"):
        draw_duplicates(tmp_path / "none.png", clean, {})
    assert not (tmp_path / "none.png").exists()


def test_arrays_need_no_files():
    whole = cs.ImageSet(scenes(44), np.arange(44) % 2, ("a", "b"))
    assert check(whole).findings == ()
