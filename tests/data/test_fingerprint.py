import hashlib
import json
import os
import time

import pytest

from convscope.data import fingerprint as module
from convscope.data.fingerprint import digests_of_files
from tests.data.image_files import write_files


@pytest.fixture
def reads(monkeypatch):
    """The files that are read for their digest, one after another."""
    names = []
    digest = module.digest_of_file

    def counted(path):
        names.append(path.name)
        return digest(path)

    monkeypatch.setattr(module, "digest_of_file", counted)
    return names


@pytest.fixture
def root(tmp_path):
    return write_files(tmp_path / "pets", {"a/1.png": b"one", "a/2.png": b"two"})


FILES = ["a/1.png", "a/2.png"]


def test_digests_are_sha256(root):
    wanted = [hashlib.sha256(content).hexdigest() for content in (b"one", b"two")]
    assert digests_of_files(root, FILES) == wanted
    assert digests_of_files(root / "a/2.png", [""]) == wanted[1:]


def test_settled_files_are_read_once(root, reads, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", 0.0)
    time.sleep(0.01)
    first = digests_of_files(root, FILES)
    assert digests_of_files(root, FILES) == first
    assert sorted(reads) == ["1.png", "2.png"]


def test_a_touched_file_is_read_again_with_the_same_result(root, reads, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", 0.0)
    time.sleep(0.01)
    first = digests_of_files(root, FILES)
    os.utime(root / "a/1.png", (1, 1))
    assert digests_of_files(root, FILES) == first
    assert reads.count("1.png") == 2
    assert reads.count("2.png") == 1


def test_an_edit_that_keeps_size_and_time_is_noticed(root, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", 0.0)
    time.sleep(0.01)
    first = digests_of_files(root, FILES)
    before = (root / "a/1.png").stat()
    time.sleep(0.02)
    (root / "a/1.png").write_bytes(b"eno")
    os.utime(root / "a/1.png", ns=(before.st_atime_ns, before.st_mtime_ns))
    second = digests_of_files(root, FILES)
    assert first[0] != second[0]
    assert first[1] == second[1]


def test_files_changed_just_now_are_not_trusted(root, reads, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", 3600.0)  # however slow the machine is
    digests_of_files(root, FILES)
    digests_of_files(root, FILES)
    assert len(reads) == 4


@pytest.mark.parametrize("damage", ["", "[]", '{"a/1.png": 3}', '{"a/1.png": [1, 2, 3]}', "\xff"])
def test_a_damaged_table_is_ignored(root, cache, monkeypatch, damage):
    monkeypatch.setattr(module, "SETTLED", 0.0)
    time.sleep(0.01)
    first = digests_of_files(root, FILES)
    (table,) = (cache / "digests").iterdir()
    assert sorted(json.loads(table.read_text())) == FILES
    table.write_text(damage, encoding="latin-1")
    assert digests_of_files(root, FILES) == first


def test_what_cannot_be_read_has_a_digest_too(root):
    assert digests_of_files(root, ["a/gone.png"]) == ["unreadable"]
