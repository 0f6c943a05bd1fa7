"""A lesson's file as cells, and its texts filled with the numbers of the run."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.errors import ConvscopeError, UsageError
from convscope.look.numbers import write_as

# Double braces, since single ones belong to the formulas of the texts.
PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.\[\]]*)(?::([^{}]*))?\s*\}\}")
HASH_DIGITS = 8
# Chinese puts no blank between its characters, but a line's end within a paragraph is shown as one.
CHINESE = "[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e]"
LINE_END = re.compile(
    rf"(?<=[”{CHINESE[1:]})\n *(?=\**{CHINESE})"
    r"|(?<=[，。；：、？！）])\n *(?=[$`A-Za-z“{]|(?!\d+\. )\d|\*+\w)"
)


@dataclass(frozen=True)
class Cell:
    """A cell of a lesson.

    Attributes:
        kind: "markdown" or "code".
        source: Its text.
        english: Of a Chinese text: the hash of the English one that it was written against.
    """

    kind: str
    source: str
    english: str | None = None

    def digest(self) -> str:
        """A short hash of the text, which changes when it does, however its lines are broken."""
        text = " ".join(self.source.split())
        return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def read_cells(file: Path) -> list[Cell]:
    """The cells of a script in the percent format, or of a notebook.

    Raises:
        UsageError: The file isn't there or isn't one, or jupytext, which reads it, isn't
            installed.
    """
    try:
        import jupytext
    except ImportError:
        raise UsageError(
            "Reading a lesson's cells needs jupytext: pip install 'convscope[lessons]'. "
            f"Without it, python {file} runs the lesson as it is."
        ) from None
    if file.suffix not in (".ipynb", ".py"):
        raise UsageError(f"A lesson is a .ipynb or a .py; given {str(file)!r}.")
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The lesson {str(file)!r} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{str(file)!r} is no notebook that can be read: no text.") from None
    try:
        notebook = jupytext.reads(text, fmt="ipynb" if file.suffix == ".ipynb" else "py:percent")
    except Exception as error:  # whatever jupytext and nbformat think of a file that isn't one
        raise UsageError(f"{str(file)!r} is no notebook that can be read: {error}.") from None
    return [
        Cell(cell.cell_type, _joined(cell), cell.metadata.get("en"))
        for cell in notebook.get("cells", ())
        if cell.source.strip() and cell.cell_type in ("markdown", "code")
    ]


def _joined(cell: Any) -> str:
    """A cell's text; the lines of Chinese paragraphs are joined."""
    if cell.cell_type != "markdown" or "```" in cell.source:
        return str(cell.source)
    paragraphs = re.split(r"(\n\s*\n|^#.*\n)", cell.source, flags=re.MULTILINE)
    return "".join(LINE_END.sub("", part) for part in paragraphs)


def fill(text: str, values: Mapping[str, Any]) -> str:
    """A text with its `{{name:.2f}}` written out.

    Only names, attributes and items are looked up: no expression is evaluated.

    Args:
        text: The text.
        values: By name: the variables of the lesson so far.

    Raises:
        ConvscopeError: A placeholder names something that there isn't, or that can't be written so.
    """

    def write(found: re.Match[str]) -> str:
        name, form = found.group(1), found.group(2) or ""
        try:
            value, _ = string.Formatter().get_field(name, (), values)
            return write_as(value, form.strip())
        except (KeyError, AttributeError, IndexError, TypeError, ValueError) as error:
            raise ConvscopeError(
                f"The text's {found.group(0)} can't be filled in: {error!r}. "
                "The cells above it must have run, in their order."
            ) from None

    return PLACEHOLDER.sub(write, text)


def names_in(text: str) -> set[str]:
    """The variables that the text's placeholders begin with."""
    return {re.split(r"[.\[]", found.group(1))[0] for found in PLACEHOLDER.finditer(text)}
