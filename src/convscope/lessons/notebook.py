"""A lesson as a notebook of the learner's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from convscope.files import write_text
from convscope.lessons.cells import fill, names_in, read_cells
from convscope.lessons.contents_table import Lesson
from convscope.lessons.screens import Shown
from convscope.lessons.session import current_session
from convscope.look.language import use_language


def write_notebook(lesson: Lesson, language: str, path: Path) -> None:
    """Write the lesson as a notebook without outputs.

    A text with numbers of the run becomes a cell whose code is folded away and which writes the
    text when it runs.

    Args:
        lesson: Which one.
        language: "en" or "zh".
        path: The `.ipynb` to write; what is there is replaced.

    Raises:
        UsageError: jupytext isn't installed.
    """
    cells: list[dict[str, Any]] = []
    for place, cell in enumerate(read_cells(lesson.source(language))):
        common = {"id": f"cell-{place}", "source": cell.source, "metadata": {}}
        if cell.kind == "code":
            cells.append({**common, "cell_type": "code", "execution_count": None, "outputs": []})
        elif names_in(cell.source) - {"lesson"}:
            cells.append(_text_that_fills_itself(cell.source, place))
        else:  # what is known of the lesson needs no run
            with use_language(language):
                text = fill(cell.source, {"lesson": lesson})
            cells.append({**common, "source": text, "cell_type": "markdown"})
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": sys.version.split()[0]},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    write_text(path, json.dumps(notebook, ensure_ascii=False, indent=1) + "\n")


def show_text(text: str) -> None:
    """Show a lesson's text, filled with the variables of the cell that calls this.

    Notebooks call it where a text holds numbers of the run.

    Args:
        text: Markdown with `{{name:.2f}}`.

    Raises:
        ConvscopeError: A variable isn't there: cells above haven't run.
    """
    filled = fill(text, sys._getframe(1).f_globals)
    current_session().screen.show(Shown(filled, kind="markdown"))


def _text_that_fills_itself(text: str, place: int) -> dict[str, Any]:
    quoted = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return {
        "cell_type": "code",
        "id": f"cell-{place}",
        "source": f'cs.lessons.show_text("""{quoted}""")',
        "metadata": {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]},
        "execution_count": None,
        "outputs": [],
    }
