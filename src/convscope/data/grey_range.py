"""Which values of grey files of more than 8 bits become black and white.

Cameras and scanners give 10, 12 or 14 bits in files of 16, and often use a small part of these;
measurements (depth, density, temperature) come as floating-point numbers of any size. The rule, for
all such files to train on (all of a folder that isn't divided):

1. From 0 to the largest value of 8, 9, … or 16 bits, the fewest that hold all values. Where some
   are no 16-bit numbers: from 0 to 1, if all lie there; from −1 to 1; or else as above.
2. If the values fill less than half of that: from their lowest to their highest. Likewise where
   they lie beyond all of these.
3. If in that range the middle 99.8 % of the pixels would get fewer than `FEWEST` of the 256 levels
   and lose values by it, as a few glowing pixels cause: the range of these 99.8 %. What lies beyond
   is cut off, and that is said.

So 12-bit files get 0 to 4095, values from 1050 to 1150 get just this range, and so do
floating-point values from −1000 to 2000. 16-bit colour isn't concerned: its upper 8 bits are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convscope.data.decode import ImageError, read_deep_values
from convscope.data.parallel import map_in_order
from convscope.data.reading import FULL_RANGE, GreyRange
from convscope.data.tree import Tree
from convscope.look.names import join_names

FEWEST = 32
MIDDLE = (0.001, 0.999)
BINS = 1 << 16
FLOAT = "Floating-point grey"
Counts: TypeAlias = NDArray[np.int64]
Extent: TypeAlias = tuple[float, float]


def find_grey_range(tree: Tree, files: Sequence[str]) -> tuple[GreyRange | None, tuple[str, ...]]:
    """The range by the rule above and what to say about it; None if no file is concerned.

    Args:
        tree: Where the files lie.
        files: Those that decide.
    """
    extents = {
        file: extent for file, extent in _of_each(tree, files, _extent) if extent is not None
    }
    if not extents:
        return None, ()
    lowest = min(low for low, _, _ in extents.values())
    highest = max(high for _, high, _ in extents.values())
    are_whole = all(is_whole for _, _, is_whole in extents.values())
    if are_whole and lowest >= 0 and highest <= FULL_RANGE[1]:
        found, is_cut = range_of(_count(tree, extents, (0, BINS)))
        kind = "16-bit grey"
    else:
        found, is_cut = wide_range_of(_count(tree, extents, (lowest, highest)), lowest, highest)
        kind = "Grey" if are_whole else FLOAT
    if found == FULL_RANGE:
        return found, ()
    low, high = found
    notes = _note_other_scale(tree, extents, high)
    if found == (0.0, 1.0):
        return None, notes  # what such files mean by themselves
    if kind == FLOAT and found == (0.0, 255.0):
        return found, notes
    note = f"{kind}: {low:g} becomes black and {high:g} white, by the range of the files"
    if is_cut:
        note += "; the few values beyond are cut off"
    return found, (f"{note}. Another: --set grey_range=[LOW,HIGH]", *notes)


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
    middle = _crowded_middle(counts, high - low)
    if middle is not None:
        low, high = middle
    return (float(low), float(high)), low > lowest or high < highest


def wide_range_of(counts: Counts, lowest: float, highest: float) -> tuple[GreyRange, bool]:
    """The same for values that aren't all 16-bit numbers.

    Args:
        counts: (65536,): how many pixels lie in each of as many equal parts from lowest to highest.
        lowest: The lowest value.
        highest: The highest.
    """
    low, high = _usual_extent(lowest, highest)
    if highest - lowest < (high - low) / 2:
        low, high = lowest, highest
    if high <= low:
        low, high = (0.0, 1.0) if 0 <= lowest <= 1 else (lowest, lowest + max(1.0, abs(lowest)))
    part = (highest - lowest) / BINS
    middle = _crowded_middle(counts, (high - low) / part) if part > 0 else None
    if middle is not None:
        low, high = lowest + middle[0] * part, lowest + (middle[1] + 1) * part
    return (float(low), float(high)), low > lowest or high < highest


def _usual_extent(lowest: float, highest: float) -> Extent:
    if lowest >= 0 and highest <= FULL_RANGE[1]:
        return 0, 1 if highest <= 1 else max(255, (1 << int(np.ceil(highest)).bit_length()) - 1)
    if lowest >= -1 and highest <= 1:
        return -1, 1
    return lowest, highest


def _crowded_middle(counts: Counts, width: float) -> tuple[int, int] | None:
    """Where the middle 99.8 % of the pixels lie, if they would get too few levels.

    Args:
        counts: How many pixels have each value.
        width: How many values the 256 levels are for.
    """
    shares = np.cumsum(counts) / counts.sum()
    first, last = (int(np.searchsorted(shares, share)) for share in MIDDLE)
    values = int(np.count_nonzero(counts[first : last + 1]))
    levels = (last - first) * 255 / width + 1
    return (first, last) if levels < min(FEWEST, values) and last > first else None


def _extent(values: NDArray[Any]) -> tuple[float, float, bool] | None:
    """The lowest and highest value, and whether they are whole by their kind; None for NaN."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        return None  # decoding says what is wrong
    return low, high, values.dtype.kind != "f"


def _count(tree: Tree, files: Sequence[str] | dict[str, Any], extent: Extent) -> Counts:
    """How many pixels lie in each of 65,536 equal parts of an extent."""
    low, high = extent

    def count(values: NDArray[Any]) -> Counts:
        if values.dtype.kind != "f" and extent == (0.0, float(BINS)):
            return np.bincount(values.reshape(-1), minlength=BINS)
        width = max(high - low, np.finfo(np.float64).tiny)
        parts = ((values.astype(np.float64) - low) / width * BINS).astype(np.int64)
        return np.bincount(parts.reshape(-1).clip(0, BINS - 1), minlength=BINS)

    total: Counts = np.zeros(BINS, np.int64)
    for _, each in _of_each(tree, list(files), count):
        if each is not None:
            total += each
    return total


def _of_each(
    tree: Tree, files: Sequence[str], measure: Callable[[NDArray[Any]], Any]
) -> Iterator[tuple[str, Any]]:
    """A measure of each file of more than 8 bits of grey; None for all others."""

    def one(file: str) -> Any:
        try:
            values = read_deep_values(tree.read(file))
        except ImageError:
            return None  # decoding says what is wrong
        return None if values is None or not values.size else measure(values)

    return zip(files, map_in_order(one, files, chunk=8), strict=True)


def _note_other_scale(
    tree: Tree, extents: dict[str, tuple[float, float, bool]], high: float
) -> tuple[str, ...]:
    """What to say where some floating-point files seem to mean 0 to 1, and others don't."""
    small = [
        file
        for file, (least, most, is_whole) in extents.items()
        if not is_whole and least >= 0 and most <= 1
    ]
    if not small or len(small) == len(extents) or high <= 8:
        return ()
    named = join_names([tree.where(file) for file in small], 1)
    return (
        f"Warning: of the floating-point files, {len(small):,} have no value above 1, as {named}, "
        f"and are black in the range of all, up to {high:g}. If they mean 0 to 1, save all files "
        "in one range",
    )
