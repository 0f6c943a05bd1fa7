"""Where a new run goes: a folder that nobody else has, taken before any work is done."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from convscope.errors import UsageError
from convscope.files import check_path
from convscope.runs.claim import CLAIM, check_unclaimed
from convscope.runs.race import FILE as RACE

ABANDONED = 24 * 3600.0
"""Seconds after which an empty folder is nobody's: what was to write into it was killed."""


def check_out_folder(folder: str | Path, *, force: bool = False) -> None:
    """Complain, before any work is done, about a folder that a new run may not take.

    Raises:
        UsageError: It is a file, a run (without `force`), or holds other things; or no folder can
            be called so.
    """
    check_path(folder)
    folder = Path(folder)
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not folder.exists() and not (above.is_dir() and os.access(above, os.W_OK)):
        raise UsageError(
            f"--out {str(folder)!r} can't be made: {str(above)!r} isn't a folder to write in."
        )
    if not folder.exists() or (folder.is_dir() and is_empty(folder)):
        return
    if not any((folder / name).is_file() for name in ("recipe.toml", RACE)):
        raise UsageError(
            f"--out {str(folder)!r} exists and isn't a run, so nothing there is touched. "
            "Give another folder."
        )
    if not force:
        raise UsageError(
            f"--out {str(folder)!r} is a run already. Go on with it: convscope resume {folder}; "
            "replace it: --force (in Python force=True); or give another folder."
        )


def is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing, or nothing but the claim of a process that was killed."""
    return all(each.name == CLAIM for each in folder.iterdir())


def clear_run_folder(folder: Path) -> None:
    """Make a folder, or empty it, but for the claim of this process."""
    folder.mkdir(parents=True, exist_ok=True)  # an empty one may be reserved, and stays so
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        elif each.name != CLAIM:
            each.unlink()


@contextmanager
def out_folder(out: str | Path | None, name: str, *, force: bool = False) -> Iterator[Path]:
    """The folder that a run may be made in within the block.

    Args:
        out: As a person gave it; None: a new one in `runs`, which is reserved for the block, and
            removed after it if nothing was written into it.
        name: What a new one is called, before its number.
        force: As for `new_run`.

    Raises:
        UsageError: The folder may not be taken, or another process is training there.
    """
    if out is not None:
        check_out_folder(out, force=force)
        check_unclaimed(out)
        yield Path(out)
        return
    folder = reserve_folder("runs", name)
    try:
        yield folder
    finally:
        with suppress(OSError):  # it isn't empty: the usual case
            folder.rmdir()
            folder.parent.rmdir()


def reserve_folder(parent: str | Path, name: str) -> Path:
    """Make `parent/name-1`, or with the next number that is free; nobody else gets the same.

    Raises:
        UsageError: Folders can't be made there.
    """
    number = 1
    while True:
        folder = Path(parent) / f"{name}-{number}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if folder.exists() and not _is_abandoned(folder):
                number += 1
        except FileNotFoundError:
            pass  # another run removed the parent, which was empty, in between
        except OSError as error:
            raise UsageError(
                f"No folder for the run can be made in {str(parent)!r}: {error.strerror}. Give "
                "one with --out."
            ) from None
        else:
            return folder


def _is_abandoned(folder: Path) -> bool:
    """Whether a folder was reserved long ago and never used; it is removed, for the next to try."""
    try:
        if time.time() - folder.stat().st_mtime < ABANDONED:
            return False
        folder.rmdir()  # only an empty one can be, and only by one of two that try
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
