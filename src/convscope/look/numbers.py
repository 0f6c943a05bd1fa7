"""Numbers in words, one way for the terminal, figures, pages and messages.

What holds for all of them:

- Three significant digits, unless a function says otherwise, without needless zeros at the end.
- Units go up by powers of 1000 (1 kB is 1000 bytes), and the larger unit is taken as soon as three
  digits can't show the smaller: 999.4 kB, but 999.6 kB is 1 MB.
- Below 0 there is a true minus sign (U+2212), and −0 is 0.
- None and NaN, where there is no number, are a dash; infinity is ∞.
- A plain space stands before the unit. A page that must not break a line there replaces it.

Exact counts need no function: `f"{count:,}"` is 17,219.
"""

from __future__ import annotations

import math
import re

from convscope.look.language import current_language

NOTHING = "–"
MINUS = "\u2212"
_BYTES = re.compile("bytes?")
SIZES = (" bytes", " kB", " MB", " GB", " TB", " PB")
PREFIXES = ("", " k", " M", " G", " T", " P")
LONGEST_DIGITS = 1e15  # from here on a power of ten is read more easily than its digits


def number(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits: 0.2801944 is "0.2802", 123456 is "123,500"."""
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    text = f"{value + 0.0:,.{digits}g}"  # + 0.0 makes 0 of −0
    if "e+" in text and abs(value) < LONGEST_DIGITS:
        text = f"{float(text):,.0f}"
    return text.replace("-", MINUS)


def write_as(value: object, form: str) -> str:
    """A value in one of Python's format specifications, in the way that all numbers are written.

    What `format` gives, but "64 %" for "64%", a true minus sign, and 0 for "0.0e+00".

    Raises:
        ValueError: The specification doesn't fit the value, as `format` says it.
    """
    text = format(value, form)
    if not isinstance(value, int | float) and not hasattr(value, "dtype"):
        return str(text)
    if form.endswith("e") and float(text) == 0:
        return "0"
    text = text.replace("-", MINUS)
    return f"{text[:-1]} %" if text.endswith("%") else text


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 with so many decimals: 0.9234 is "92.3 %"."""
    if share is None or not math.isfinite(share):
        return _not_finite(share)
    text = f"{100 * share:.{digits}f}"
    shown = text if float(text) else text.removeprefix("-")
    return f"{_signed(shown)} %"


def quantity(count: float | None) -> str:
    """A large count with a prefix: 17219072 is "17.2 M", 500 is "500"."""
    return _scaled(count, PREFIXES)


def size(count: float | None) -> str:
    """Bytes in the unit that suits: 1659976 is "1.66 MB", 2314000000 is "2.31 GB".

    The word "bytes" is in the current language.
    """
    text = _scaled(count, SIZES)
    if text in ("1 bytes", f"{MINUS}1 bytes"):
        text = text.removesuffix("s")
    return text if current_language() == "en" else _BYTES.sub("字节", text)


def duration(seconds: float | None) -> str:
    """Seconds in the units that suit: "12 µs", "8.41 ms", "12.3 s", "4 min 10 s", "3 h 20 min".

    Seconds are left out from 10 minutes on. The largest unit is the hour: "1,000 h".
    """
    if seconds is None or not math.isfinite(seconds):
        return _not_finite(seconds)
    if seconds < 0:
        later = duration(-seconds)
        return later if later == "0 s" else MINUS + later
    if seconds < 1e-9:
        return "0 s"
    if seconds < 0.999_5e-4:
        return f"{1e6 * seconds:.3g} µs"
    if seconds < 0.999_5:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 99.5:
        return f"{seconds:.3g} s"
    if seconds < 595:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def clock(seconds: float | None) -> str:
    """Seconds as a clock shows them, for columns that change: "0:07", "12:30", "1:02:03"."""
    if seconds is None or not math.isfinite(seconds):
        return _not_finite(seconds)
    minutes, rest = divmod(abs(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    shown = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return MINUS + shown if round(seconds) < 0 else shown


def counted(count: int, noun: str, plural: str = "") -> str:
    """An exact count with its noun: "1 mistake", "1,764 mistakes".

    Args:
        count: How many.
        noun: What is counted, as one of them is called.
        plural: What several are called, if that is not the noun with an "s".
    """
    return f"{_signed(f'{count:,}')} {noun if count == 1 else plural or noun + 's'}"


def _scaled(value: float | None, units: tuple[str, ...]) -> str:
    if value is None or not math.isfinite(value):
        return _not_finite(value)
    rest, step = abs(value), 0
    while rest >= 999.5 and step < len(units) - 1:
        rest, step = rest / 1000, step + 1
    shown = number(rest, 3)
    return f"{MINUS if value < 0 and shown != '0' else ''}{shown}{units[step]}"


def _signed(text: str) -> str:
    return text.replace("-", MINUS, 1)


def _not_finite(value: float | None) -> str:
    if value is None or math.isnan(value):
        return NOTHING
    return "∞" if value > 0 else f"{MINUS}∞"
