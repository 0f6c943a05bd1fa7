"""Reading metrics.jsonl while it is written: each row once, whatever happens to the file.

Tests runs/metrics_file.py.
"""

import json

import pytest

from convscope.runs import metrics_file
from convscope.runs.checked_json import write_line
from convscope.runs.metrics_file import (
    MetricsFollower,
    MetricsPlace,
    parse_place,
    parse_row,
    parse_rows,
    read_rows,
)


def line(step, **more):
    return json.dumps({"kind": "step", "step": step, **more}) + "\n"


def steps(part):
    return [row["step"] for row in part.rows]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "metrics.jsonl"


def test_a_file_that_is_not_there_has_no_rows(file):
    part = MetricsFollower(file).read()
    assert (part.rows, part.is_anew, part.is_whole, str(part.place)) == (
        (),
        False,
        True,
        "0-00000000",
    )


def test_each_row_comes_once_and_a_half_one_waits(file):
    file.write_text(line(1) + line(2)[:9])
    follower = MetricsFollower(file)
    first = follower.read()
    assert steps(first) == [1]
    assert first.place.offset == len(line(1))
    assert steps(follower.read()) == []
    with file.open("a") as stream:
        stream.write(line(2)[9:] + line(3))
    second = follower.read()
    assert steps(second) == [2, 3]
    assert steps(MetricsFollower(file, first.place).read()) == [2, 3]
    assert steps(MetricsFollower(file, parse_place(str(second.place))).read()) == []


def test_a_file_written_anew_is_read_anew(file):
    file.write_text(line(1) + line(2) + line(3))
    follower = MetricsFollower(file)
    place = follower.read().place
    # As a resumed run does it: what came later is dropped, and the file is another one.
    shorter = file.with_name("other")
    shorter.write_text(line(1))
    shorter.replace(file)
    part = follower.read()
    assert (steps(part), part.is_anew) == ([1], True)
    with file.open("a") as stream:
        stream.write(line(2, loss=1.5) + line(3, loss=1.5) + line(4))
    again = MetricsFollower(file, place).read()
    assert (steps(again), again.is_anew) == ([1, 2, 3, 4], True)
    assert steps(follower.read()) == [2, 3, 4]


def test_a_file_of_which_only_later_rows_were_dropped_goes_on(file):
    file.write_text(line(1) + line(2))
    place = MetricsFollower(file).read().place
    other = file.with_name("other")
    other.write_text(line(1) + line(2) + line(3))
    other.replace(file)
    part = MetricsFollower(file, place).read()
    assert (steps(part), part.is_anew) == ([3], False)


def test_a_cut_line_is_counted_and_left_out(file):
    file.write_text(line(1) + line(2)[:-4])
    follower = MetricsFollower(file)
    assert steps(follower.read()) == [1]
    with file.open("a") as stream:
        stream.write(line(3) + line(4) + "[1]\n" + "\x00\xff\n")
    part = follower.read()
    assert (steps(part), part.damaged) == ([4], 3)
    assert read_rows(file) == (({"kind": "step", "step": 1}, {"kind": "step", "step": 4}), 3)


def test_much_is_read_in_parts(file, monkeypatch):
    monkeypatch.setattr(metrics_file, "MOST_BYTES", 64)
    file.write_text("".join(map(line, range(10))) + line(10, text="x" * 200))
    follower = MetricsFollower(file)
    parts = [follower.read() for _ in range(12)]
    assert [step for part in parts for step in steps(part)] == list(range(11))
    assert not parts[0].is_whole
    assert parts[-1].is_whole
    assert [row["step"] for row in read_rows(file)[0]] == list(range(11))


def test_a_vanished_file_is_an_empty_one(file):
    file.write_text(line(1))
    follower = MetricsFollower(file)
    follower.read()
    file.unlink()
    part = follower.read()
    assert (part.rows, part.is_anew) == ((), True)


@pytest.mark.parametrize("text", ["", "x", "-1-00000000", "5", "5-zz", "5-0000000g", "٣-00000000"])
def test_what_is_no_place_is_the_beginning(text):
    assert parse_place(text) == MetricsPlace()


def test_rows_of_earlier_versions_get_the_names_of_now():
    assert parse_row(b'{"kind": "epoch", "pictures_per_second": 3}') == {
        "kind": "epoch",
        "images_per_second": 3,
    }


def lines_as_written():
    """Of steps and epochs, as a training writes them, without their ends."""
    for step in range(1, 301):
        yield write_line({"kind": "step", "step": step, "loss": 1 / step}).encode()[:-1]
        if step % 50 == 0:
            row = {"kind": "epoch", "step": step, "epoch": step // 50, "pictures_per_second": 9.5}
            yield write_line(row).encode()[:-1]


def one_by_one(lines):
    """The rows of lines by `parse_row`, and how many were none."""
    rows, damaged = [], 0
    for each in lines:
        try:
            rows.append(parse_row(each))
        except ValueError:
            damaged += 1
    return rows, damaged


@pytest.mark.parametrize("old", [b'{"kind": "step", "step": 7}', b'\xef\xbb\xbf{"kind": "x"}'])
@pytest.mark.parametrize(
    "bad",
    [b"", b"{", b"7", b'{"kind": "step", "step": -1}', b'{"kind": "step", "loss": 1, "check": "1"}',
     b'{"kind": "step", "step": 1}, {"kind": "step", "step": 2}', b"\xff",
     write_line({"kind": 7, "step": 1}).encode()[:-1],
     write_line({"kind": "step", "step": 3}).replace("3", "4", 1).encode()[:-1]],
)  # fmt: skip
def test_many_lines_at_once_are_as_each_by_itself(old, bad):
    good = list(lines_as_written())
    for lines in (good, [*good, old], [*good[:9], bad, *good[9:]], [bad, old], [old], [bad], []):
        rows, damaged = parse_rows(lines)
        assert (rows, damaged) == one_by_one(lines)
        fewer, damaged_again = parse_rows(lines, without_steps=True)
        assert fewer == [
            row
            for place, row in enumerate(rows)
            if row["kind"] != "step" or (place == len(rows) - 1 and lines[-1] != bad)
        ]
        if all(line in good for line in lines):
            assert damaged_again == damaged


def test_rows_without_those_of_steps(file):
    file.write_bytes(b"\n".join([*lines_as_written(), b""]))
    rows, damaged = read_rows(file, without_steps=True)
    assert [row["step"] for row in rows] == [50, 100, 150, 200, 250, 300]
    assert rows[0]["images_per_second"] == 9.5
    assert damaged == 0
