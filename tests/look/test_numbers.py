"""Numbers in words: by hand at the boundaries, and read back for any number."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.look.numbers import (
    clock,
    counted,
    duration,
    number,
    percent,
    quantity,
    size,
    write_as,
)

SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5}
BYTES = {"bytes": 0, "byte": 0, "kB": 1, "MB": 2, "GB": 3, "TB": 4, "PB": 5}
ALL = (number, percent, quantity, size, duration, clock)


def read(text):
    """The number that people read, of digits with separators and a true minus sign."""
    assert "-" not in text.replace("e-", "")
    return float(text.replace(",", "").replace("−", "-"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.000_012, "12 µs"),
        (0.000_2, "0.2 ms"),
        (0.008_41, "8.41 ms"),
        (0.999_4, "999 ms"),
        (0.999_6, "1 s"),
        (12.34, "12.3 s"),
        (59.6, "59.6 s"),
        (99.4, "99.4 s"),
        (99.6, "1 min 40 s"),
        (250, "4 min 10 s"),
        (180, "3 min"),
        (596, "10 min"),
        (1400, "23 min"),
        (3599, "1 h"),
        (12_000, "3 h 20 min"),
        (3_600_000, "1,000 h"),
        (-12.34, "−12.3 s"),
        (-250, "−4 min 10 s"),
        (-1e-12, "0 s"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00"),
        (7, "0:07"),
        (59.4, "0:59"),
        (59.6, "1:00"),
        (750, "12:30"),
        (3599.6, "1:00:00"),
        (3723, "1:02:03"),
        (-61, "−1:01"),
        (-0.2, "0:00"),
    ],
)
def test_clocks(seconds, words):
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (999.6, "1 kB"),
        (1024, "1.02 kB"),
        (64e6, "64 MB"),
        (640.4e6, "640 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1 GB"),
        (2.314e9, "2.31 GB"),
        (-1_659_976, "−1.66 MB"),
        (-0.0, "0 bytes"),
        (5e18, "5,000 PB"),
    ],
)
def test_sizes(count, words):
    assert size(count) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (500, "500"),
        (999.4, "999"),
        (999.5, "1 k"),
        (17_219_072, "17.2 M"),
        (1.82e9, "1.82 G"),
        (-1500, "−1.5 k"),
    ],
)
def test_quantities(count, words):
    assert quantity(count) == words


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (0.280_194_4, 4, "0.2802"),
        (0.5, 4, "0.5"),
        (0, 4, "0"),
        (-0.0, 4, "0"),
        (-0.012_345_6, 4, "−0.01235"),
        (1234.4, 4, "1,234"),
        (123_456, 4, "123,500"),
        (1e-7, 3, "1e−07"),
        (-2.5e20, 3, "−2.5e+20"),
    ],
)
def test_plain_numbers(value, digits, words):
    assert number(value, digits) == words


@pytest.mark.parametrize(
    ("share", "digits", "words"),
    [
        (0.9234, 1, "92.3 %"),
        (0.9234, 2, "92.34 %"),
        (0.5, 0, "50 %"),
        (0.999_6, 1, "100.0 %"),
        (0, 1, "0.0 %"),
        (-0.051, 1, "−5.1 %"),
        (-0.000_1, 1, "0.0 %"),
    ],
)
def test_percentages(share, digits, words):
    assert percent(share, digits) == words


def test_a_count_with_its_noun():
    assert counted(1, "mistake") == "1 mistake"
    assert counted(0, "mistake") == "0 mistakes"
    assert counted(1764, "class", "classes") == "1,764 classes"


@pytest.mark.parametrize("write", ALL)
def test_where_there_is_no_number(write):
    assert write(None) == write(math.nan) == "–"
    assert write(math.inf) == "∞"
    assert write(-math.inf) == "−∞"


@pytest.mark.parametrize("write", [number, quantity, size, duration])
@given(value=st.floats(1e-3, 1e14))
def test_below_zero_is_the_same_with_a_minus_sign(write, value):
    assert write(-value) == f"−{write(value)}"


@given(st.floats(1e-9, 1e6))
def test_durations_say_the_seconds(seconds):
    parts = duration(seconds).split(" ")
    said = sum(
        read(value) * SECONDS[unit] for value, unit in zip(parts[::2], parts[1::2], strict=True)
    )
    assert said == pytest.approx(seconds, rel=0.006, abs=0 if seconds < 595 else 30)
    assert all(0 < read(value) < 1000 for value in parts[::2])


@pytest.mark.parametrize(("write", "units"), [(size, BYTES), (quantity, POWERS)])
@given(count=st.integers(1, 10**17))
def test_amounts_say_the_number_in_three_digits(write, units, count):
    value, _, unit = write(count).partition(" ")
    assert read(value) * 1000 ** units[unit] == pytest.approx(count, rel=0.005_01)
    assert 1 <= read(value) < 1000
    assert len(value.replace(".", "")) <= 3


@given(st.floats(-1e14, 1e14), st.integers(2, 8))
def test_numbers_have_the_digits_they_say(value, digits):
    text = number(value, digits)
    assert read(text.replace("e−", "e-")) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.641, ".0%", "64 %"),
        (-0.5, ".1%", "−50.0 %"),
        (0.0, ".1e", "0"),
        (1.8e-15, ".1e", "1.8e−15"),
        (3_600_000_000, ",", "3,600,000,000"),
        (np.float32(-2.5), ".2f", "−2.50"),
        ("channels-last", "", "channels-last"),
        ([2, -4], "", "[2, -4]"),
    ],
)
def test_pythons_formats_are_written_as_all_numbers_are(value, form, text):
    assert write_as(value, form) == text
