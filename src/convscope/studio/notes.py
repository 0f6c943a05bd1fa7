"""The library's notes as the page can say them: which of its words a sentence is, and with what.

Notes are sentences in English; those of a run were written down long ago. A sentence is found again
among the page's words by its form ("note.NAME", with placeholders), so that it can be said in
another language. One that isn't among them stays as it is, and the page marks it as English.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from convscope.studio.refusals import english_words

BEGINNING = "note."


def send_notes(notes: Sequence[str]) -> list[dict[str, Any]]:
    """Sentences as the page takes them.

    Args:
        notes: In English, as the library says them.

    Returns:
        Of each its `text`, and the `key` of the page's words ("" if none) with their `values`.
    """
    return [_send_note(note) for note in notes]


def _send_note(note: str) -> dict[str, Any]:
    for key, form in _forms().items():
        if found := form.fullmatch(note):
            return {"text": note, "key": key, "values": found.groupdict()}
    return {"text": note, "key": "", "values": {}}


@functools.cache
def _forms() -> dict[str, re.Pattern[str]]:
    """The forms by their keys, those that say most first."""
    said = {
        key.removeprefix(BEGINNING): text
        for key, text in english_words().items()
        if key.startswith(BEGINNING)
    }
    names = sorted(said, key=lambda name: -len(said[name]))
    return {f"note.{name}": re.compile(_pattern(said[name]), re.DOTALL) for name in names}


def _pattern(text: str) -> str:
    escaped = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(text))
    return escaped.replace(r"\ images", r"\ images?")  # of one: "1 image"
