"""The folders in which data sets, downloads, decoded images and a learner's progress are kept."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

from convscope.files import write_text


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


def writable_folder(name: str) -> Path:
    """The subfolder `name` of the cache folder, made if need be.

    Where the cache folder can't be written to, as in a container or for a user without a home, it
    is a folder of this process in the system's temporary one, which is gone afterwards.
    """
    folder = cache_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _temporary_folder(name)
    return folder if os.access(folder, os.W_OK) else _temporary_folder(name)


@functools.cache
def _temporary_folder(name: str) -> Path:
    folder = tempfile.mkdtemp(prefix=f"convscope-{name}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def keep_text(file: Path, text: str) -> None:
    """Keep what can be found out again, as a file in the cache folder.

    Where the folder can't be written to, nothing is kept and nothing is lost but time; `convscope
    doctor` tells of it.

    Args:
        file: A path below `cache_folder()`; what is there is replaced.
        text: Its content.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except OSError:
        pass


def keep_line(file: Path, line: str) -> None:
    """Add a line to a file in the cache folder, under the same conditions as `keep_text`.

    Args:
        file: A path below `cache_folder()`; made if need be.
        line: The line, without its end.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            log.write(line + "\n")
    except OSError:
        pass
