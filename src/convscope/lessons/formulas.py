"""The formulas of a lesson's texts, which are LaTeX, in letters that a terminal can show."""

from __future__ import annotations

import re

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(\S|\S[^$]*?\S)\$", re.DOTALL)
SYMBOLS = {
    "beta": "β",
    "cdot": "·",
    "eta": "η",
    "gamma": "γ",
    "int": "∫",
    "lambda": "λ",
    "leftarrow": "←",
    "lfloor": "⌊",
    "mu": "μ",
    "qquad": "  ",
    "rfloor": "⌋",
    "sum": "Σ",
    "tau": "τ",
    "times": "×",
    "top": "ᵀ",
    "varepsilon": "ε",
} | dict.fromkeys(("big", "Big", "left", "right"), "")  # only sizes of brackets
NAMES = {"log", "max", "min"}  # written as they are
HIGH = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def spell_formulas(markdown: str) -> str:
    r"""Markdown with each formula spelled out: `$f(\tau)\,d\tau$` becomes f(τ) dτ.

    A command that isn't known stays as it was written.
    """
    return FORMULA.sub(lambda found: _escape(spell(found[1] or found[2])), markdown)


def spell(formula: str) -> str:
    """One formula in LaTeX, without its dollars, as plain text."""
    text = re.sub(r"\\[,;! ]", " ", formula)
    text = re.sub(r"\\(?:text|mathrm|mathbf)\s*(?:\{([^{}]*)\}|(\S))", r"\1\2", text)
    text = re.sub(r"\\hat\s*(\w)", "\\1\N{COMBINING CIRCUMFLEX ACCENT}", text)
    text = re.sub(r"\\([A-Za-z]+)", _symbol, text)
    text = re.sub(r"\\sqrt\{([^{}]*)\}", lambda found: f"√{_grouped(found[1])}", text)
    text = re.sub(
        r"\\frac\{([^{}]*)\}\{([^{}]*)\}",
        lambda found: f"{_grouped(found[1])} / {_grouped(found[2])}",
        text,
    )
    text = re.sub(r"\^(\d)", lambda found: found[1].translate(HIGH), text)
    text = text.replace("^ᵀ", "ᵀ")
    text = re.sub(r"([_^])\{([^{}]*)\}", lambda found: found[1] + _grouped(found[2]), text)
    return re.sub(r"\s+", " ", text).strip()


def _symbol(found: re.Match[str]) -> str:
    return found[1] if found[1] in NAMES else SYMBOLS.get(found[1], found[0])


def _grouped(text: str) -> str:
    """In parentheses, unless it is one word or has some already."""
    text = text.strip()
    return text if re.fullmatch(r"\w+|\([^()]*\)|√\([^()]*\)", text) else f"({text})"


def _escape(text: str) -> str:
    """So that Markdown takes none of it for its own signs."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", text)
