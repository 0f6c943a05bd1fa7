"""What came of the run, in one glance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convscope.evaluation.analysis import Analysis
from convscope.evaluation.page.tables import facts
from convscope.evaluation.page.words import (
    counted,
    duration,
    number,
    percent,
    quantity,
    with_options,
)
from convscope.look.html import escape
from convscope.runs.run import Run

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation

SEEN = {
    "train": "images it was trained on",
    "validation": "validation images, which chose the epoch that was kept",
    "test": "test images, which it had never been given before",
}


def title(run: Run, evaluation: Evaluation) -> str:
    """What was trained, and on what the result was evaluated; not escaped."""
    data = Path(evaluation.data).name or "images"
    return f"{run.recipe.network or 'Network'} on {data}"


def headline(run: Run, analysis: Analysis) -> str:
    """Accuracy, one paragraph that says what it means, and the facts around it."""
    evaluation = analysis.evaluation
    low, high = evaluation.interval
    split = "" if evaluation.split == "all" else f"{evaluation.split} "
    notes = "".join(f'<p class="note">{with_options(note)}</p>\n' for note in evaluation.notes)
    return (
        f'<p class="faint">Report of a run, evaluated on '
        f'<time datetime="{analysis.evaluated:%Y-%m-%dT%H:%M:%SZ}">'
        f"{analysis.evaluated.day} {analysis.evaluated:%B %Y, %H:%M} UTC</time></p>\n"
        f"<h1>{escape(title(run, evaluation))}</h1>\n"
        f'<p class="result"><data value="{evaluation.accuracy!r}">'
        f"{percent(evaluation.accuracy, 2)}</data> "
        f"<small>of {evaluation.image_count:,} {escape(split)}images right; "
        f"95\u00a0% interval {percent(low, 2)} to {percent(high, 2)}</small></p>\n"
        f"<p>{escape(_in_words(evaluation))}</p>\n{notes}{_facts(run, analysis)}"
    )


def _in_words(evaluation: Evaluation) -> str:
    low, high = evaluation.interval
    wrong = len(evaluation.mistakes)
    seen = SEEN.get(evaluation.split, "images")
    parts = [
        f"Of {evaluation.image_count:,} {seen}, the network gave "
        f"{evaluation.image_count - wrong:,} their true class and {wrong:,} another."
    ]
    if evaluation.split != "train":
        parts.append(
            f"If these images are like those to come, it will be right on {percent(low)} to "
            f"{percent(high)} of them."
        )
    frequent = max(score.count for score in evaluation.per_class) / evaluation.image_count
    parts.append(f"Always naming the most frequent class would give {percent(frequent)}.")
    off = evaluation.confusion.copy()
    np.fill_diagonal(off, 0)
    if off.max() > 1:  # of mistakes made once, none is the most frequent
        label, predicted = divmod(int(off.argmax()), len(off))
        parts.append(
            f"Its most frequent mistake: {evaluation.classes[label]} taken for "
            f"{evaluation.classes[predicted]} ({counted(int(off.max()), 'image')})."
        )
    return " ".join(parts)


def _facts(run: Run, analysis: Analysis) -> str:
    evaluation, cost = analysis.evaluation, analysis.cost
    card = analysis.evaluation.model.card
    channels, size = card.channels, card.size
    rows = [
        (
            "Balanced accuracy (every class counts the same)",
            percent(evaluation.balanced_accuracy, 2),
        ),
        ("Loss (mean cross-entropy)", number(evaluation.loss)),
        ("Mistakes", f"{len(evaluation.mistakes):,} of {evaluation.image_count:,}"),
        ("Network", run.recipe.network or "a module of its own"),
        ("Data", f"{evaluation.data}, {evaluation.split}"),
        (
            "Images",
            f"{channels}×{size}×{size}, {counted(len(evaluation.classes), 'class', 'classes')}",
        ),
        ("Parameters", quantity(cost.parameters)),
    ]
    if cost.epochs is not None and cost.training_seconds is not None:
        training = f"{counted(cost.epochs, 'epoch')} in {duration(cost.training_seconds)}"
        rows.append(("Training", training))
    rows.append(("Run", Path(run.folder).resolve().name))
    return facts(rows)
