"""How numbers and places are written for a person."""

from __future__ import annotations


def number(value: float) -> str:
    """Four significant digits, with a true minus sign: "−0.01235"."""
    return f"{value + 0.0:.4g}".replace("-", "−")  # + 0.0 makes 0 of −0


def signed(value: float) -> str:
    """A number as it goes on a sum: "+ 0.5" or "− 0.5"."""
    return f"{'−' if value < 0 else '+'} {number(abs(value))}"


def in_brackets(value: float) -> str:
    """A number as a factor: negative ones in brackets."""
    return f"({number(value)})" if value < 0 else number(value)


def from_here(start: int, symbol: str, step: int = 1) -> str:
    """A place in a window, as in "8 + a" or "−2 + 2a"."""
    stepped = symbol if step == 1 else f"{step}{symbol}"
    return stepped if start == 0 else f"{str(start).replace('-', '−')} + {stepped}"
