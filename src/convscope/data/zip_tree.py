"""The files of a zip archive, read without extracting anything.

Names in the archive are never used as paths. Names that aren't marked as UTF-8 are decoded by the
rule of `data.name_encoding`, or as it is asked for.
"""

from __future__ import annotations

import re
import struct
import threading
import zipfile
import zlib
from pathlib import Path

from convscope.data.decode import MAX_BYTES, ImageError
from convscope.data.file_kinds import is_ignored, make_printable
from convscope.data.fingerprint import digests_of_files
from convscope.data.image_set import Problem
from convscope.data.name_encoding import find_encoding
from convscope.data.tree import Listing, find_empty_folders
from convscope.errors import UsageError

DRIVE = re.compile("[A-Za-z]:")
UTF8_FLAG = 0x800  # of a member of a zip archive: its name is UTF-8 (APPNOTE 4.4.4, bit 11)
MAX_EXPANSION = 200
"""A zip archive that unpacks to more than this many times its size (and a GiB) is a bomb."""


def _unicode_name(member: zipfile.ZipInfo) -> str:
    """The name in a member's extra field for it (APPNOTE 4.6.9), "" if there is none."""
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == 0x7075 and len(content) > 5:
            digest = struct.unpack_from("<I", content, 1)[0]
            if digest == zlib.crc32(member.orig_filename.encode("cp437", "replace")):
                return content[5:].decode("utf-8", "replace")
    return ""


class ZipTree:
    """The files of a zip archive."""

    def __init__(self, path: Path, encoding: str = "auto") -> None:
        """Open the archive.

        Args:
            path: The file.
            encoding: Encoding of names that aren't marked as UTF-8; "auto" finds out.

        Raises:
            UsageError: It can't be read, would unpack to too much, or has names in another
                encoding.
        """
        self.name = make_printable(path.stem)
        self._path = path
        self._lock = threading.Lock()
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UsageError(f"'{path}' is not a zip archive that can be read: {error}.") from error
        unpacked = sum(member.file_size for member in self._archive.infolist())
        if unpacked > max(1 << 30, MAX_EXPANSION * path.stat().st_size):
            raise UsageError(
                f"'{path}' would unpack to {unpacked >> 20:,} MiB, more than {MAX_EXPANSION} "
                "times its size: it looks like a zip bomb. Unpack it yourself if you trust it, "
                "and give the folder."
            )
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._encoding, self._notes = self._find_encoding(encoding)

    def _find_encoding(self, encoding: str) -> tuple[str, tuple[str, ...]]:
        """How names are decoded that aren't marked as UTF-8, and what to say about it."""
        raw = [
            member.orig_filename.encode("cp437")
            for member in self._archive.infolist()
            if not member.flag_bits & UTF8_FLAG
            and not member.orig_filename.isascii()
            and not _unicode_name(member)
        ]
        if encoding != "auto":
            for name in raw:
                try:
                    name.decode(encoding)
                except UnicodeDecodeError:
                    raise UsageError(
                        f"'{self._path}': the name {name!r} isn't {encoding}. Give another "
                        "encoding, or leave --zip-encoding out to let it be found."
                    ) from None
            return encoding, ()
        found, others = find_encoding(raw)
        if found == "utf-8" and not others:
            return found, ()
        also = [f"{each} would give {make_printable(raw[0].decode(each))}" for each in others]
        maybe = f" ({', '.join(also)})" if also else ""
        note = (
            f"Names in {self._path.name} aren't marked as UTF-8; they are read as {found}, as in "
            f"{make_printable(raw[0].decode(found))}{maybe}. If that's wrong: --zip-encoding"
        )
        return found, (note,)

    def _name(self, member: zipfile.ZipInfo) -> str:
        name = member.orig_filename  # as it was before zipfile tidied it
        if not member.flag_bits & UTF8_FLAG and (marked := _unicode_name(member)):
            name = marked
        elif not member.flag_bits & UTF8_FLAG and not name.isascii():
            name = name.encode("cp437").decode(self._encoding)
        return name.partition("\0")[0].replace("\\", "/")  # as some Windows programs write it

    def listing(self) -> Listing:
        """The files, by the rules above."""
        members: dict[str, zipfile.ZipInfo] = {}
        folders: list[str] = []
        problems: list[Problem] = []
        for member in self._archive.infolist():
            file = self._name(member)
            parts = file.rstrip("/").split("/")
            if any(part in ("", ".", "..") for part in parts) or DRIVE.fullmatch(parts[0]):
                problems.append(Problem(self.where(file), "a name that leads out of the archive"))
            elif any(is_ignored(part) for part in parts):
                continue
            elif file.endswith("/"):
                folders.append(file.rstrip("/"))
            elif file in members:
                problems.append(Problem(self.where(file), "in the archive a second time"))
            else:
                members[file] = member
        problems += [
            Problem(self.where(folder), "a folder without files")
            for folder in find_empty_folders(folders, members)
        ]
        self._members = members
        return Listing(sorted(members), problems, self._notes)

    def read(self, file: str) -> bytes:
        """The content of one of the files; `ImageError` if it cannot be had."""
        member = self._members[file]
        if member.file_size > MAX_BYTES:  # reading stops at the size that the archive declares
            raise ImageError(f"larger than {MAX_BYTES >> 20} MiB")
        try:
            with self._lock:
                return self._archive.read(member)
        except Exception as error:  # damaged, encrypted, or packed in an unknown way
            raise ImageError(f"cannot be read from the archive: {error}") from error

    def where(self, file: str) -> str:
        """How a person finds the file."""
        return make_printable(f"{self._path}/{file}")

    def digests(self, files: list[str]) -> list[str]:
        """Texts that change when the content of one of the files does: the archive's digest."""
        return digests_of_files(self._path, [""])

    def contents(self, files: list[str]) -> list[str]:
        """For each file a text that is the same for files of the same content.

        Size and checksum (CRC-32) stand in the archive, so nothing is read. Two files that agree
        in both by chance are treated as one image, which does no harm.
        """
        return [f"{self._members[file].file_size} {self._members[file].CRC:08x}" for file in files]
