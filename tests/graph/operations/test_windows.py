"""The geometry of windows, by counting places one by one."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from convscope.graph.operations.windows import (
    WindowAxis,
    look_through_parts,
    part,
    parts_over,
)
from convscope.graph.region import Extent

windows = st.builds(
    WindowAxis,
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
)


def places(window, number):
    """By the definition."""
    return [
        number * window.stride - window.padding + window.dilation * k for k in range(window.kernel)
    ]


def extent(numbers, size):
    return Extent(np.isin(np.arange(size), numbers), min(numbers), max(numbers))


@given(windows, st.integers(0, 6), st.integers(1, 12))
def test_windows_cover_places_and_places_lie_in_windows(window, number, count):
    assert window.covers(number).tolist() == places(window, number)
    for place in range(-2, 14):
        over, entries = window.over(place, count)
        expected = [
            (i, places(window, i).index(place)) for i in range(count) if place in places(window, i)
        ]
        assert list(zip(over.tolist(), entries.tolist(), strict=True)) == expected
    for entry in range(window.kernel):
        assert window.met_by(entry, count).tolist() == [
            places(window, i)[entry] for i in range(count)
        ]


@given(windows, st.sets(st.integers(0, 5), min_size=1), st.integers(1, 14))
def test_what_is_seen_through_windows(window, numbers, size):
    seen = window.seen_through(extent(sorted(numbers), 6), size)
    every = {place for i in numbers for place in places(window, i)}
    assert np.flatnonzero(seen.inside).tolist() == sorted(p for p in every if 0 <= p < size)
    assert (seen.first, seen.last) == (min(every), max(every))


@given(windows, st.sets(st.integers(0, 9), min_size=1), st.integers(1, 12))
def test_which_windows_reach_places(window, asked, count):
    found = window.reaching(extent(sorted(asked), 10), count)
    expected = [i for i in range(count) if asked & set(places(window, i))]
    assert np.flatnonzero(found.inside).tolist() == expected


@given(st.integers(1, 12), st.data())
def test_parts_hold_all_places(size, data):
    count = data.draw(st.integers(1, size))
    parts = [part(i, size, count).tolist() for i in range(count)]
    assert sorted({place for each in parts for place in each}) == list(range(size))
    for place in range(size):
        assert parts_over(place, size, count).tolist() == [
            i for i, each in enumerate(parts) if place in each
        ]
    some = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    seen = look_through_parts(extent(sorted(some), count), size, count)
    assert np.flatnonzero(seen.inside).tolist() == sorted({p for i in some for p in parts[i]})
