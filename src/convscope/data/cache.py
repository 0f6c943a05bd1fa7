"""Decoded images on the disk, so that decoding happens once.

An entry is two files in the cache folder: `images/KEY.npy`, uint8 (N, C, H, W), and
`images/KEY.json`, what belongs to it. The JSON file is written last and holds a digest of both,
so an entry that was not finished, was damaged or was tampered with is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convscope.data.cache_room import mark_used
from convscope.data.mapped import map_images
from convscope.errors import ConvscopeError
from convscope.files import DiskFullError, atomic_path, write_text
from convscope.folders import writable_folder

Record: TypeAlias = dict[str, Any]
Append: TypeAlias = Callable[[NDArray[np.uint8]], None]
"""Adds one image (C, H, W) to the entry that is being made."""


def key_of(*parts: object) -> str:
    """The name of the entry that is made from `parts` (plain data)."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def load_or_build(key: str, build: Callable[[Append], Record]) -> tuple[NDArray[np.uint8], Record]:
    """The entry named `key`; made by `build` if there is none that is whole.

    Args:
        key: Names the content: other content must have another key.
        build: Gives the images, at least one and all of one shape, to the function it is called
            with, and returns plain data to keep beside them.

    Returns:
        The images as a memory map (N, C, H, W) whose changes do not reach the file, read-only
        where it is large (`mapped`), and the plain data.

    Raises:
        ConvscopeError: There is no room for them in the cache folder.
    """
    folder = writable_folder("images")
    found = _load(folder, key)
    if found is not None:
        return found
    try:
        with atomic_path(folder / f"{key}.npy") as path:
            record = _write(path, build)
        entry = {"digest": _digest(folder / f"{key}.npy", record), "record": record}
        write_text(folder / f"{key}.json", json.dumps(entry))
    except DiskFullError as error:
        raise ConvscopeError(
            f"Decoded images cannot be kept: {error} Or set the environment variable "
            "CONVSCOPE_CACHE to another folder."
        ) from error
    except OSError as error:
        raise ConvscopeError(
            f"Decoded images cannot be kept in '{folder}': {error.strerror or error}. Make "
            "room, or set the environment variable CONVSCOPE_CACHE to another folder."
        ) from error
    return map_images(folder / f"{key}.npy"), record


def _write(path: Path, build: Callable[[Append], Record]) -> Record:
    """Write the images one after another, and before them the header that holds their number."""
    shape: tuple[int, ...] = ()
    count = 0
    with path.open("wb") as file:

        def append(image: NDArray[np.uint8]) -> None:
            nonlocal count, shape
            if count == 0:
                shape = image.shape
                _write_header(file, (0, *shape))
            file.write(image.tobytes())
            count += 1

        record = build(append)
        # NumPy leaves room in the header for the first axis to grow, so this one is as long.
        file.seek(0)
        _write_header(file, (count, *shape))
    return record


def _write_header(file: Any, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _load(folder: Path, key: str) -> tuple[NDArray[np.uint8], Record] | None:
    """The entry, if it is there and whole.

    Reading all of it for the digest is no loss: the system then has it in its cache when training
    wants it.
    """
    try:
        entry = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        if entry["digest"] != _digest(folder / f"{key}.npy", entry["record"]):
            return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    mark_used(folder / f"{key}.json")
    return map_images(folder / f"{key}.npy"), entry["record"]


def _digest(path: Path, record: Record) -> str:
    """Of the file and the record: nothing is parsed before it is known to be whole."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    digest.update(json.dumps(record, sort_keys=True).encode())
    return digest.hexdigest()
