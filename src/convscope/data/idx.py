"""The IDX format of MNIST and its successors, plain or gzipped, read without trusting the file.

The format (LeCun, Cortes and Burges, "The MNIST database of handwritten digits"): two zero bytes,
a byte for the type (8: unsigned bytes, the only one that images and labels use), a byte for the
number of axes, the length of each axis as a 32-bit big-endian number, and the values.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convscope.errors import ConvscopeError

UNSIGNED_BYTE = 8
GZIP_START = b"\x1f\x8b"
MAX_EXPANSION = 1032
"""A byte of deflate, the compression of gzip, cannot stand for more bytes than this."""
MOST_VALUES = 2**28
"""Five times the values of MNIST's largest file: a small gzipped file can claim any number."""


def read_idx(path: Path, axes: int, count: int | None = None) -> NDArray[np.uint8]:
    """Read an IDX file.

    The header is held against the length of the file, and the limits here, before memory is taken.

    Args:
        path: The file; gzip is told by content.
        axes: The number of axes that it must have: 3 for images, 1 for labels.
        count: The length of the first axis, where another file has said it.

    Returns:
        uint8, of the shape that the header gives.

    Raises:
        ConvscopeError: The file is damaged, or is no IDX file of this kind.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_START
            file.seek(0)
            length = path.stat().st_size
            if not packed:
                return _read(file, axes, count, length)
            with gzip.open(file) as unpacked:
                return _read(unpacked, axes, count, length * MAX_EXPANSION)
    except (OSError, EOFError, zlib.error, ValueError, MemoryError) as error:
        raise ConvscopeError(
            f"'{path}' cannot be read as an IDX file: {error}. Delete it, so that it is "
            "downloaded again, or replace it."
        ) from error


def _read(file: io.BufferedIOBase, axes: int, count: int | None, limit: int) -> NDArray[np.uint8]:
    """Read header and values; `limit` is the most bytes that the file can hold."""
    header = file.read(4 + 4 * axes)
    if len(header) < 4 + 4 * axes:
        raise ValueError("it ends within its header")
    if header[:2] != b"\0\0":
        raise ValueError(f"it begins with {header[:4].hex(' ')}, which is not IDX")
    if header[2] != UNSIGNED_BYTE:
        raise ValueError(f"its values have type {header[2]:#04x}, not 0x08 (unsigned bytes)")
    if header[3] != axes:
        raise ValueError(f"it has {header[3]} axes, not {axes}")
    shape = struct.unpack(f">{axes}I", header[4:])
    expected = math.prod(shape)
    if expected == 0:
        raise ValueError(f"it is empty: its header says {shape}")
    if expected > limit:
        raise ValueError(f"its header says {shape}, more than the file can hold")
    if expected > MOST_VALUES:
        raise ValueError(f"its header says {shape}, more than the {MOST_VALUES:,} values accepted")
    if count is not None and shape[0] != count:
        raise ValueError(f"its header says {shape}, but there are {count:,} labels")
    values = np.empty(expected, dtype=np.uint8)
    filled = 0
    while filled < expected:
        more = file.readinto(values.data[filled:])
        if not more:
            raise ValueError(f"it ends after {filled:,} of {expected:,} values")
        filled += more
    if file.read(1):
        raise ValueError(f"it goes on after the {expected:,} values that its header says")
    return values.reshape(shape)
