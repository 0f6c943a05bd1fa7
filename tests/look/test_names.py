"""Names in a sentence."""

import pytest

from convscope.look.names import join_names


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a and b"),
        ("abc", "a, b and c"),
        ("abcd", "a, b, c and d"),
        ("abcde", "a, b, c, d and 1 more"),
        (range(2000), "0, 1, 2, 3 and 1,996 more"),
    ],
)
def test_names_in_a_sentence(names, text):
    assert join_names(names) == text


def test_the_most_that_are_named_can_be_said():
    assert join_names(iter("abc"), most=1) == "a and 2 more"
    assert join_names({"a": 1, "b": 2}, most=2) == "a and b"
