"""Where lines of Chinese may end, for what wraps lines at spaces only.

Chinese has no spaces, so that a sentence counts as one long word, and moves to the next line as a
whole. A mark of no width, which counts as a space, is put wherever a line may end: between two
characters, but not before a closing punctuation mark nor behind an opening one (W3C, "Requirements
for Chinese Text Layout", sec. 3.1.1). It is taken out again before anything is shown.
"""

from __future__ import annotations

import re

from rich.console import Console, ConsoleOptions
from rich.markdown import Markdown
from rich.segment import Segment, Segments

MARK = "\x1f"
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff"
_PLACE = re.compile(rf"(?<=[{_IDEOGRAPHS}，。；：！？、）”》])(?=[{_IDEOGRAPHS}（“《])")


def mark_line_breaks(text: str) -> str:
    """The text with a mark wherever a line of Chinese may end."""
    return _PLACE.sub(MARK, text)


def remove_marks(text: str) -> str:
    """The wrapped text as it is shown."""
    return text.replace(MARK, "")


def wrap_markdown(source: str, options: ConsoleOptions) -> Segments:
    """A text with its styles and lines, to be printed on a console with these options.

    It is wrapped by rich's own console, as ours would spell out the marks.
    """
    wrapped = Console().render(Markdown(mark_line_breaks(source)), options)
    return Segments(Segment(remove_marks(text), style, control) for text, style, control in wrapped)
