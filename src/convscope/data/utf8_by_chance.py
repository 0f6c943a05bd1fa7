"""Whether names that are UTF-8 may be so by chance, as 猫 in GBK is è.

Two bytes of a double-byte encoding make a character of UTF-8 in about one case of six, so few
characters tell little, and four different ones nearly everything. Three bytes hardly ever do.
Then it counts whether the characters look like words: letters of one script, those of the Latin
one among others, and signs beside digits, as in 30°.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

FEW = 4
"""From this many different characters on, names are UTF-8 and not by chance."""


def may_be_chance(names: Sequence[str]) -> bool:
    """Whether names, read as UTF-8, have so few characters of two bytes that chance made them."""
    characters = {each for name in names for each in name if not each.isascii()}
    return 0 < len(characters) < FEW and max(characters) < "\u0800"


def look_like_words(names: Iterable[str]) -> bool:
    """Whether the characters that aren't ASCII are as they are in words of some language."""
    places = {name: [i for i, each in enumerate(name) if not each.isascii()] for name in names}
    characters = {name[place] for name, found in places.items() for place in found}
    if len({_script(each) for each in characters if each.isalpha()}) > 1:
        return False
    if len(characters) > 1 and all(map(str.isalpha, characters)):
        return True  # as α and β
    return all(_is_in_word(name, place) for name, found in places.items() for place in found)


def are_among_latin_letters(names: Iterable[str]) -> bool:
    """Whether each of the characters that aren't ASCII is a Latin letter beside an ASCII one."""
    return all(
        each.isascii() or (_script(each) == "LATIN" and _is_in_word(name, place))
        for name in names
        for place, each in enumerate(name)
    )


def _is_in_word(name: str, place: int) -> bool:
    character = name[place]
    beside = name[max(0, place - 1) : place] + name[place + 1 : place + 2]
    if not character.isalpha():
        return any(each.isdigit() or (each.isascii() and each.isalpha()) for each in beside)
    script = _script(character)
    return any(each.isalpha() and _script(each) == script for each in beside)


def _script(letter: str) -> str:
    """The script of a letter: the first word of its name, as LATIN, GREEK, CYRILLIC."""
    return unicodedata.name(letter, "").partition(" ")[0]
