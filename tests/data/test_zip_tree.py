"""Names in zip archives, marked, unmarked and asked for (the rest of zip archives: test_tree)."""

import struct
import zipfile
import zlib

import pytest

from convscope.data.load import source_splits
from convscope.data.reading import Reading
from convscope.data.zip_tree import ZipTree
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise


class Unmarked(zipfile.ZipInfo):
    """A member whose name is written as bytes, without the mark of UTF-8."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("cp437"), 0


def write_zip(path, names, encoding, extra=None):
    """An archive whose names are bytes in an encoding and aren't marked."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            raw = name.encode(encoding)
            info = Unmarked(raw.decode("cp437"))
            if extra:
                info.extra = extra(raw, name)
            archive.writestr(info, encoded(noise(8, 8, seed=number)))
    return path


CLASSES = {
    "gbk": ("苹果", "香蕉"),
    "shift_jis": ("りんご", "犬"),
    "euc_kr": ("고양이", "바나나"),
    "cp437": ("Bär", "Vögel"),
    "utf-8": ("é", "猫"),
}


def paths(classes):
    return [f"{name}/{number}.png" for name in classes for number in range(2)]


@pytest.mark.parametrize("encoding", CLASSES)
def test_unmarked_names_are_found_out_and_told(tmp_path, encoding):
    path = write_zip(tmp_path / "pets.zip", paths(CLASSES[encoding]), encoding)
    train = source_splits(path, size=8)["train"]
    assert set(train.classes) == set(CLASSES[encoding])
    told = [note for note in train.notes if "aren't marked as UTF-8" in note]
    assert len(told) == (encoding != "utf-8")
    assert all(f"read as {encoding}" in note and "--zip-encoding" in note for note in told)


def test_a_single_character_that_may_be_two_encodings_is_told(tmp_path):
    path = write_zip(tmp_path / "pets.zip", paths(["猫", "dog"]), "gbk")
    train = source_splits(path, size=8)["train"]
    assert train.classes == ("dog", "猫")
    (told,) = [note for note in train.notes if "marked" in note]
    assert "read as gbk, as in 猫/" in told
    assert "utf-8 would give è/" in told
    assert "--zip-encoding" in told
    asked = source_splits(path, size=8, reading=Reading(zip_encoding="utf-8"))["train"]
    assert asked.classes == ("dog", "è")


def test_split_folders_in_another_encoding(tmp_path):
    names = [f"{split}/{file}" for split in ("训练集", "测试集") for file in paths(("猫", "狗"))]
    splits = source_splits(write_zip(tmp_path / "pets.zip", names, "gbk"), size=8)
    assert {name: len(images) for name, images in splits.items()} == {"train": 4, "test": 4}
    assert set(splits["train"].classes) == {"猫", "狗"}


def test_an_encoding_that_is_asked_for(tmp_path):
    path = write_zip(tmp_path / "pets.zip", paths(("貓", "狗")), "big5")
    asked = source_splits(path, size=8, reading=Reading(zip_encoding="big5"))["train"]
    assert set(asked.classes) == {"貓", "狗"}
    with pytest.raises(UsageError, match=r"pets\.zip': the name b'.*' isn't ascii\. Give another"):
        ZipTree(path, "ascii")
    with pytest.raises(UsageError, match="zip_encoding is auto or an encoding, such as gbk"):
        Reading(zip_encoding="gkb")


def test_runs_of_earlier_code_find_their_classes(tmp_path):
    path = write_zip(tmp_path / "pets.zip", paths(("猫", "狗")), "gbk")
    earlier = source_splits(path, size=8, reading=Reading(rules=1))["train"]
    assert set(earlier.classes) == {name.encode("gbk").decode("cp437") for name in ("猫", "狗")}


def test_a_name_in_the_extra_field_counts(tmp_path):
    def extra(raw, name):  # Info-ZIP's Unicode path
        content = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode()
        return struct.pack("<HH", 0x7075, len(content)) + content

    path = write_zip(tmp_path / "pets.zip", paths(("貓", "狗")), "big5", extra)
    train = source_splits(path, size=8)["train"]
    assert set(train.classes) == {"貓", "狗"}
    assert len(train.notes) == 1  # nothing had to be found out
