"""JSON files of a run in which every changed bit is noticed when they are read.

The first key, `check`, holds the SHA-256 of all bytes behind it. Files of earlier versions have
none and are read as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from convscope.errors import ConvscopeError, first_invalid
from convscope.files import read_bytes, write_text

_CHECKED = re.compile(rb'\{"check": "([0-9a-f]{64})",(.*)', re.DOTALL)
_CHECKED_LINE = re.compile(rb'(.*), "check": "([0-9a-f]{8})"\}', re.DOTALL)


def write_checked(path: Path, content: Mapping[str, Any], *, indent: int | None = None) -> None:
    """Write a JSON object with its checksum, atomically.

    Args:
        path: The file.
        content: At least one field, none called "check", of values that JSON can hold.
        indent: Spaces before a field on a line of its own; None writes one line.
    """
    body = json.dumps(content, ensure_ascii=False, indent=indent)[1:] + "\n"
    if not body.isascii() and not _is_unicode(body):  # a file's name in an unknown encoding
        body = json.dumps(content, indent=indent)[1:] + "\n"
    digest = hashlib.sha256(body.encode()).hexdigest()
    write_text(path, f'{{"check": "{digest}",{body}')


def read_checked(path: Path, fields: type[pydantic.BaseModel], advice: str) -> dict[str, Any]:
    """Read what `write_checked` wrote, or a JSON object of an earlier version.

    Args:
        path: The file.
        fields: What it must hold, besides what it may.
        advice: What to do if it is damaged, for the error.

    Raises:
        ConvscopeError: It can't be read, or isn't what was written.
    """
    try:
        raw = read_bytes(path)
        checked = _CHECKED.fullmatch(raw)
        content = json.loads(raw)
        if not isinstance(content, dict) or not content:
            raise ValueError("it is no JSON object with fields")
        if checked is None:
            first, value = next(iter(content.items()))
            is_checksum = first == "check" or (isinstance(value, str) and len(value) == 64)
            if is_checksum and first != "sha256":
                raise ValueError("its checksum is damaged")
        elif hashlib.sha256(checked[2]).hexdigest() != checked[1].decode():
            raise ValueError("it isn't what was written: wrong checksum")
        content.pop("check", None)
        fields.model_validate(content)
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error).rstrip(".")
        if isinstance(error, pydantic.ValidationError):
            reason = first_invalid(error)
        elif isinstance(error, json.JSONDecodeError):
            reason = f"Invalid JSON: {error}"
        raise ConvscopeError(f"{str(path)!r} is damaged: {reason}. {advice}".strip()) from None
    return content


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_line(content: Mapping[str, Any]) -> str:
    """A JSON object as a line with its checksum (CRC-32, which finds every changed bit)."""
    body = json.dumps(content, allow_nan=False)[:-1]
    return f'{body}, "check": "{zlib.crc32(body.encode()):08x}"}}\n'


def read_line(line: bytes) -> dict[str, Any]:
    """Read what `write_line` wrote, or a line of an earlier version, without its end.

    Raises:
        ValueError: It isn't what was written.
    """
    checked = _CHECKED_LINE.fullmatch(line)
    try:
        content = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(content, dict) or not content:
        raise ValueError("it is no JSON object with fields")
    if checked is None:
        last, value = list(content.items())[-1]
        if last == "check" or (last != "kind" and isinstance(value, str) and len(value) == 8):
            raise ValueError("its checksum is damaged")
    elif zlib.crc32(checked[1]) != int(checked[2], 16):
        raise ValueError("it isn't what was written: wrong checksum")
    content.pop("check", None)
    return content


def is_as_written(line: bytes) -> bool:
    """Whether a line is, to the last bit, one that `write_line` wrote: its checksum is right."""
    checked = _CHECKED_LINE.fullmatch(line)
    return checked is not None and zlib.crc32(checked[1]) == int(checked[2], 16)


def read_lines(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Read many lines at once that are as they were written, in a third of the time.

    Args:
        lines: Of each of them `is_as_written` is true.
    """
    found: list[dict[str, Any]] = json.loads((b"[" + b",".join(lines) + b"]").decode())
    for content in found:
        del content["check"]
    return found
