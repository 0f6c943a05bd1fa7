"""The arithmetic behind one number as text, for a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from convscope.graph.operations.forms import Form
from convscope.graph.operations.words import number
from convscope.inspection.unit.backward import NumberGradient
from convscope.inspection.unit.explanation import UnitFindings
from convscope.inspection.unit.steps import UnitStep
from convscope.inspection.unit.tables import body_of

INDENT = 3


def as_text(explanation: UnitFindings, width: int = 120) -> str:
    """The explanation as plain text."""
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        for part in as_parts(explanation, width):
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def as_parts(explanation: UnitFindings, width: int) -> Iterator[RenderableType]:
    """The explanation, part by part.

    Args:
        explanation: What to write.
        width: The terminal's width, in characters.
    """
    own = explanation.step
    yield Text(f"{own.label} = {number(own.value)}", style="bold")
    yield Text(_about(explanation))
    for note in explanation.notes:
        yield Text(note, style="dim")
    for place, step in enumerate(explanation.steps):
        yield Text()
        yield _heading(step, place, explanation)
        yield _indented(Text(step.form.formula))
        for part in body_of(step.form, width - INDENT, explanation):
            yield _indented(part)
        yield _indented(_outcome(step.form))
    yield Text()
    yield _checked(explanation)
    if explanation.backward is not None:
        yield from _backward(explanation, width)


def _about(explanation: UnitFindings) -> str:
    own, sees = explanation.step, explanation.sees
    size = " × ".join(map(str, own.shape))
    text = f"One of {size} numbers of layer {own.layer}, {explanation.network} on "
    text += f"{explanation.opened.image_name}."
    if sees is None:
        return text
    height, width = len(sees.rows), len(sees.columns)
    if sees.rows.all() and sees.columns.all():
        return f"{text} It sees all of the image ({height} × {width})."
    box = sees.box
    rows = f"row {box.top}" if box.top == box.bottom else f"rows {box.top} to {box.bottom}"
    columns = (
        f"column {box.left}" if box.left == box.right else f"columns {box.left} to {box.right}"
    )
    return f"{text} It sees {rows} and {columns} of the image ({height} × {width})."


def _heading(step: UnitStep, place: int, explanation: UnitFindings) -> Text:
    text = Text(f"{place + 1}. ", style="bold")
    if place > explanation.asked:
        text.append("then ", style="bold")
    text.append(step.label, style="bold")
    text.append(f"  {step.description}")
    if place == explanation.asked and len(explanation.steps) > 1:
        text.append("  ◀ the number asked about", style="bold cyan")
    return text


def _outcome(form: Form) -> Text:
    return Text(f"= {form.inserted}", style="bold")


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, INDENT))


def _checked(explanation: UnitFindings) -> Text:
    wrong = [each.label for each in explanation.checked if not each.agrees]
    if wrong:
        return Text(
            f"This does NOT agree with what the network computed: {', '.join(wrong)}. Please "
            "report it.",
            style="bold red",
        )
    worst = max(each.error for each in explanation.checked)
    return Text(
        "Checked: computed again in double precision, every result here is the network's own but "
        f"for rounding (at most {number(float(f'{worst:.0e}'))} of what was added up).",
        style="green",
    )


def _backward(explanation: UnitFindings, width: int) -> Iterator[RenderableType]:
    back = explanation.backward
    assert back is not None  # noqa: S101 - the caller has looked
    loss = back.loss
    p = float(loss.probabilities[loss.label])
    chosen = "the network's own choice" if loss.label == loss.predicted else "given as right"
    yield Text()
    yield Text("Backwards", style="bold")
    yield Text(
        f"L = −log p[{loss.label}] = −log {number(p)} = {number(loss.value)}  "
        f"(cross-entropy for {explanation.class_name(loss.label)}, {chosen})"
    )
    parts: list[tuple[str, NumberGradient | None]] = [
        ("The number itself", back.number),
        ("Of the weights it was computed with, the one with the largest gradient", back.weight),
        ("Of the numbers it was computed from, the one with the largest gradient", back.source),
    ]
    for words, gradient in parts:
        if gradient is None:
            continue
        yield Text()
        heading = Text(f"{words}: ", style="bold")
        heading.append(f"∂L/∂{gradient.label} = {number(gradient.value)}", style="bold")
        yield heading
        yield _indented(Text(gradient.form.formula))
        for part in body_of(gradient.form, width - INDENT, explanation):
            yield _indented(part)
        yield _indented(_outcome(gradient.form))
