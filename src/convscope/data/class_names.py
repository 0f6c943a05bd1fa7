"""From the names of folders to the names of classes, and their order.

* Names are brought into Unicode's composed form (NFC), without spaces at their ends and without
  characters that nobody sees, so that two folders whose names look the same are one class.
* Names that aren't UTF-8 are decoded as those of archives are (`name_encoding`).
* Classes stand in natural order: numbers in names count as numbers (2 before 10), the rest as text.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable

from convscope.data.file_kinds import one_line
from convscope.data.name_encoding import DOUBLE_BYTES, find_encoding

INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff"))
INVISIBLE |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # text directions


def name_classes(folders: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The class that each folder name stands for, and what to say about it.

    Args:
        folders: Names of folders, as the system gives them; bytes that aren't UTF-8 as
            surrogates (PEP 383).

    Returns:
        Folder name → class name, and sentences for people.
    """
    names = sorted(set(folders))
    raw = {name: os.fsencode(name) for name in names if not _is_text(name)}
    if raw:  # then what is UTF-8 by chance, as 猫 in GBK, belongs to them
        unsure = {name: os.fsencode(name) for name in names if _may_be_chance(name)}
        encoding, _ = find_encoding([*raw.values(), *unsure.values()])
        if encoding in DOUBLE_BYTES:
            raw |= unsure
    notes = []
    decoded: dict[str, str] = {}
    if raw:
        encoding, others = find_encoding(list(raw.values()))
        decoded = {name: content.decode(encoding, "replace") for name, content in raw.items()}
        shown = ", ".join(list(dict.fromkeys(decoded.values()))[:3])
        maybe = f" ({' or '.join(others)} would fit as well)" if others else ""
        notes.append(f"Names of folders that aren't UTF-8 are read as {encoding}{maybe}: {shown}")
    classes = {name: _tidy(decoded.get(name, name)) for name in names}
    same: dict[str, list[str]] = {}
    for name, label in classes.items():
        same.setdefault(label, []).append(name)
    notes += [
        f"{len(twins)} folders are one class, {label!r}: their names differ only in spaces or in "
        f"how letters are encoded ({', '.join(map(ascii, twins))})"
        for label, twins in same.items()
        if len(twins) > 1
    ]
    alike: dict[str, list[str]] = {}
    for label in same:
        alike.setdefault(label.casefold(), []).append(label)
    notes += [
        f"{' and '.join(map(repr, twins))} differ only in case; they are different classes"
        for twins in alike.values()
        if len(twins) > 1
    ]
    return classes, tuple(notes)


MOST_DIGITS = 1000


def natural_order(name: str) -> tuple[list[str | float], str]:
    """A key to sort by: numbers in names count as numbers; the name itself decides a tie."""
    found = re.split(r"(\d+)", name)  # text, digits, text, …
    # Python refuses numbers of very many digits, as reading them takes the square of their length.
    parts: list[str | float] = [*found]
    parts[1::2] = [int(part) if len(part) < MOST_DIGITS else math.inf for part in found[1::2]]
    return parts, name


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _may_be_chance(name: str) -> bool:
    """Whether UTF-8 that is shorter than three bytes a character is all that isn't ASCII in it."""
    return _is_text(name) and not name.isascii() and max(name) < "\u0800"


def _tidy(name: str) -> str:
    tidy = unicodedata.normalize("NFC", name).translate(INVISIBLE).strip()
    return one_line(tidy or name)
