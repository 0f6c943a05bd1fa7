"""A lesson that runs in a process of its own, and writes each cell to a file as soon as it has run.

    python -m convscope.lessons.play_to_file 7 en lesson.jsonl

Each line of the file is an object: a cell as HTML, with the claims and exercises that it holds; the
last one says how long all took, or why it ended early. The process ends when its standard input
does, so that whoever started it needn't be there to end it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from convscope.errors import ConvscopeError
from convscope.lessons.page import cell_html
from convscope.lessons.play import PlayedCell, play_lesson

CHECK = re.compile(r"""\blessons\.check\(\s*["'](\d+\.\d+)["']""")
CLAIM = re.compile(r"""\blessons\.claim\(\s*["'](\d+\.\w+)["']""")


def play_to_file(number: int, language: str, file: Path) -> None:
    """Play a lesson and write its cells.

    Args:
        number: Which one.
        language: "en" or "zh".
        file: What is there is replaced.
    """
    with file.open("w", encoding="utf-8") as out:

        def write(line: dict[str, Any]) -> None:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()

        try:
            played = play_lesson(number, language, after_cell=cell_writer(language, write))
            write({"done": round(played.seconds, 1)})
        except ConvscopeError as error:
            write({"failed": str(error)})
        except Exception as error:  # whatever the lesson's code raises is said on the page
            traceback.print_exc()
            write({"failed": f"{type(error).__name__}: {error}"})


def cell_writer(
    language: str, write: Callable[[dict[str, Any]], None]
) -> Callable[[PlayedCell], None]:
    """A function that writes a cell; what the checks of exercises said isn't in it.

    Args:
        language: "en" or "zh".
        write: Takes the line.
    """

    def write_cell(cell: PlayedCell) -> None:
        shown = tuple(each for each in cell.shown if each.kind != "check")
        is_code = cell.kind == "code"
        write(
            {
                "html": cell_html(replace(cell, shown=shown), language),
                "checks": CHECK.findall(cell.source) if is_code else [],
                "claims": CLAIM.findall(cell.source) if is_code else [],
            }
        )

    return write_cell


def exercises_in(source: Path) -> list[str]:
    """The ids of the exercises that a lesson's file checks, in their order, without running it."""
    return list(dict.fromkeys(CHECK.findall(source.read_text(encoding="utf-8"))))


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    play_to_file(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    os._exit(0)  # the thread waits for an input that may never end
