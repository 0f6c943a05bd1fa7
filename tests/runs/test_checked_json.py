import json
import random

import pydantic
import pytest

from convscope.errors import ConvscopeError
from convscope.runs.checked_json import read_checked, read_line, write_checked, write_line


class Anything(pydantic.BaseModel, extra="allow"):
    a: int


CONTENT = {"a": 1, "name": "卷积 \x1b[31m", "table": {"x": [1.5, None, True]}}


def flips(raw, count, seed=0):
    """`count` copies of `raw`, each with another bit changed."""
    places = random.Random(seed).sample(range(8 * len(raw)), min(count, 8 * len(raw)))
    for place in places:
        damaged = bytearray(raw)
        damaged[place // 8] ^= 1 << place % 8
        yield bytes(damaged)


@pytest.mark.parametrize("indent", [None, 2])
def test_every_flipped_bit_is_noticed(tmp_path, indent):
    file = tmp_path / "x.json"
    write_checked(file, CONTENT, indent=indent)
    assert read_checked(file, Anything, "") == CONTENT
    raw = file.read_bytes()
    for damaged in flips(raw, 8 * len(raw)):
        file.write_bytes(damaged)
        with pytest.raises(ConvscopeError, match=r"x\.json' is damaged: .* Put it back"):
            read_checked(file, Anything, "Put it back.")


def test_every_flipped_bit_of_a_line_is_noticed():
    line = write_line({"kind": "step", "step": 3, "loss": 0.25}).rstrip("\n").encode()
    assert read_line(line) == {"kind": "step", "step": 3, "loss": 0.25}
    for damaged in flips(line, 8 * len(line)):
        with pytest.raises(ValueError, match="."):
            read_line(damaged)


def test_any_json_program_reads_it(tmp_path):
    write_checked(tmp_path / "x.json", CONTENT)
    assert json.loads((tmp_path / "x.json").read_text("utf-8")).items() >= CONTENT.items()


def test_a_file_of_earlier_versions_is_read_as_it_is(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1, "b": 2}')
    assert read_checked(tmp_path / "x.json", Anything, "") == {"a": 1, "b": 2}
    assert read_line(b'{"kind": "step", "step": 3}') == {"kind": "step", "step": 3}


def test_names_that_are_no_unicode_are_kept(tmp_path):
    write_checked(tmp_path / "x.json", {"a": 1, "name": "\udcff"})
    assert read_checked(tmp_path / "x.json", Anything, "")["name"] == "\udcff"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"a": "x"}', b'{"b": 1}', b"[" * 100_000, b"\xff", b'{"a": NaN}'],
)
def test_what_is_no_such_file_is_one_error(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ConvscopeError, match="is damaged"):
        read_checked(tmp_path / "x.json", Anything, "")
