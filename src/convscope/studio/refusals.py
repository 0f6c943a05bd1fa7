"""What Studio can't do, said with the page's own words."""

from __future__ import annotations

import functools
import json
from importlib import resources

from convscope.web.failures import Refused


@functools.cache
def english_words() -> dict[str, str]:
    """The page's texts in English, by their keys."""
    file = resources.files("convscope.studio") / "static" / "words" / "en.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def refuse(key: str, *, status: int = 422, **values: object) -> Refused:
    """A refusal that the page can say in its language.

    Args:
        key: Of the words, as in "refused.bench.stride".
        status: HTTP's number for it.
        **values: What stands in their placeholders.
    """
    reason = english_words()[key].format(**values)
    return Refused(status, reason, details={"key": key, "values": values})
