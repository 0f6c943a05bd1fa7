import contextlib
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.plain_pickle import Called, Named, read_plain_pickle

plain = st.recursive(  # small, because only the kinds of things matter
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(plain, st.integers(3, 5))
def test_plain_data_comes_back(value, protocol):
    assert read_plain_pickle(pickle.dumps(value, protocol)) == value


@given(plain)
def test_protocol_2_as_well(value):
    if "b''" not in repr(value):  # no bytes at all are another call there
        assert read_plain_pickle(pickle.dumps(value, 2)) == value


@pytest.mark.parametrize("end", [b"K\x01s.", b"R.", b"b.", b"0h\x7f.", b"."])
def test_nested_tuples_that_share_tuples_take_no_time(end):
    """As a key, or in a message, each level would double the work: 2^90 steps here."""
    content = b"\x80\x02}" + b")" + b"q\x01h\x01\x86" * 90 + end
    with contextlib.suppress(ValueError):
        read_plain_pickle(content)


def test_python_2_strings_are_text():
    content = b"\x80\x02}q\x00(U\x05labelq\x01K\x07T\x02\x00\x00\x00\xff\x00K\x08u."
    assert read_plain_pickle(content) == {"label": 7, "\xff\0": 8}


@pytest.mark.parametrize("protocol", [2, 4])
def test_an_array_becomes_a_note(protocol):
    note = read_plain_pickle(pickle.dumps(np.arange(3, dtype=np.uint8), protocol))
    assert isinstance(note, Called)
    assert isinstance(note.function, Named)
    assert note.function.name.endswith("multiarray._reconstruct")
    assert note.state[1] == (3,)


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def attacks(canary):
    shell = f"touch {canary}"
    code = f"open({str(canary)!r}, 'w')"
    yield from (
        Attack(os.system, shell),
        Attack(subprocess.run, shell, False),
        Attack(eval, code),
        Attack(exec, code),
        Attack(open, str(canary), "w"),
        Attack(os.mkdir, str(canary)),
        Attack(getattr, "text", "upper"),
        Attack(__import__, "antigravity"),
    )


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_nothing_is_ever_run(tmp_path, number, protocol):
    canary = tmp_path / "canary"
    attack = list(attacks(canary))[number]
    before = set(sys.modules)
    for value in (attack, {"data": attack, "labels": [0]}, [attack]):
        with contextlib.suppress(ValueError):
            read_plain_pickle(pickle.dumps(value, protocol))
    assert not canary.exists()
    assert set(sys.modules) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "pickle exhausted before seeing STOP"),
        (b"\x80\x02K\x01", "pickle exhausted before seeing STOP"),
        (b"\x80\x02.", "not a pickle that can be read: IndexError"),
        (b"\x80\x02K\x01K\x02a.", "treats a int as a list"),
        (b"\x80\x02h\x05.", "not a pickle that can be read: KeyError"),
        (b"\x80\x02u.", "not a pickle that can be read: StopIteration"),
        (b"cos\nsystem\n\x81.", "the pickle uses NEWOBJ, which plain data does not need"),
        (b"\x80\x02T\xff\xff\xff\x7fx.", "expected 2147483647 bytes"),
    ],
)
def test_nonsense_is_a_value_error(content, message):
    with pytest.raises(ValueError, match=message):
        read_plain_pickle(content)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 20))
def test_no_other_error_ever_comes_out(insert, position, length):
    content = pickle.dumps({"labels": [1, 2], "data": np.zeros((2, 3), np.uint8)}, 2)
    with contextlib.suppress(ValueError):
        read_plain_pickle(content[:position] + insert + content[position + length :])
