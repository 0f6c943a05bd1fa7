"""The folders in which data sets, downloads, decoded images and a learner's progress are kept."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Where Convscope writes: `CONVSCOPE_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("CONVSCOPE_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("convscope")


def user_data_folder() -> Path:
    """Where what can't be made again is kept: `CONVSCOPE_USER_DATA`, or the user's data folder."""
    chosen = os.environ.get("CONVSCOPE_USER_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("convscope")


def download_folder(name: str) -> Path:
    """Where the files of the named data set are downloaded to."""
    return cache_folder() / name


def search_folders(name: str) -> list[Path]:
    """The folders in which the named data set is looked for, in this order.

    `CONVSCOPE_DATA` (never written to), then the cache folder; in each, the subfolder with the
    set's name comes before the folder itself, because the files of two sets can have the same
    names.
    """
    given = os.environ.get("CONVSCOPE_DATA")
    roots = [Path(given).expanduser()] if given else []
    roots.append(cache_folder())
    return [folder for root in roots for folder in (root / name, root)]
