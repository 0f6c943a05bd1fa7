"""Which images are in a cell of the confusion matrix: of one class, and given one class."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from convscope.files import read_bytes
from convscope.runs.run import Run
from convscope.studio.refusals import refuse
from convscope.studio.runs.result import ShownResult

AT_ONCE = 24
"""So many images of a cell are told at once."""
HEADINGS = ["path", "label", "predicted", "probability", "correct", "unknown"]


@dataclass(frozen=True)
class CellImage:
    """An image of a cell.

    Attributes:
        index: Its place among the images evaluated.
        path: Where it came from.
        probability: Of the class that it was given.
        unknown: Whether the model would say "unknown"; None where that isn't kept.
    """

    index: int
    path: str
    probability: float
    unknown: bool | None = None


def cell(run: Run, result: ShownResult, label: str, predicted: str, first: int) -> dict[str, Any]:
    """The images of a cell, the most confident first, a page at a time.

    Wrong ones stand in evaluation.json, right ones in predictions.csv alone, which older runs lack.

    Args:
        run: The run.
        result: Its evaluation.
        label: The true class.
        predicted: The class that was given.
        first: Images that are passed over.

    Raises:
        Refused: There is no such class, or nothing says which images these are.
    """
    for name in (label, predicted):
        if name not in result.classes:
            raise refuse("refused.runs.class", name=name)
    row, column = (result.classes.index(name) for name in (label, predicted))
    count = result.confusion[row][column]
    found = _of_mistakes(result, label, predicted) if row != column else []
    if row == column and count:
        found = _of_predictions(run.folder / "predictions.csv", label, result)
    found.sort(key=lambda each: -each.probability)
    return {
        "label": label,
        "predicted": predicted,
        "count": count,
        "first": first,
        "images": [asdict(each) for each in found[first : first + AT_ONCE]],
    }


def _of_mistakes(result: ShownResult, label: str, predicted: str) -> list[CellImage]:
    return [
        CellImage(each.index, each.path, each.probability)
        for each in result.mistakes
        if (each.label, each.predicted) == (label, predicted)
    ]


def _of_predictions(file: Path, label: str, result: ShownResult) -> list[CellImage]:
    """The images of a class that were given it.

    Raises:
        Refused: predictions.csv is missing, damaged, or of other images.
    """
    try:
        text = io.StringIO(read_bytes(file).decode("utf-8"), newline="")
        headings, *rows = list(csv.reader(text))
        if headings != HEADINGS or len(rows) != result.images:
            raise ValueError("it isn't of this evaluation")
        return [
            CellImage(index, _text(row[0]), float(row[3]), row[5] == "1")
            for index, row in enumerate(rows)
            if _text(row[1]) == label and row[4] == "1"
        ]
    except (OSError, ValueError, IndexError, csv.Error):
        raise refuse("refused.runs.predictions", run=str(file.parent)) from None


def _text(cell_text: str) -> str:
    """What `write_csv` wrote: it puts an apostrophe before what a spreadsheet would compute."""
    is_marked = cell_text.startswith("'") and cell_text[1:].startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n")
    )
    return cell_text[1:] if is_marked else cell_text
