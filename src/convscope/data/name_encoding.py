"""Which encoding names have that somebody's archive program wrote without saying so.

The rule: names that are UTF-8 throughout are UTF-8, unless so few characters make them so that it
may be chance (`utf8_by_chance`). Else, of the encodings that archive programs
use and that can decode every name, the one whose characters are the likeliest counts: each double
byte is worth most where the encoding has its common characters (for Chinese the 3,755 of level 1
of GB 2312, for Japanese kana and kanji of level 1, for Korean syllables of KS X 1001, for
traditional Chinese the frequent ones of Big5), each single byte where it is a letter. A letter with
an accent stands among ASCII letters; characters of other scripts hardly do. Chinese and Korean
share most of their bytes: it is Korean if most syllables are frequent ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convscope.data.utf8_by_chance import (
    are_among_latin_letters,
    look_like_words,
    may_be_chance,
)

# Syllables in which most Korean words are written; Chinese read as Korean hardly has any of them.
FREQUENT_SYLLABLES = frozenset(
    "가각간갈감강개거건게경고공과관구국귀그금기김꽃나남내네노눈는늘니다단달닭대더도돌동두드들등디딸라람랑래량러레"
    "려력로료루류르름리림마만말매머면명모목무문물미민바박반발방배버벌벽별병보복본부북분불비빙빵사산살삼상새색생서"
    "석선설성세소속손송수숙술스습시식신실심쌀아악안암애야약양어언얼업에여역연열염영예오옥온와완왕외요용우운울원월위"
    "유육은을음의이인일임입자작잔장재저적전절점정제조족종좌주중증지직진질집차착참창책처천철청체초촌총최추축출충치"
    "카코콩크키타탁탄터토통투트특파판팔패편평포표품풍프피필하학한할함합항해행향험현형호혼화환활황회효후훈휴흑희"
)

DOUBLE_BYTES = ("gbk", "shift_jis", "big5", "euc_kr")
ENCODINGS = (*DOUBLE_BYTES, "cp866", "cp1251", "cp437", "cp1252")
WIDER = {"gbk": "gb18030", "shift_jis": "cp932", "big5": "cp950", "euc_kr": "cp949"}
"""What Windows and newer programs write in place of an encoding: with more characters, as ①."""
AS_LIKELY = 0.02
CONVINCING = 0.9
"""From this score on, names that may be UTF-8 by chance may be of another encoding."""


def find_encoding(names: Sequence[bytes]) -> tuple[str, tuple[str, ...]]:
    """The encoding of these names, and others that are as likely.

    Args:
        names: Whole names or paths; ASCII in them tells nothing.
    """
    if not _decodes(names, "utf-8"):
        return _find_likeliest(names, ENCODINGS)
    texts = [name.decode("utf-8") for name in names]
    if not may_be_chance(texts) or are_among_latin_letters(texts):
        return "utf-8", ()
    others = [each for each in DOUBLE_BYTES if _decodes(names, each)]
    others = [each for each in others if _score(names, each) >= CONVINCING]
    if not others:
        return "utf-8", ()
    best, as_likely = _find_likeliest(names, others)
    if look_like_words(texts):
        return "utf-8", (best, *as_likely)
    return best, (*as_likely, "utf-8")


def _find_likeliest(
    names: Sequence[bytes], encodings: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """The likeliest of some encodings of which at least one fits, and others as likely."""
    fitting = [
        each
        for encoding in encodings
        for each in (encoding, WIDER.get(encoding, encoding))
        if _decodes(names, each)
    ]
    scores = {
        encoding: _score(names, encoding)
        for encoding in fitting
        if not any(WIDER.get(narrow) == encoding for narrow in fitting)
    }
    best = max(scores, key=lambda encoding: scores[encoding])  # cp437 decodes everything
    others = (each for each in scores if each != best and scores[each] >= scores[best] - AS_LIKELY)
    return best, tuple(others)


def _decodes(names: Sequence[bytes], encoding: str) -> bool:
    try:
        for name in names:
            name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _score(names: Sequence[bytes], encoding: str) -> float:
    """How likely the characters are that aren't ASCII, 1 for likely ones: the mean, by bytes."""
    worth, total = 0.0, 0
    for name in set(names):
        text = name.decode(encoding)
        for place, character in enumerate(text):
            if not character.isascii():
                code = character.encode(encoding)
                likely = _WORTH[encoding](code, character)
                if encoding not in ("cp437", "cp1252") and _is_among_letters(text, place):
                    likely *= 0.8 if len(code) == 2 else 0.3
                worth += len(code) * likely
                total += len(code)
    return worth / total if total else 0.0


def _is_among_letters(text: str, place: int) -> bool:
    beside = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
    return any(each.isascii() and each.isalpha() for each in beside)


def _gbk(code: bytes, character: str) -> float:
    lead, trail = code[0], code[-1]
    if 0xB0 <= lead <= 0xD7 and trail >= 0xA1:
        return 1.0
    if 0xD8 <= lead <= 0xF7 and trail >= 0xA1:
        return 0.5  # level 2
    return 0.4 if 0xA1 <= lead <= 0xA9 and trail >= 0xA1 else 0.1  # signs; the extension


def _shift_jis(code: bytes, character: str) -> float:
    if len(code) == 1:
        return 0.2  # narrow katakana, as which most double bytes of others can be read
    if "぀" <= character <= "ヿ" or character in "々ー":
        return 1.0
    return 0.95 if 0x88 <= code[0] <= 0x97 else 0.3


def _big5(code: bytes, character: str) -> float:
    return 0.98 if 0xA4 <= code[0] <= 0xC6 else 0.3


def _euc_kr(code: bytes, character: str) -> float:
    if character in FREQUENT_SYLLABLES:
        return 1.2  # so that a word with a rarer syllable is still Korean
    return 0.7 if "가" <= character <= "힣" else 0.2


def _cp866(code: bytes, character: str) -> float:
    return 0.9 if "а" <= character.lower() <= "ё" else 0.1


def _cp437(code: bytes, character: str) -> float:
    # Letters with accents stand alone between others, so less is required of them; but Greek and
    # lines are hardly ever in names.
    return 0.85 if character.isalpha() and ord(character) < 0x250 else 0.1


def _cp1251(code: bytes, character: str) -> float:
    return 0.85 if "а" <= character <= "ё" else 0.4 if "А" <= character <= "Я" else 0.1


def _cp1252(code: bytes, character: str) -> float:
    # Small letters: capitals with accents are rare, and many in what double bytes read as cp1252.
    return (
        0.84 if character.islower() and character.isalpha() else 0.3 if character.isalpha() else 0.1
    )


_WORTH: dict[str, Callable[[bytes, str], float]] = {
    "gbk": _gbk,
    "shift_jis": _shift_jis,
    "big5": _big5,
    "euc_kr": _euc_kr,
    "cp866": _cp866,
    "cp1251": _cp1251,
    "cp437": _cp437,
    "cp1252": _cp1252,
}
_WORTH |= {wide: _WORTH[narrow] for narrow, wide in WIDER.items()}
