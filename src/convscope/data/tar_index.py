"""What a tar archive holds and where, found once and remembered; nothing is ever extracted.

The layout is that of POSIX (ustar and pax) and of GNU tar: a block of 512 bytes before each member,
and two blocks of zeros at the end. Names in the archive are never used as paths. Members that
aren't plain files (links, devices, sparse files) are left out with the reason, since an image
needs none of it and a link may lead anywhere. An archive that ends within a member, or has a
damaged header, isn't read at all: it is not whole.

Labels in the convention of WebDataset are read on the way, as they stand beside the images:
`KEY.cls` holds a class as a number or name, `KEY.json` an object with one.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from convscope.data.file_kinds import is_ignored, make_printable
from convscope.data.fingerprint import remember
from convscope.data.table_columns import NAMES
from convscope.errors import UsageError

VERSION = "1"
"""Changes when the same archive may be understood otherwise."""

BLOCK = 512
LONGEST_HEADER = 1 << 20
"""Bytes of an extended header: names are shorter, and a larger one would only fill memory."""

LONGEST_LABEL = 1 << 20
LABELS = (".cls", ".json")
LONG_NAME, LONG_LINK, PAX, PAX_GLOBAL, OLD_SPARSE = b"L", b"K", b"x", b"g", b"S"
DRIVE = re.compile("[A-Za-z]:")
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


@dataclass(frozen=True)
class TarIndex:
    """What a tar archive holds.

    Attributes:
        files: Name → where its content begins and how many bytes it has; without label files.
        labels: Key of a sample (a name up to the first dot of its last part) → its class.
        reasons: Name → why it was left out.
        is_ended: Whether the archive ends as one that was written whole.
    """

    files: dict[str, tuple[int, int]]
    labels: dict[str, str]
    reasons: dict[str, str]
    is_ended: bool


@dataclass(frozen=True)
class _Member:
    name: str
    kind: bytes
    start: int
    size: int
    is_sparse: bool


def key_of_sample(name: str) -> str:
    """What the files of a sample have in common: the path up to the first dot of its last part."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"


def read_index(path: Path) -> TarIndex:
    """What an archive holds, from the cache where it was read before and hasn't changed.

    Raises:
        UsageError: It is no tar archive, is compressed, damaged or not whole, or can't be read.
    """
    found = remember(path, f"tar-{VERSION}", lambda: _as_json(_read(path)))
    try:
        return TarIndex(
            {name: (int(start), int(size)) for name, start, size in found["files"]},
            {key: sys.intern(label) for key, label in found["labels"].items()},
            dict(found["reasons"]),
            bool(found["is_ended"]),
        )
    except (KeyError, TypeError, ValueError):  # what was remembered is damaged
        return _read(path)


def _as_json(index: TarIndex) -> dict[str, Any]:
    return {
        "files": [[name, *place] for name, place in index.files.items()],
        "labels": index.labels,
        "reasons": index.reasons,
        "is_ended": index.is_ended,
    }


def _read(path: Path) -> TarIndex:
    files: dict[str, tuple[int, int]] = {}
    labels: dict[str, str] = {}
    reasons: dict[str, str] = {}
    seen: set[str] = set()
    try:
        length, end = path.stat().st_size, 0
        with path.open("rb") as file:
            for member in _members(file, path, length):
                end = member.start + _padded(member.size)
                name = member.name.removeprefix("./")
                parts = name.rstrip("/").split("/")
                reason, label = _why_not(member, parts), ""
                if not reason and any(is_ignored(part) for part in parts):
                    continue
                if not reason and member.kind == tarfile.DIRTYPE:
                    continue
                if not reason and name in seen:
                    reason = "in the archive a second time"
                elif not reason and name.endswith(LABELS):
                    label, reason = _read_label(file, member, name)
                seen.add(name)
                if reason:
                    reasons[name] = reason
                elif not label:
                    files[name] = (member.start, member.size)
                elif name.endswith(".cls") or key_of_sample(name) not in labels:
                    labels[key_of_sample(name)] = label
    except OSError as error:
        raise UsageError(f"'{path}' can't be read: {error.strerror or error}.") from None
    return TarIndex(files, labels, reasons, end + BLOCK <= length)


def _why_not(member: _Member, parts: list[str]) -> str:
    """Why a member is left out; "" if it isn't."""
    is_outside = ".." in parts or "" in parts[:-1] or DRIVE.fullmatch(parts[0])
    if is_outside:
        return "a name that leads out of the archive"
    if member.kind in (tarfile.LNKTYPE, tarfile.SYMTYPE):
        return "a link, which isn't followed in an archive"
    if member.is_sparse or member.kind == OLD_SPARSE:
        return "a sparse file, which may fill any disk"
    return "" if member.kind in (*PLAIN, tarfile.DIRTYPE) else "neither a file nor a folder"


def _members(file: BinaryIO, path: Path, length: int) -> Iterator[_Member]:
    """The members of an archive, one after another.

    Raises:
        UsageError: It isn't an archive, or not a whole one.
    """
    if length == 0:
        raise UsageError(f"'{path}' is empty. Get it again, or leave it out.")
    place = count = 0
    extended: dict[str, str] = {}
    while place < length:
        file.seek(place)
        block = file.read(BLOCK)
        if block.count(0) == BLOCK:  # the end mark
            return
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            raise _damaged(path, block, place, count) from None
        start = place + BLOCK
        if header.type == OLD_SPARSE:
            while block[482 if start == place + BLOCK else 504]:  # more of its map follows
                file.seek(start)
                block, start = file.read(BLOCK).ljust(BLOCK, b"\0"), start + BLOCK
        is_about_next = header.type in (LONG_NAME, LONG_LINK, PAX, PAX_GLOBAL)
        size = header.size if is_about_next else int(extended.get("size", header.size))
        place = start + _padded(size)
        if size < 0 or start + size > length:
            raise UsageError(
                f"'{path}' ends within {make_printable(header.name)!r}, behind {count:,} other "
                "members: it wasn't copied or downloaded whole. Get it again, or leave it out."
            )
        if is_about_next:
            if size > LONGEST_HEADER:
                raise UsageError(
                    f"'{path}' has a name or header of {size >> 20:,} MiB, as no archive has that "
                    "wasn't made to do harm. Leave it out."
                )
            file.seek(start)
            content = file.read(size)
            if header.type == LONG_NAME:
                name = content.partition(b"\0")[0].decode("utf-8", "surrogateescape")
                extended["path"] = name
            elif header.type == PAX:
                extended |= _read_pax(content)
            continue
        is_sparse = any(key.startswith("GNU.sparse.") for key in extended)
        name = extended.get("path", header.name)
        # An old way to write a folder is a plain file whose name ends with a slash.
        kind = tarfile.DIRTYPE if name.endswith("/") and header.type in PLAIN else header.type
        extended = {}
        count += 1
        yield _Member(name, kind, start, size, is_sparse)


def _damaged(path: Path, block: bytes, place: int, count: int) -> UsageError:
    packed = next((kind for start, kind in PACKED.items() if block.startswith(start)), "")
    if packed and not count:
        return UsageError(
            f"'{path}' is compressed ({packed}), so images in it can't be read one by one. Unpack "
            f"it to a plain .tar once; images hardly get larger by it."
        )
    if not count:
        return UsageError(f"'{path}' is no tar archive: it doesn't begin as one.")
    return UsageError(
        f"'{path}' is damaged at byte {place:,}, behind {count:,} members. Get it again, or leave "
        "it out."
    )


def _read_pax(content: bytes) -> dict[str, str]:
    """The records of an extended header: each its own length, a space, a name, "=" and a value."""
    found: dict[str, str] = {}
    while content:
        count, space, _ = content.partition(b" ")
        if not (space and count.isdigit() and len(count) < int(count) <= len(content)):
            break
        record, content = content[len(count) + 1 : int(count)], content[int(count) :]
        key, _, value = record.removesuffix(b"\n").partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
    if not re.fullmatch(r"\d{1,19}", found.get("size", "0")):
        del found["size"]
    return found


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _read_label(file: BinaryIO, member: _Member, name: str) -> tuple[str, str]:
    """The class that a label file names, "" for none; and what is wrong with the file, if it is."""
    if member.size > LONGEST_LABEL:
        return "", "too large for a label"
    file.seek(member.start)
    try:
        text = file.read(member.size).decode("utf-8-sig").strip()
        if not name.endswith(".json"):
            return (text, "") if text and text.isprintable() else ("", "holds no class")
        content = json.loads(text)
    except (ValueError, RecursionError):
        return "", "not text" if name.endswith(".cls") else "not JSON"
    if not isinstance(content, dict):
        content = {"label": content}
    plain = {re.sub(r"[\s_-]", "", str(key)).casefold(): value for key, value in content.items()}
    values = (plain[each] for each in (*NAMES["label"].split(), "cls") if each in plain)
    value = next(values, None)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        return "", "" if value is None else "its label is neither a number nor a name"
    return str(value).strip(), ""
