"""What would make the set of images better, with the images to look at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.evaluation.page.words import with_options
from convscope.look.html import escape

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation
    from convscope.evaluation.next_step import NextStep

MOST_PATHS = 20


def next_steps(evaluation: Evaluation) -> str:
    """The steps in order, each with its paths; empty where there are none."""
    if not evaluation.next_steps:
        return ""
    items = "\n".join(_item(each) for each in evaluation.next_steps)
    return (
        "<p>Ordered by how many of the mistakes they touch. They are suggestions: look before "
        f"you change anything.</p>\n<ol>\n{items}\n</ol>"
    )


def _item(step: NextStep) -> str:
    count = (
        f' <span class="faint">({step.mistakes:,} of the mistakes)</span>' if step.mistakes else ""
    )
    paths = ""
    if len(step.paths) > 1:
        shown = "".join(f"<li>{escape(path)}</li>" for path in step.paths[:MOST_PATHS])
        more = len(step.paths) - MOST_PATHS
        rest = f"<li>and {more:,} more</li>" if more > 0 else ""
        paths = f"<details><summary>Their paths</summary><ul>{shown}{rest}</ul></details>"
    return f"<li>{with_options(step.text)}{count}{paths}</li>"
