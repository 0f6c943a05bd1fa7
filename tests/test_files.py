import csv
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope import files
from convscope.errors import UsageError
from convscope.files import (
    OddFileError,
    append_text,
    atomic_path,
    csv_text,
    file_name,
    read_bytes,
    remove_leftovers,
    write_csv,
    write_text,
)


def test_writes(tmp_path):
    write_text(tmp_path / "a.txt", "卷积")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "卷积"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def write_half():
        with atomic_path(file) as temporary:
            temporary.write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_half()
    assert file.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_name_that_no_file_can_have(tmp_path):
    with pytest.raises(UsageError, match=r"'.*a\\x00b.txt': it holds a NUL"):
        write_text(tmp_path / "a\0b.txt", "x")


def test_others_may_read_the_file(tmp_path):
    write_text(tmp_path / "a.txt", "x")
    (tmp_path / "b.txt").write_text("x")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@given(cells=st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1))
def test_a_table_comes_back_and_no_cell_is_a_formula(cells, tmp_path_factory):
    file = tmp_path_factory.mktemp("tables") / "a.csv"
    write_csv(file, cells)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    flat = [cell for row in rows for cell in row]
    assert not [cell for cell in flat if cell[:1] in set("=+-@\t\r\n")]
    given_texts = [cell for row in cells for cell in row]
    assert [cell.removeprefix("'") for cell in flat] == [
        cell.removeprefix("'") for cell in given_texts
    ]


def test_numbers_in_a_table_stay_numbers(tmp_path):
    rows = [("what", "how much"), ("=1+1", -1.5), ("-x", None)]
    write_csv(tmp_path / "a.csv", rows)
    assert (tmp_path / "a.csv").read_bytes() == csv_text(rows).encode()
    assert (tmp_path / "a.csv").read_text().splitlines() == ["what,how much", "'=1+1,-1.5", "'-x,"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pets", "pets"),
        ("a\nb\x1b[31m", "a_b_[31m"),
        ("ends ", "ends"),
        ("猫" * 80, "猫" * 33),
        ("a/b\\c", "a_b_c"),
        (" ", "data"),
    ],
)
def test_any_text_becomes_part_of_a_file_name(text, expected):
    assert file_name(text) == expected


def test_a_full_disk_is_one_sentence_and_the_old_file_stays(tmp_path):
    """In a process that may write no file larger than a kilobyte."""
    (tmp_path / "a.txt").write_text("old")
    program = (
        "import resource, sys; from pathlib import Path; from convscope import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "for write in (files.write_text, files.append_text):\n"
        "    try: write(Path(sys.argv[1]), 'x' * 5000)\n"
        "    except files.DiskFullError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.txt"], capture_output=True, text=True
    )
    for line in done.stdout.splitlines():
        assert re.search(r"a\.txt' can't be written: .* It needs .* bytes, and .* are free", line)
    assert len(done.stdout.splitlines()) == 2, done.stderr
    assert (tmp_path / "a.txt").read_text().startswith("old")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_leftovers_of_killed_writers_are_removed(tmp_path):
    names = (
        ".model-ab_12xyz.safetensors",
        ".step-00000001-abcdefgh.json",
        ".hidden",
        "a-12345678.x",
    )
    for name in names:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, "model")
    assert {each.name for each in tmp_path.iterdir()} == {*names[1:]}
    remove_leftovers(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {*names[2:]}
    remove_leftovers(tmp_path / "nowhere")


def make_odd(path, kind):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and devices")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_would_never_begin_or_end_is_not_read(tmp_path, kind):
    make_odd(tmp_path / "odd", kind)
    with pytest.raises(OSError, match=r"is no ordinary file|Is a directory"):
        read_bytes(tmp_path / "odd")


def test_an_ordinary_file_is_read_also_by_a_link(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("a")
    assert read_bytes(tmp_path / "link") == b"12345"
    monkeypatch.setattr(files, "MOST_BYTES", 4)
    with pytest.raises(OddFileError, match="is too large"):
        read_bytes(tmp_path / "a")


def test_nothing_is_added_to_what_a_link_leads_to(tmp_path):
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(OddFileError, match="is a link.*'elsewhere'"):
        append_text(tmp_path / "link", "more")
    assert not (tmp_path / "elsewhere").exists()
