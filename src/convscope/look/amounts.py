"""Amounts as people write them: 4GB, 100M."""

from __future__ import annotations

import re

from convscope.errors import UsageError

SIZES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
COUNTS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def parse_size(option: str, text: str) -> int:
    """An amount of memory in bytes.

    Args:
        option: That it was given to, as in "--fits".
        text: A number and a unit, as in 4GB, 1.5 GiB, 500MB; the unit in any case of letters.

    Raises:
        UsageError: It is something else, or nothing.
    """
    return _parse(text, SIZES, f"{option} takes a size with its unit, such as 500MB, 4GB or 4GiB")


def parse_count(option: str, text: str) -> int:
    """A large number.

    Args:
        option: That it was given to, as in "--budget".
        text: A number, with k, M, G or T for thousands, millions and so on, in any case of letters.

    Raises:
        UsageError: It is something else, or nothing.
    """
    return _parse(text, COUNTS, f"{option} takes a number such as 500k, 100M or 1.8G")


def _parse(text: str, units: dict[str, int], accepted: str) -> int:
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([a-z]*)", text.strip(), re.IGNORECASE | re.ASCII)
    known = {unit.lower(): factor for unit, factor in units.items()}
    if match is None or match[2].lower() not in known:
        raise UsageError(f"{accepted}; given {text!r}.")
    amount = int(float(match[1]) * known[match[2].lower()])
    if amount < 1:
        raise UsageError(f"{accepted}; {text!r} is nothing.")
    return amount
