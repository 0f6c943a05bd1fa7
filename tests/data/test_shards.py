"""Which archives a path, a folder or a pattern means."""

import pytest

from convscope.data.shards import find_shards, is_there, join_paths, name_source
from convscope.errors import UsageError
from tests.data.image_files import write_files
from tests.data.tar_files import write_tar


@pytest.fixture
def shards(tmp_path):
    for name in ("train-8", "train-9", "train-10", "val-0"):
        write_tar(tmp_path / "sets" / f"{name}.tar", [])
    return tmp_path / "sets"


def names(paths):
    return [path.stem for path in paths]


def test_a_folder_an_archive_and_patterns(shards):
    everything = ["train-8", "train-9", "train-10", "val-0"]  # in natural order
    assert names(find_shards(shards)) == everything
    assert names(find_shards(shards / "*.tar")) == everything
    assert names(find_shards(shards / "train-?.tar")) == ["train-8", "train-9"]
    assert names(find_shards(shards / "train-{8..10}.tar")) == everything[:3]
    assert names(find_shards(shards / "{train-{8..9},val-0}.tar")) == [
        "train-8",
        "train-9",
        "val-0",
    ]
    assert names(find_shards(shards / "{train-8.tar,val-0.tar}")) == ["train-8", "val-0"]
    assert names(find_shards(shards / "val-0.tar")) == ["val-0"]


def test_numbers_in_a_range_are_as_long_as_its_first(tmp_path):
    write_tar(tmp_path / "a-009.tar", [])
    write_tar(tmp_path / "a-010.tar", [])
    assert names(find_shards(tmp_path / "a-{009..010}.tar")) == ["a-009", "a-010"]


@pytest.mark.parametrize(
    "files",
    [
        {"cats/1.jpg": b"", "all.tar": b""},
        {"1.jpg": b"", "all.tar": b""},
        {"train/cats/1.jpg": b"", "all.tar": b""},
        {"a/0.tar": b"", "b/1.jpg": b""},
        {"a/readme.txt": b"", "b/0.tar": b""},
        {"readme.txt": b""},
        {},
    ],
)
def test_a_folder_with_images_is_one_of_images(tmp_path, files):
    assert find_shards(write_files(tmp_path, files)) == []


def test_archives_may_lie_in_a_folder_for_each_split(tmp_path):
    files = {"train/0.tar": b"", "test/0.tar": b"", "classnames.txt": b"", ".git/x.png": b""}
    found = find_shards(write_files(tmp_path, files))
    assert [path.parent.name for path in found] == ["test", "train"]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("train-{8..11}.tar", "train-11.tar' as well, which isn't there"),
        ("none-*.tar", "No file is called as"),
        ("a{9..1}.tar", "is no range of shards"),
        ("a{1..999999999}.tar", "is no range of shards"),
        ("{0..999}{0..999}.tar", "more than 100,000 shards"),
    ],
)
def test_patterns_that_mean_nothing(shards, pattern, words):
    with pytest.raises(UsageError) as caught:
        find_shards(shards / pattern)
    assert words in str(caught.value)
    assert not is_there(shards / pattern)


def test_a_tar_by_another_name_is_known_by_its_content(tmp_path):
    path = write_tar(tmp_path / "shard.bin", [("1.jpg", b"x")])
    assert find_shards(path) == [path]
    assert find_shards(write_files(tmp_path, {"x.bin": b"no"}) / "x.bin") == []


def test_paths_of_a_shell_become_a_pattern_of_just_those(shards, tmp_path, monkeypatch):
    paths = sorted(map(str, shards.glob("*.tar")))
    assert join_paths(paths) == str(shards / "*.tar")
    assert names(find_shards(tmp_path / join_paths(paths[:2]))) == ["train-8", "train-10"]
    other = str(write_tar(tmp_path / "more" / "x.tar", []))
    joined = join_paths([*paths, other])
    assert {str(each) for each in find_shards(tmp_path / joined)} == {*paths, other}
    monkeypatch.chdir(shards)
    assert join_paths(["digits"]) == "digits"
    assert join_paths(sorted(path.name for path in shards.iterdir())) == "*.tar"


def test_a_pattern_longer_than_any_name_is_one(tmp_path):
    paths = [
        str(write_tar(tmp_path / f"{'x' * 30}-{number}.tar", [])) for number in range(0, 40, 2)
    ]
    write_tar(tmp_path / "other.tar", [])
    assert len(find_shards(tmp_path / join_paths(paths))) == 20
    assert is_there(tmp_path / join_paths(paths))


@pytest.mark.parametrize("paths", [["a.tar", "digits"], ["a.tar", "b{1}.tar"], ["pets", "dogs"]])
def test_what_cannot_be_one_data_set(paths):
    with pytest.raises(UsageError, match=r"DATA is one data set|rename it"):
        join_paths(paths)


def test_names(tmp_path):
    assert name_source(tmp_path / "sets" / "train-{0..9}.tar") == "sets"
    assert name_source(tmp_path / "sets" / "*.tar") == "sets"
    assert name_source(tmp_path / "sets" / "pets.tar") == "pets"
    assert name_source(tmp_path / "pets" / "labels.csv") == "pets"
    assert name_source(tmp_path / "pets") == "pets"
