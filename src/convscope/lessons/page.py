"""A lesson that has run, as one HTML page that holds all of its figures and opens anywhere."""

from __future__ import annotations

import ast
import base64
import functools
import re
from pathlib import Path
from typing import Any

from convscope.errors import UsageError
from convscope.files import write_text
from convscope.lessons.play import PlayedCell, PlayedLesson
from convscope.lessons.screens import Shown
from convscope.look import palette
from convscope.look.html import escape
from convscope.look.language import Words

CODE = Words("Code", "代码")
FIGURE = Words("Figure", "图")
# What the code says to the formatter only.
FORMATTER = re.compile(r"[ ]+# (fmt: skip|noqa\b.*)$", re.MULTILINE)
# "64 %" and "3 × 3" stay on one line.
BLANKS = re.compile(r"(?<=\d) (?=%)|(?<=\d) (?=×)|(?<=×) (?=\d)")
FOLDED = {"cs.lessons.claim", "cs.lessons.end"}


def write_page(played: PlayedLesson, path: Path) -> None:
    """Write the page.

    Args:
        played: The lesson.
        path: The `.html` to write; what is there is replaced.

    Raises:
        UsageError: The packages that write Markdown and formulas aren't installed.
    """
    write_text(path, lesson_page(played))


def lesson_page(played: PlayedLesson) -> str:
    """The page's HTML: no scripts, nothing loaded, light or dark as the reader's system is."""
    is_chinese = played.language == "zh"
    title = played.lesson.title.zh if is_chinese else played.lesson.title.en
    body = "\n".join(cell_html(cell, played.language) for cell in played.cells)
    style = palette.PAGE + Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if is_chinese else "en"}">\n<head>\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{played.lesson.number} · {escape(title)} · Convscope</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def cell_html(cell: PlayedCell, language: str) -> str:
    """One cell as HTML: its text, or its code and what it showed.

    Args:
        cell: It.
        language: "en" or "zh".

    Raises:
        UsageError: The packages that write Markdown and formulas aren't installed.
    """
    markdown, is_chinese = _markdown(), language == "zh"
    if cell.kind == "markdown":
        return keep_together(str(markdown.render(cell.source)))
    code = CODE.zh if is_chinese else CODE.en
    opened = "" if only_claims(cell.source) else " open"
    parts = [
        f'<details class="code"{opened}><summary>{code}</summary><pre><code>'
        f"{escape_lines(FORMATTER.sub('', cell.source))}</code></pre></details>"
    ]
    parts += [_shown(shown, is_chinese=is_chinese) for shown in cell.shown]
    return "\n".join(parts)


def _shown(shown: Shown, *, is_chinese: bool) -> str:
    parts = []
    if shown.html:
        parts.append(f'<div class="result">{keep_together(shown.html)}</div>')
    elif shown.text:
        parts.append(f'<pre class="result">{escape_lines(shown.text)}</pre>')
    if shown.png is not None:
        alternative = escape(shown.text or str(FIGURE.zh if is_chinese else FIGURE.en))
        data = base64.b64encode(shown.png).decode()
        parts.append(f'<img src="data:image/png;base64,{data}" alt="{alternative}">')
    return "\n".join(parts)


def keep_together(html: str) -> str:
    """HTML in which no line ends between a number and its percent sign, or around a ×."""
    return BLANKS.sub("\N{NO-BREAK SPACE}", html)


def only_claims(source: str) -> bool:
    """Whether a cell only says how what was measured before came out, so that it may be folded."""
    return all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) in FOLDED
        for node in ast.parse(source).body
    )


def escape_lines(text: str) -> str:
    """A text of several lines as HTML; the lines stay."""
    return "\n".join(map(escape, text.split("\n")))


@functools.cache
def _markdown() -> Any:
    try:
        from latex2mathml.converter import convert
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin
    except ImportError as error:
        raise UsageError(
            f"A lesson's page needs {error.name}: pip install 'convscope[lessons]'."
        ) from None

    def write_formula(formula: str, options: dict[str, Any]) -> str:
        return str(convert(formula, display="block" if options["display_mode"] else "inline"))

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return markdown.use(dollarmath_plugin, renderer=write_formula)
