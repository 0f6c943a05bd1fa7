"""Writes into each Chinese text cell the hash of the English one that it was written against.

`python -m tests.lessons.hashes` fills in those that have none. One that is there and no longer fits
is named: its text must be read again against the English, and the old hash then be removed.
"""

import re
import sys

from convscope.lessons.cells import read_cells
from convscope.lessons.contents_table import Lesson, list_lessons

MARKER = re.compile(r'^# %% \[markdown\](?: en="(\w+)")?[ \t]*$', re.MULTILINE)


def fill_in(lesson: Lesson) -> list[str]:
    """Fill in the hashes of a lesson; returns what must be read again."""
    english = [cell for cell in read_cells(lesson.source("en")) if cell.kind == "markdown"]
    file = lesson.source("zh")
    text = file.read_text(encoding="utf-8")
    if len(MARKER.findall(text)) != len(english):
        return [f"{file.name}: {len(english)} English texts, {len(MARKER.findall(text))} Chinese"]
    expected = iter(cell.digest() for cell in english)
    stale = []

    def write(found: re.Match[str]) -> str:
        right = next(expected)
        if found.group(1) not in (None, right):
            line = text[: found.start()].count("\n") + 1
            stale.append(f"{file.name}:{line}: the English text has changed (now {right})")
            return found.group(0)
        return f'# %% [markdown] en="{right}"'

    file.write_text(MARKER.sub(write, text), encoding="utf-8")
    return stale


if __name__ == "__main__":
    problems = [problem for lesson in list_lessons() for problem in fill_in(lesson)]
    print("\n".join(problems))
    sys.exit(bool(problems))
