"""One process at a time trains in a run's folder, and its claim ends when the process does."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convscope.errors import UsageError

if sys.platform != "win32":
    import fcntl

CLAIM = "claim.lock"
"""The file that is locked. It says which process holds it, and is gone after an orderly end; after
any other it stays, but the kernel has released it, which is all that counts."""


@contextmanager
def claimed(folder: str | Path) -> Iterator[None]:
    """Keep other processes from training in a folder while the block runs.

    Where the file system knows no locks, and on Windows, nothing is kept.

    Args:
        folder: Of the run; made if need be.

    Raises:
        UsageError: Another process trains there; names it.
    """
    file = Path(folder) / CLAIM
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = _lock(file)
    try:
        if handle is not None:
            os.truncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        if handle is not None:
            file.unlink(missing_ok=True)  # while it is ours: nobody's newer one is removed
            os.close(handle)


def check_unclaimed(folder: str | Path) -> None:
    """Complain if a process is training in a folder.

    Raises:
        UsageError: One is; names it.
    """
    if (Path(folder) / CLAIM).exists():
        with claimed(folder):
            pass


def is_claimed(folder: str | Path) -> bool | None:
    """Whether a process is training in a folder; None where there are no locks to tell by.

    Nothing is changed and no process is kept from training.

    Args:
        folder: Of the run.
    """
    if sys.platform == "win32":
        return None
    try:
        handle = os.open(Path(folder) / CLAIM, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno == errno.EWOULDBLOCK else None
    finally:
        os.close(handle)  # which gives the lock back
    return False


def _lock(file: Path) -> int | None:
    """A handle of the locked file; None where there are no locks."""
    while sys.platform != "win32":
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(handle)
            os.close(handle)
            if error.errno != errno.EWOULDBLOCK:
                return None  # as on some network drives
            raise UsageError(
                f"Run {str(file.parent)!r} is being trained by {holder}. Wait until it has ended, "
                "or stop it (Ctrl-C there, or kill and its number; what it has done is kept), or "
                "give another folder."
            ) from None
        if _is_still(file, handle):
            return handle
        os.close(handle)  # whoever held it removed it between our opening and locking
    return None


def _is_still(file: Path, handle: int) -> bool:
    """Whether the file of this name is the one that was opened."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _holder(handle: int) -> str:
    return os.pread(handle, 200, 0).decode(errors="replace").strip() or "another process"
