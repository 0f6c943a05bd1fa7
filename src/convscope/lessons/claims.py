"""A claim of a lesson: a sentence that was measured just now, and might have been false."""

from __future__ import annotations

import re
import string
from typing import Any

from convscope.errors import UsageError
from convscope.lessons.contents_table import find_claim
from convscope.lessons.screens import Shown
from convscope.lessons.session import MeasuredClaim, current_session
from convscope.look.html import escape
from convscope.look.language import pick
from convscope.look.numbers import write_as

CODE = re.compile("`([^`]+)`")
MARKS = {True: "✓", False: "✗", None: "?"}


def claim(claim_id: str, holds: object, **figures: object) -> None:
    """Say whether a claim held, with the figures that were measured.

    Args:
        claim_id: The lesson's number and the claim's name, as "7.flip".
        holds: What the measurement says: true, false, or None if it doesn't decide.
        figures: What was measured; the names are those that the claim's sentence asks for.

    Raises:
        UsageError: There is no such claim, or a figure is missing that its sentence asks for.
    """
    asked = find_claim(claim_id)
    verdict = None if holds is None else bool(holds)
    try:
        sentence = _Sentence().vformat(str(asked.sentence), (), figures)
    except (KeyError, IndexError, ValueError) as error:
        raise UsageError(
            f"Claim {claim_id} can't be written with the figures {sorted(figures)}: {error!r}."
        ) from None
    session = current_session()
    session.claims.append(MeasuredClaim(claim_id, verdict, dict(figures), sentence))
    ending = pick(" (not decided)", "（未定）") if verdict is None else ""
    name = {True: "holds", False: "fails", None: "open"}[verdict]
    shown = CODE.sub(r"<code>\1</code>", escape(sentence + ending))
    html = f'<p class="claim {name}"><strong>{MARKS[verdict]}</strong> {shown}</p>'
    session.screen.show(Shown(f"{MARKS[verdict]} {sentence}{ending}", html, kind="claim"))


class _Sentence(string.Formatter):
    """Fills a sentence with figures, written as all numbers are."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return write_as(value, format_spec)
