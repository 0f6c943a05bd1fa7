"""Files: written so that a crash, a full disk or a bad value never destroys what was there.

And read, where they may come from a stranger, without waiting for a pipe or reading a device.
"""

from __future__ import annotations

import csv
import errno
import gzip
import hashlib
import io
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from convscope.errors import ConvscopeError, UsageError


def check_path(path: str | Path) -> None:
    """Complain of a path that no system can have.

    Raises:
        UsageError: It holds the character NUL.
    """
    if "\0" in str(path):
        raise UsageError(f"No file or folder can be called {str(path)!r}: it holds a NUL (\\0).")


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DiskFullError(ConvscopeError, OSError):
    """A file can't be written for want of space; what was there before is as it was.

    Args:
        path: The file.
        needed: Bytes that it has come to so far.
        error: What the system said.
    """

    def __init__(self, path: Path, needed: int, error: OSError) -> None:
        super().__init__(
            f"{str(path)!r} can't be written: {error.strerror}. {free_space(path.parent, needed)} "
            "Free some space and give the command again; a run goes on with: convscope resume RUN."
        )


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; it replaces `target` if the block ends well.

    The new file is flushed to the disk before it takes the name, and the folder after. If the
    block raises, the temporary file is removed and `target` stays as it was.

    Args:
        target: The file to write. Its folder must exist.

    Yields:
        The path to write to.

    Raises:
        UsageError: No file can be called so.
    """
    check_path(target)
    target = Path(target)
    handle, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp gives 0600; a run folder is meant to be shared
        _flush(temporary)
        temporary.replace(target)
        _flush(target.parent)
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(target, temporary.stat().st_size, error) from None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, stem: str = "") -> None:
    """Remove what `atomic_path` left in a folder when its process was killed.

    Only for whoever alone writes such files.

    Args:
        folder: Where; need not exist.
        stem: Only leftovers of the file of this name, without what is behind its last dot.
    """
    name = re.escape(stem) if stem else ".+"
    for each in folder.glob(".*-*"):
        if re.fullmatch(rf"\.{name}-[a-z0-9_]{{8}}(\.\w+)?", each.name):
            each.unlink(missing_ok=True)


def free_space(folder: Path, needed: int) -> str:
    """How much a file needs and how much is free, in a sentence."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return f"It needs {needed:,} bytes."
    return f"It needs {needed:,} bytes, and {free:,} are free."


def write_text(target: str | Path, text: str) -> None:
    """Write `text` (UTF-8) to `target` atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


MOST_BYTES = 1 << 30
"""Of a file that `read_bytes` reads."""


class OddFileError(ConvscopeError, OSError):
    """What stands under a name is no ordinary file, or one too large or elsewhere."""


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading, if it is an ordinary one.

    A pipe would never begin, and a device never end.

    Raises:
        OddFileError: It is something else.
        OSError: It can't be opened.
    """
    # Without O_NONBLOCK opening a pipe waits for somebody who writes into it.
    flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, os.O_RDONLY | flags), "rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OddFileError(f"{str(path)!r} is no ordinary file, but a folder, a pipe or a device.")


def read_bytes(path: Path) -> bytes:
    """The content of an ordinary file.

    Raises:
        OddFileError: It is something else, or has more than a GiB.
        OSError: It can't be read.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise OddFileError(f"{str(path)!r} is too large: over {MOST_BYTES >> 20:,} MiB.")
        return file.read(MOST_BYTES)


def read_gzip(path: Path, most_expansion: int) -> bytes:
    """The content of an ordinary file that is packed with gzip.

    Args:
        path: The file.
        most_expansion: How many times as long, but for a MiB, it may become.

    Raises:
        ValueError: It becomes longer: a file of megabytes could take all memory.
        OSError: It can't be read, or isn't packed so.
    """
    packed = read_bytes(path)
    most = (1 << 20) + most_expansion * len(packed)
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as unpacked:
        content = unpacked.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it unpacks to more than {most_expansion} times its size")
    return content


def check_own(*paths: Path) -> None:
    """Refuse what would be written elsewhere than where it seems to be.

    Args:
        paths: Folders, or files that are added to; they may be missing.

    Raises:
        OddFileError: One is a link.
    """
    for path in paths:
        if path.is_symlink():
            raise OddFileError(
                f"{str(path)!r} is a link, and what is written there would change what it leads "
                f"to ({str(path.readlink())!r}). Put what it leads to in its place, or remove it."
            )


def append_text(target: Path, text: str) -> None:
    """Add `text` (UTF-8) to the end of a file.

    Raises:
        DiskFullError: It can't be, for want of space.
        OddFileError: It is a link.
    """
    check_own(target)
    try:
        with target.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(target, len(text), error) from None
        raise


def write_csv(target: str | Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a table (CSV, UTF-8) to `target` atomically.

    Spreadsheets take a cell that begins with one of = + - @ for a formula, also one that came
    from a file's name. Such a text is given an apostrophe in front, by which they know it for text.

    Args:
        target: The file.
        rows: The first holds the headings. None is an empty cell.
    """
    with (
        atomic_path(target) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file).writerows([_cell(value) for value in row] for row in rows)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """A table as `write_csv` writes it, as a text."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def file_name(text: str, most: int = 100) -> str:
    """A text as part of a file's name: in one line, and of at most `most` bytes."""
    line = "".join(each if each.isprintable() and each not in "/\\" else "_" for each in text)
    return line.encode()[:most].decode(errors="ignore").strip() or "data"


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _flush(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return  # only POSIX lets a folder be opened and flushed
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
