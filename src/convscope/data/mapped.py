"""Images in files that are mapped into memory: large ones stay on the disk, and cost little memory.

A mapped file's pages come into memory when they are read, and stay while the system has room. They
count as this process's memory all the same, so a container or a person may take it for too large.
Here pages of large files are given back soon after they were used; the system still keeps them in
its cache, from where they come again in a microsecond. Large files are mapped for reading only,
because what is given back would take changes with it.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.errors import ConvscopeError
from convscope.files import FULL, free_space
from convscope.folders import writable_folder

LARGE = 256 << 20
"""Bytes of images from which on they stay on the disk."""

PIECE = 16 << 20
USED = 64 << 20
"""Bytes of pages after which they are given back, where single images are read."""

AROUND = 64 << 10
"""Linux maps so many bytes around a page that is read, if they are in its cache."""


def map_images(path: Path) -> NDArray[np.uint8]:
    """The array in an `.npy` file as a memory map: for reading where it is large.

    Changes to a small one stay in memory, and don't reach the file.
    """
    is_large = path.stat().st_size > LARGE
    return np.lib.format.open_memmap(path, mode="r" if is_large else "c")


def copy_rows(images: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """`images[rows]`, on the disk where it is large.

    Raises:
        ConvscopeError: There is no room for it on the disk.
    """
    size = len(rows) * images[0].nbytes
    parts = np.array_split(rows, max(1, -(-len(rows) * pages_of(images) // USED)))
    if size <= LARGE:
        copy = np.empty((len(rows), *images.shape[1:]), np.uint8)
        start = 0
        for part in parts:
            copy[start : start + len(part)] = images[part]
            start += len(part)
            release(images)
        return copy
    folder = writable_folder("copies")
    try:
        # The file has no name any more: the system frees it when the array is gone.
        with tempfile.TemporaryFile(dir=folder) as file:
            # Written, not assigned: a map of a full disk would end the process without a word.
            for part in parts:
                file.write(images[part].data)
                release(images)
            file.flush()
            return np.memmap(file, np.uint8, "r", shape=(len(rows), *images.shape[1:]))
    except OSError as error:
        room = free_space(folder, size) if error.errno in FULL else ""
        raise ConvscopeError(
            f"The images of a split can't be laid out in '{folder}': {error.strerror}. {room} Make "
            "room, read them smaller (--size), or set the environment variable CONVSCOPE_CACHE to "
            "another folder."
        ) from error


def pieces(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The images in order, in parts of a few megabytes, each given back when the next is taken."""
    step = max(1, PIECE // max(1, images[:1].nbytes))
    for start in range(0, len(images), step):
        yield images[start : start + step]
        release(images)


def release(images: NDArray[Any]) -> None:
    """Give the pages of a file that is mapped for reading back to the system."""
    file = _file_of(images)
    if file is not None and hasattr(mmap, "MADV_DONTNEED"):
        file.madvise(mmap.MADV_DONTNEED)


def pages_of(images: NDArray[Any]) -> int:
    """Bytes that come into memory when a single image of a mapped file is read, about."""
    return AROUND + int(images[0].nbytes)


def is_mapped(images: NDArray[Any]) -> bool:
    """Whether images are a file that is mapped for reading."""
    return _file_of(images) is not None


def read_ahead(images: NDArray[np.uint8], rows: Sequence[int]) -> None:
    """Ask the system to read images of a mapped file while something else is computed."""
    file = _file_of(images)
    if file is None or not hasattr(mmap, "MADV_WILLNEED"):
        return
    whole = np.frombuffer(file, np.uint8)
    begin = images.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    size = images[0].nbytes
    for row in rows:
        start = begin + row * size
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        file.madvise(mmap.MADV_WILLNEED, first, start + size - first)


def _file_of(images: NDArray[Any]) -> mmap.mmap | None:
    """The map that an array lies in, if it is for reading only."""
    base: Any = images
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) and not images.flags.writeable else None
