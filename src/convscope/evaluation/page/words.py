"""Text and numbers as they stand on the page."""

from __future__ import annotations

import re

from convscope.look.html import escape

UNITS = ("bytes", "kB", "MB", "GB", "TB")
PREFIXES = ("", " thousand", " million", " billion", " trillion")


def with_options(text: object) -> str:
    """Escaped text in which no line ends between the dashes of an option such as --set."""
    return re.sub(r"(?<![\w-])--\w[\w-]*", r'<span class="option">\g<0></span>', escape(text))


def percent(share: float | None, digits: int = 1) -> str:
    """0.9234 as "92.3 %"; None, which stands for 0/0, as a dash."""
    return "–" if share is None else f"{100 * share:.{digits}f}\u00a0%"


def number(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, without needless zeros: 0.2801944 is "0.2802"."""
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e+" in text else text.replace("-", "\u2212", 1)


def quantity(value: float) -> str:
    """A large count in words: 17219072 is "17.2 million"."""
    if value < 100_000:
        return f"{value:,.0f}"
    step = 0
    while value >= 999.5 and step < len(PREFIXES) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.3g}{PREFIXES[step]}"


def size(count: float) -> str:
    """Bytes in the unit that suits: 1659976 is "1.66 MB"."""
    step = 0
    while count >= 999.5 and step < len(UNITS) - 1:
        count, step = count / 1000, step + 1
    return f"{count:.3g}\u00a0{UNITS[step]}"


def duration(seconds: float) -> str:
    """Seconds in the unit that suits: 150.1 is "2 min 30 s", 0.00084 is "0.84 ms"."""
    if seconds < 1:
        return f"{1000 * seconds:.3g}\u00a0ms"
    if seconds < 99.5:
        return f"{seconds:.3g}\u00a0s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}\u00a0min {rest}\u00a0s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,}\u00a0h {minutes}\u00a0min"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "1 mistake", "764 mistakes"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
