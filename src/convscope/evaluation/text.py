"""An evaluation in plain text: what `print(evaluation)` and `convscope evaluate` show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table
from rich.text import Text

from convscope.look.numbers import percent
from convscope.look.text import least_width, plain_table, plain_text, terminal_width

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation

MOST_CLASSES = 40  # rows of the table of classes; of more, those recognized worst
MOST_MISTAKES = 10  # lines in the terminal; the files have more


def evaluation_text(evaluation: Evaluation, width: int | None = None) -> str:
    """Accuracy, calibration, classes, confusion matrix and the most confident mistakes.

    Args:
        evaluation: What to describe.
        width: Columns of the terminal. None: as many as it has.
    """
    width = width or terminal_width()
    return plain_text(
        "\n".join(summary_lines(evaluation)),
        "",
        _class_table(evaluation),
        "",
        _confusion(evaluation, width),
        "",
        _mistakes(evaluation),
        width=width,
    )


def summary_lines(evaluation: Evaluation) -> list[str]:
    """In words: how accurate, on what, whether to be believed, and notes."""
    low, high = evaluation.interval
    return [
        f"{evaluation.split} accuracy {percent(evaluation.accuracy, 2)} "
        f"(95 % interval {percent(low, 2)} to {percent(high, 2)}), loss {evaluation.loss:.4f}",
        f"Balanced accuracy {percent(evaluation.balanced_accuracy, 2)}: every class counts the "
        "same, however many images it has",
        f"{evaluation.image_count:,} images of {evaluation.data} in {evaluation.seconds:.1f} s",
        *_trust_lines(evaluation),
        *(f"Note: {note}" for note in evaluation.notes),
        *next_steps_in_words([each.text for each in evaluation.next_steps]),
    ]


def next_steps_in_words(texts: Sequence[str]) -> list[str]:
    """What the images need next, a numbered line each; nothing where nothing is."""
    if not texts:
        return []
    return ["What the images need next:", *(f"  {k}. {each}" for k, each in enumerate(texts, 1))]


def _trust_lines(evaluation: Evaluation) -> list[str]:
    """Whether probabilities can be believed, and whether it knows what it doesn't know."""
    found, known = evaluation.calibration, evaluation.rejection
    lines = [f"Calibration error {percent(found.ece_after)}"]
    if found.temperature != 1:
        lines[0] += (
            f" (without the temperature {found.temperature:.2f}: {percent(found.ece_before)})"
        )
    if known is not None:
        right = (
            ""
            if known.accuracy is None
            else f"; of the others {percent(known.accuracy, 2)} are right"
        )
        lines.append(f"Says 'unknown' to {percent(known.unknown)} of these images{right}")
    lines += [
        f"Out-of-distribution images ({each.data}, {each.images:,}): "
        f"{percent(each.false_acceptance)} "
        f"are given a class; AUROC {each.auroc:.3f}"
        for each in evaluation.out_of_distribution
    ]
    return lines


def _class_table(evaluation: Evaluation) -> Table:
    present = [score for score in evaluation.per_class if score.count]
    scores, title = present, None
    if len(scores) > MOST_CLASSES:
        scores = sorted(scores, key=lambda score: score.f1 or 0.0)[:MOST_CLASSES]
        title = f"The {MOST_CLASSES} classes of {len(present)} recognized worst"
    table = plain_table(title)
    table.add_column("class")
    for heading in ("precision", "recall", "F1", "images"):
        table.add_column(heading, justify="right")
    for score in scores:
        shares = [percent(value) for value in (score.precision, score.recall, score.f1)]
        table.add_row(Text(score.name), *shares, f"{score.count:,}")
    return table


def _confusion(evaluation: Evaluation, width: int) -> Table | str:
    """The matrix in numbers, if the terminal is wide enough."""
    present = list(evaluation.present)
    names = [evaluation.classes[number] for number in present]
    counts = evaluation.confusion[np.ix_(present, present)].tolist()
    numbered = max(map(len, names)) > 4  # too wide for a column, so columns are numbered
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("true ↓  predicted →", no_wrap=True)
    for number, name in enumerate(names):
        table.add_column(Text(str(number) if numbered else name), justify="right", no_wrap=True)
    for number, (name, row) in enumerate(zip(names, counts, strict=True)):
        cells = [str(count) if count else "·" for count in row]
        table.add_row(Text(f"{number} {name}" if numbered else name), *cells)
    if least_width(table) <= width:
        return table
    return (
        f"The confusion matrix of {len(names)} classes is too wide for this terminal; the figure "
        "shows it."
    )


def _mistakes(evaluation: Evaluation) -> str:
    mistakes = evaluation.mistakes
    if not mistakes:
        return "No mistakes."
    noun = "mistake" if len(mistakes) == 1 else "mistakes"
    lines = [f"{len(mistakes):,} {noun}; the most confident:"]
    lines += [f"  {mistake}" for mistake in mistakes[:MOST_MISTAKES]]
    return "\n".join(lines)
