"""What `convscope lesson check` says: what is wrong, what is solved, and the next hint."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.console import print_json
from convscope.look.language import pick

if TYPE_CHECKING:
    from convscope.lessons.play import PlayedCell


def check_copy(number: int, language: str, file: Path | None, *, json: bool) -> bool:
    """Run a learner's copy of a lesson and print which exercises are solved.

    Args:
        number: The lesson's number.
        language: "en" or "zh".
        file: The copy, .ipynb or .py; None for the one that `convscope lesson open` made. Without
            any, what was solved before is told.
        json: Print one JSON object instead.

    Returns:
        Whether nothing in the copy is wrong: every cell ran, and no answer was refused.

    Raises:
        UsageError: There is no such lesson, or the file can't be read.
    """
    from convscope.lessons.checks import exercises_of, general_hint
    from convscope.lessons.contents_table import find_lesson
    from convscope.lessons.play import play_lesson
    from convscope.lessons.progress import read_progress

    find_lesson(number)
    before = read_progress()
    copy = file or before.copies.get(number)
    moved: Path | None = None
    if file is None and copy is not None and not copy.exists():
        copy, moved = None, copy
    errors: list[dict[str, object]] = []
    if copy is not None:
        if not json:
            print(pick(f"Running {copy} ...", f"正在运行 {copy} ……"), flush=True)
        played = play_lesson(
            number, language, file=copy, after_cell=None if json else _print_checks()
        )
        errors = _errors(played.cells)
    progress = read_progress()
    exercises = exercises_of(number)
    solved = [name for name in exercises if name in progress.solved]
    left = [name for name in exercises if name not in progress.solved]
    wrong = [
        name for name in exercises if progress.failed.get(name, 0) > before.failed.get(name, 0)
    ]
    failed = progress.failed.get(left[0], 0) if left else 0
    has_hint = bool(left) and left[0] in wrong  # the check has given one just now
    hint = general_hint(exercises[left[0]], failed - 1 if has_hint else failed) if left else None
    if json:
        print_json(
            {
                "lesson": number,
                "solved": solved,
                "left": left,
                "wrong": wrong,
                "hint": hint,
                "errors": errors,
            }
        )
        return not wrong and not errors
    print(
        pick(
            f"Lesson {number}: {len(solved)} of {len(exercises)} exercises solved.",
            f"第 {number} 课：{len(exercises)} 道练习中已解出 {len(solved)} 道。",
        )
    )
    if left:
        further = "" if has_hint else hint
        print(pick(f"Next: {left[0]}. {further}", f"下一题：{left[0]}。{further}").rstrip())
        _print_where(number, copy, moved)
    return not wrong and not errors


def _print_where(number: int, copy: Path | None, moved: Path | None) -> None:
    """Say how to get at a copy, where there is none or it isn't where it was."""
    if moved is not None:
        print(
            pick(
                f"Your copy isn't at {moved} any more. "
                f"Say where it is: convscope lesson check {number} FILE",
                f"你的副本已不在 {moved}。请说明它在哪里：convscope lesson check {number} FILE",
            )
        )
    elif copy is None:
        print(
            pick(
                f"Work on your own copy: convscope lesson open {number}",
                f"请在自己的副本上作答：convscope lesson open {number}",
            )
        )


def _print_checks() -> Callable[[PlayedCell], None]:
    """What prints a cell's checks, or how it stopped, as soon as it has run."""
    places = count(1)

    def print_cell(cell: PlayedCell) -> None:
        place = next(places)
        for shown in cell.shown:
            if shown.kind == "check":
                print(shown.text, flush=True)
        if cell.error:
            stopped = pick(
                f"cell {place} stopped: {cell.error}", f"第 {place} 格出错：{cell.error}"
            )
            print(stopped, flush=True)

    return print_cell


def _errors(cells: tuple[PlayedCell, ...]) -> list[dict[str, object]]:
    return [
        {"cell": place, "error": cell.error}
        for place, cell in enumerate(cells, start=1)
        if cell.error
    ]
