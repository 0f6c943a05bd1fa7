"""Formulas in a terminal. Tests lessons/formulas.py."""

import io
import re

import pytest

from convscope.lessons.contents_table import list_lessons
from convscope.lessons.formulas import FORMULA, spell, spell_formulas


@pytest.mark.parametrize(
    ("formula", "spelled"),
    [
        (r"f(\tau)\,g(t - \tau)\,d\tau", "f(τ) g(t - τ) dτ"),
        (r"(f * g)(t) = \int f(\tau)\, d\tau", "(f * g)(t) = ∫ f(τ) dτ"),
        (r"\left\lfloor \frac{n - k + p + s}{s} \right\rfloor", "⌊ (n - k + p + s) / s ⌋"),
        (r"\frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \varepsilon}}",
         "(x - mean) / √(variance + ε)"),
        (r"2 / (n_\text{in} + n_\text{out})", "2 / (n_in + n_out)"),
        (r"c_i \cdot c_o \cdot k^2", "c_i · c_o · k²"),
        (r"X_{i+a,\,j+b}", "X_(i+a, j+b)"),
        (r"W_{ijkl}", "W_ijkl"),
        (r"a^{(l+1)} = g\big(W^{(l)} a^{(l)}\big)", "a^(l+1) = g(W^(l) a^(l))"),
        (r"y = 2\,x^\top x", "y = 2 xᵀ x"),
        (r"\max(x, 0)", "max(x, 0)"),
        (r"\unknown x", r"\unknown x"),
    ],
)  # fmt: skip
def test_a_formula_is_spelled_out(formula, spelled):
    assert spell(formula) == spelled


def test_markdown_shows_the_formula_and_the_rest_stays():
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=80, file=io.StringIO())
    console.print(Markdown(spell_formulas(r"Eat $f(\tau)\,d\tau$, *then* $a_i * b_j * c$.")))
    assert console.file.getvalue().strip() == "Eat f(τ) dτ, then a_i * b_j * c."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_lesson_has_a_command_that_is_not_known(language):
    for lesson in list_lessons():
        for found in FORMULA.finditer(lesson.source(language).read_text(encoding="utf-8")):
            spelled = spell(re.sub(r"\n# ?", " ", found[1] or found[2]))
            assert not re.search(r"[\\{}]", spelled), f"{lesson.number}: {found[0]} gives {spelled}"
