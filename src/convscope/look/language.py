"""The language of lessons and of the texts in their figures: English, or Simplified Chinese.

A text that exists in both stands in the code in both, side by side: `pick("Shift", "平移")`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from convscope.errors import UsageError

LANGUAGES = {"en": "English", "zh": "简体中文"}

# One for the whole process, set once and kept, and one that holds inside a block: cells of a
# notebook may each run in a context of their own, where a variable of the first kind is lost.
_chosen: str | None = None
_inside: ContextVar[str | None] = ContextVar("language", default=None)


@dataclass(frozen=True)
class Words:
    """A text in both languages; `str` gives that of the current one.

    Attributes:
        en: English.
        zh: Simplified Chinese.
    """

    en: str
    zh: str

    def __str__(self) -> str:
        return pick(self.en, self.zh)


def pick(english: str, chinese: str) -> str:
    """The text in the current language.

    In a figure (inside `look.canvas.drawing`) it is the English one where no font for Chinese is
    installed, for boxes would say nothing.
    """
    return chinese if current_language() == "zh" else english


def current_language() -> str:
    """The block's language, else the one set, else that of `CONVSCOPE_LANG`, else "en"."""
    return _inside.get() or _chosen or language_of_environment() or "en"


def language_of_environment() -> str | None:
    """What the variable `CONVSCOPE_LANG` asks for; None if it asks for nothing.

    Raises:
        UsageError: It asks for a language that there isn't.
    """
    asked = os.environ.get("CONVSCOPE_LANG")
    return check_language(asked, "CONVSCOPE_LANG") if asked else None


def set_language(language: str | None) -> None:
    """Choose the language of all that follows in this process; None goes back to the usual one.

    Raises:
        UsageError: There is no such language.
    """
    global _chosen
    _chosen = None if language is None else check_language(language, "language")


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Choose the language inside a block.

    Raises:
        UsageError: There is no such language.
    """
    token = _inside.set(check_language(language, "language"))
    try:
        yield
    finally:
        _inside.reset(token)


def check_language(language: str, name: str) -> str:
    """The language, if there is such a one.

    Args:
        language: What was given; "zh-CN", "zh_CN.UTF-8" and "EN" are understood.
        name: The argument that named it, for the message.

    Raises:
        UsageError: There is none.
    """
    short = language.replace("_", "-").split("-")[0].lower()
    if short not in LANGUAGES:
        known = " or ".join(f"{key} ({full})" for key, full in LANGUAGES.items())
        raise UsageError(f"{name} is {known}; given {language!r}.")
    return short
