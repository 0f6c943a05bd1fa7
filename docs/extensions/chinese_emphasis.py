"""Emphasis in Chinese as dots below the characters: Chinese type has no italics of its own.

Emphasis without a Chinese character, such as the title of an English paper, stays in italics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_CHINESE = re.compile("[\u4e00-\u9fff]")


def _mark(app: Sphinx, document: nodes.document) -> None:
    for node in document.findall(nodes.emphasis):
        if _CHINESE.search(node.astext()):
            node["classes"].append("chinese")


def setup(app: Sphinx) -> dict[str, bool]:
    """Mark such emphasis for `site.css`."""
    app.connect("doctree-read", _mark)
    return {"parallel_read_safe": True}
