"""Which values of 16-bit grey files become black and white.

Cameras and scanners give 10, 12 or 14 bits in files of 16, and often use a small part of these.
The rule, for the 16-bit grey files to train on (all of a folder that isn't divided):

1. From 0 to the largest value of 8, 9, … or 16 bits, the fewest that hold all values.
2. If the values fill less than half of that: from their lowest to their highest.
3. If in that range the middle 99.8 % of the pixels would get fewer than `FEWEST` of the 256 levels
   and lose values by it, as a few glowing pixels cause: the range of these 99.8 %. What lies beyond
   is cut off, and that is said.

So 12-bit files get 0 to 4095, and values from 1050 to 1150 get just this range. 16-bit colour isn't
concerned: its upper 8 bits are kept.

Floating-point files mean 0 to 1 or 0 to 255, each by its own largest value, as a single file that
is predicted has nothing else to go by. Where files of one data set differ in that, it is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convscope.data.decode import ImageError, read_deep_values, read_float_maximum
from convscope.data.parallel import map_in_order
from convscope.data.reading import FULL_RANGE, GreyRange
from convscope.data.tree import Tree

FEWEST = 32
MIDDLE = (0.001, 0.999)
Counts = NDArray[np.int64]


def find_grey_range(tree: Tree, files: Sequence[str]) -> tuple[GreyRange | None, tuple[str, ...]]:
    """The range by the rule above and what to say about it; None if no file is 16-bit grey.

    Args:
        tree: Where the files lie.
        files: Those that decide.
    """
    counts = count_values(tree, files)
    if counts is None:
        return None, ()
    found, is_cut = range_of(counts)
    if found == FULL_RANGE:
        return found, ()
    low, high = found
    note = f"16-bit grey: {low:g} becomes black and {high:g} white, by the range of the files"
    if is_cut:
        note += "; the few values beyond are cut off"
    return found, (f"{note}. Another: --set grey_range=[LOW,HIGH]",)


def note_mixed_floats(tree: Tree, files: Sequence[str]) -> tuple[str, ...]:
    """What to say where some floating-point files are taken as 0 to 1 and others as 0 to 255."""

    def largest(file: str) -> float | None:
        try:
            return read_float_maximum(tree.read(file))
        except ImageError:
            return None  # decoding says what is wrong

    low: list[str] = []
    high: list[str] = []
    for file, value in zip(files, map_in_order(largest, files, chunk=8), strict=True):
        if value is not None:
            (low if value <= 1 else high).append(file)
    if not (low and high):
        return ()
    return (
        f"Warning: of the floating-point files, {len(low):,} have no value above 1 and are taken "
        f"as 0 to 1, as {tree.where(low[0])}; {len(high):,} are taken as 0 to 255, as "
        f"{tree.where(high[0])}. If they share one range, dark ones come out bright: save all as "
        "0 to 1",
    )


def count_values(tree: Tree, files: Sequence[str]) -> Counts | None:
    """How often each of the 65,536 values is there; None if no file is 16-bit grey."""

    def values(file: str) -> Counts | None:
        try:
            found = read_deep_values(tree.read(file))
        except ImageError:
            return None  # decoding says what is wrong
        if found is None or found.min() < 0 or found.max() > FULL_RANGE[1]:
            return None
        return np.bincount(found.reshape(-1), minlength=1 << 16)

    total: Counts | None = None
    for each in map_in_order(values, files, chunk=8):
        if each is not None:
            total = each if total is None else total + each
    return total


def range_of(counts: Counts) -> tuple[GreyRange, bool]:
    """The range by the rule above, and whether values lie beyond it.

    Args:
        counts: (65536,): how many pixels have each value.
    """
    present = np.flatnonzero(counts)
    lowest, highest = int(present[0]), int(present[-1])
    full = max(255, (1 << highest.bit_length()) - 1)
    low, high = (0, full)
    if highest - lowest < full / 2 and full > 255:
        low, high = lowest, max(highest, lowest + 1)
    shares = np.cumsum(counts) / counts.sum()
    first, last = (int(np.searchsorted(shares, share)) for share in MIDDLE)
    values = int(np.count_nonzero(counts[first : last + 1]))
    levels = (last - first) * 255 / (high - low) + 1
    if levels < min(FEWEST, values) and last > first:
        low, high = first, last
    return (float(low), float(high)), low > lowest or high < highest
