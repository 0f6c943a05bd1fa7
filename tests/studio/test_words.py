"""The page's texts: the same in both languages, all used, and none outside of them."""

import json
import re

import pytest

from convscope.studio import refusals
from convscope.studio.static_files import ROOT
from tests.sources import PACKAGE

WORDS = {
    language: json.loads((ROOT / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("en", "zh")
}
SCRIPTS = {
    path.relative_to(PACKAGE): path.read_text(encoding="utf-8")
    for path in sorted((PACKAGE / "studio").rglob("*"))
    if path.suffix in (".js", ".py") and "vendor" not in path.parts
}


def test_both_languages_have_the_same_keys():
    assert list(WORDS["en"]) == list(WORDS["zh"])
    assert list(WORDS["en"]) == sorted(WORDS["en"])


@pytest.mark.parametrize("key", WORDS["en"])
def test_both_languages_have_the_same_placeholders(key):
    english, chinese = (set(re.findall(r"\{(\w+)\}", WORDS[each][key])) for each in ("en", "zh"))
    assert english == chinese
    assert WORDS["zh"][key]


def used_keys():
    """Keys that stand in the code, and the beginnings of those that are put together there."""
    text = "\n".join(SCRIPTS.values())
    literal = set(re.findall(r"""["'`]((?:[a-z]+\.)+[\w.-]+)["'`]""", text))
    begun = set(re.findall(r"`([a-z]+(?:\.[a-z_]+)*\.)\$\{", text))
    begun |= set(re.findall(r"""f"((?:[a-z]+\.)+)\{""", text))
    return literal, begun


def test_no_word_is_unused():
    literal, begun = used_keys()
    unused = [
        key for key in WORDS["en"]
        if key not in literal and not any(key.startswith(start) for start in begun)
    ]  # fmt: skip
    assert not unused


def test_every_word_that_is_asked_for_exists():
    asked = set()
    for text in SCRIPTS.values():
        asked |= set(re.findall(r"""\bt\(\s*["']([\w.-]+)["']""", text))
        asked |= set(re.findall(r"""\brefuse\(\s*["']([\w.-]+)["']""", text))
    assert len(asked) > 100
    assert asked <= set(WORDS["en"])


def test_refusals_read_the_same_file():
    assert refusals.english_words() == WORDS["en"]


def test_chinese_has_no_english_punctuation():
    for key, text in WORDS["zh"].items():
        assert not re.search(r"[一-鿿][,;:?!](?!\w)", text), key
