"""Which classes are recognized, and what is taken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convscope.evaluation.page.tables import TableCell, table
from convscope.evaluation.page.words import percent
from convscope.look.html import escape

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation

MOST_IN_MATRIX = 60  # classes; a larger matrix can't be read
MOST_PAIRS = 12  # of the most frequent mistakes
MOST_ROWS = 40  # more get a scroll bar


def classes(evaluation: Evaluation) -> str:
    """Precision, recall and F1 of each class, and what it is most often taken for."""
    rows: list[list[str | TableCell]] = []
    for number, score in enumerate(evaluation.per_class):
        if not score.count:
            continue
        shares = [
            TableCell(percent(share), share, share or 0.0)
            for share in (score.precision, score.recall, score.f1)
        ]
        count = TableCell(f"{score.count:,}", score.count)
        rows.append([score.name, *shares, count, _rival(evaluation, number)])
    headings = ["class", "precision", "recall", "F1", "images", "most often taken for"]
    return (
        "<p>Precision: of the images said to be of this class, the share that is. Recall: of "
        "the images of this class, the share recognized. F1 is the harmonic mean of the two. "
        "A dash stands where there is nothing to divide by.</p>\n"
        + table(
            headings,
            rows,
            caption="Precision, recall and F1 of each class",
            sortable=True,
            tall=len(rows) > MOST_ROWS,
        )
    )


def confusion(evaluation: Evaluation) -> str:
    """The confusion matrix, and the most frequent mistakes in words."""
    parts = [
        "<p>Each row holds the images of one true class; each column is what the network said. "
        "Blue is right, orange is wrong; the stronger, the larger the share of the row.</p>"
    ]
    if len(evaluation.present) <= MOST_IN_MATRIX:
        parts.append(_matrix(evaluation))
    else:
        parts = [
            f"<p>The matrix of {len(evaluation.present)} classes is too large to be read here; "
            "evaluation.json holds it. These are its largest entries off the diagonal.</p>"
        ]
    off = evaluation.confusion.copy()
    np.fill_diagonal(off, 0)
    order = np.argsort(-off, axis=None, kind="stable")[:MOST_PAIRS]
    rows: list[list[str | TableCell]] = []
    for place in order.tolist():
        label, predicted = divmod(place, len(off))
        if count := int(off[label, predicted]):
            share = count / int(evaluation.confusion[label].sum())
            rows.append(
                [
                    evaluation.classes[label],
                    evaluation.classes[predicted],
                    TableCell(f"{count:,}", count),
                    TableCell(percent(share), share, share),
                ]
            )
    if rows:
        headings = ["true class", "taken for", "images", "share of class"]
        caption = "The most frequent mistakes"
        parts += ["<h3>The most frequent mistakes</h3>", table(headings, rows, caption=caption)]
    return "\n".join(parts)


def _rival(evaluation: Evaluation, number: int) -> str:
    """The class that images of this one are most often wrongly given."""
    given = evaluation.confusion[number].copy()
    given[number] = 0
    rival = int(given.argmax())
    return f"{evaluation.classes[rival]} ({given[rival]:,})" if given[rival] else "–"


def _matrix(evaluation: Evaluation) -> str:
    present = evaluation.present
    names = [escape(name) for name in evaluation.classes]
    head = "".join(f'<th scope="col" class="name">{names[number]}</th>' for number in present)
    rows = []
    for label in present:
        counts = evaluation.confusion[label].tolist()
        total = max(1, sum(counts))
        cells = "".join(
            _matrix_cell(label, predicted, counts[predicted], counts[predicted] / total)
            for predicted in present
        )
        rows.append(f'<tr><th scope="row">{names[label]}</th>{cells}</tr>')
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">'
        '<table class="confusion"><caption class="unseen">Confusion matrix: true class by row, '
        "predicted class by column</caption>"
        f'<thead><tr><th scope="col">true ↓ predicted →</th>{head}</tr></thead>\n'
        "<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _matrix_cell(label: int, predicted: int, count: int, share: float) -> str:
    if not count:
        return '<td class="none">·</td>'
    if label == predicted:
        return f'<td class="right" style="--share:{share:.3f}">{count}</td>'
    # Mistakes are rare: their colours are spread so that 1 % of a row can be seen.
    strength = min(1.0, 2 * share) ** 0.6
    return (
        f'<td class="wrong" style="--share:{strength:.3f}"><a href="#mistakes" '
        f'data-label="{label}" data-predicted="{predicted}">{count}</a></td>'
    )
