"""`convscope lesson`: lists the lessons, opens, runs and checks them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_language, complete_lesson
from convscope.cli.console import print_json
from convscope.errors import UsageError
from convscope.look.language import (
    check_language,
    current_language,
    language_of_environment,
    pick,
    set_language,
)

if TYPE_CHECKING:
    from convscope.lessons.play import PlayedCell

EPILOG = """
Examples:

  convscope lesson

  convscope lesson open 7 --lang zh

  convscope lesson run 7

  convscope lesson check 7
"""
FOLDER = Path("convscope-lessons")

lesson = typer.Typer(
    help="Lessons: the curriculum, runnable, in English and Chinese.",
    epilog=EPILOG,
    invoke_without_command=True,
)


def read_number(text: str) -> int:
    """The number of a lesson, as it was typed.

    Raises:
        typer.BadParameter: It is none.
    """
    try:
        return int(text)
    except ValueError:
        _choose_language(None)
        raise typer.BadParameter(
            pick(
                f"Lessons have numbers, and {text!r} is none. The list: convscope lesson.",
                f"课程用数字编号，{text!r} 不是数字。课程目录：convscope lesson。",
            )
        ) from None


NUMBER = Annotated[
    int,
    typer.Argument(
        help="The lesson's number.",
        metavar="N",
        parser=read_number,
        autocompletion=complete_lesson,
    ),
]
LANGUAGE = Annotated[
    str | None,
    typer.Option(
        "--lang",
        help="en or zh; it is remembered. Default: CONVSCOPE_LANG, else the one chosen last.",
        autocompletion=complete_language,
    ),
]


@lesson.callback()
def list_all(
    context: typer.Context,
    lang: LANGUAGE = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the lessons, and how far you are with each."""
    if context.invoked_subcommand is not None:
        if json:
            raise UsageError("--json goes behind the number: convscope lesson check 7 --json.")
        context.obj = lang  # for the subcommand
        return
    from convscope.lessons.checks import exercises_of
    from convscope.lessons.contents_table import list_lessons
    from convscope.lessons.progress import read_progress

    _choose_language(lang)
    progress = read_progress()
    rows = [
        {
            "number": each.number,
            "title": str(each.title),
            "minutes": each.minutes,
            "ended": each.number in progress.ended,
            "solved": sum(name in progress.solved for name in exercises_of(each.number)),
            "exercises": len(exercises_of(each.number)),
        }
        for each in list_lessons()
    ]
    if json:
        print_json({"language": current_language(), "lessons": rows})
        return
    _print_table(rows)


@lesson.command(name="run")
def run_lesson(context: typer.Context, number: NUMBER, lang: LANGUAGE = None) -> None:
    """Run a lesson in the terminal: texts, results, claims; figures go to lesson-figures/."""
    from rich.syntax import Syntax

    from convscope.lessons.formulas import spell_formulas
    from convscope.lessons.line_breaks import wrap_markdown
    from convscope.lessons.play import play_lesson
    from convscope.lessons.screens import TerminalScreen
    from convscope.look.terminal import Console

    language = _choose_language(lang or context.obj)
    console = Console(highlight=False)
    screen = TerminalScreen(Path("lesson-figures") / f"{number:02d}")

    def print_cell(cell: PlayedCell) -> None:
        if cell.kind == "markdown":
            console.print(wrap_markdown(spell_formulas(cell.source), console.options), end="")
        else:
            console.print(Syntax(cell.source, "python", theme="ansi_dark", word_wrap=True))
        for shown in cell.shown:
            screen.show(shown)
        console.print()

    play_lesson(number, language, after_cell=print_cell)
    print(
        pick(
            f"Answer the exercises in a copy of your own: convscope lesson open {number}",
            f"请在自己的副本上作答练习：convscope lesson open {number}",
        )
    )


@lesson.command(name="open")
def open_lesson(
    context: typer.Context,
    number: NUMBER,
    lang: LANGUAGE = None,
    out: Annotated[
        Path, typer.Option(help="The folder for your copy; it is made if need be.")
    ] = FOLDER,
    browser: Annotated[
        bool, typer.Option(help="Open it; else only write it and say where it is.")
    ] = True,
) -> None:
    """Open a lesson as a notebook of your own; where there is no Jupyter, as a page.

    Your copy is never replaced: opened again, it is as you left it.
    """
    from convscope.lessons.contents_table import find_lesson
    from convscope.lessons.notebook import write_notebook
    from convscope.lessons.progress import record

    language = _choose_language(lang or context.obj)
    chosen = find_lesson(number)
    out.mkdir(parents=True, exist_ok=True)
    ending = ".zh.ipynb" if language == "zh" else ".ipynb"
    copy = out / f"{chosen.file}{ending}"
    if copy.exists():
        print(pick(f"your copy: {copy} (as you left it)", f"你的副本：{copy}（保持原样）"))
    else:
        write_notebook(chosen, language, copy)
        print(pick(f"your copy: {copy}", f"你的副本：{copy}"))
    record("copied", lesson=number, file=str(copy.resolve()))
    if importlib.util.find_spec("jupyterlab") is not None:
        if browser:
            subprocess.run([sys.executable, "-m", "jupyterlab", str(copy)], check=False)
        return
    page = _write_page(number, language, out / f"{chosen.file}{ending.replace('ipynb', 'html')}")
    print(
        pick(
            "Jupyter isn't installed (pip install jupyterlab); here is the lesson as a page: ",
            "未安装 Jupyter（pip install jupyterlab），课程已写成网页：",
        )
        + str(page)
    )
    print(
        pick(
            f"Write your answers into the copy, with any editor of notebooks; then: "
            f"convscope lesson check {number}",
            f"请用任意一种 notebook 编辑器在副本中作答，然后运行：convscope lesson check {number}",
        )
    )
    if browser:
        webbrowser.open(page.resolve().as_uri())


@lesson.command(name="check")
def check_lesson(
    context: typer.Context,
    number: NUMBER,
    file: Annotated[
        Path | None,
        typer.Argument(help="Your copy, .ipynb or .py. Default: the one that `open` made."),
    ] = None,
    lang: LANGUAGE = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run your copy of a lesson and say which exercises are solved, with the next hint.

    Ends with exit code 1 if an answer is wrong or a cell stopped; what isn't answered yet is no
    failure.
    """
    from convscope.cli.lesson_check import check_copy

    language = _choose_language(lang or context.obj)
    if not check_copy(number, language, file, json=json):
        raise typer.Exit(1)


def _write_page(number: int, language: str, path: Path) -> Path:
    from convscope.lessons.page import write_page
    from convscope.lessons.play import play_lesson

    print(pick("Running the lesson for its figures ...", "正在运行课程以生成插图……"), flush=True)
    write_page(play_lesson(number, language), path)
    return path


def _choose_language(lang: str | None) -> str:
    """Take the language that was asked for, and remember it; else the usual one."""
    from convscope.lessons.progress import read_progress, record

    if lang is not None:
        language = check_language(lang, "--lang")
        if read_progress().language != language:
            record("language", language=language)
    else:
        language = language_of_environment() or read_progress().language or "en"
    set_language(language)
    return language


def _print_table(rows: list[dict[str, object]]) -> None:
    from rich.table import Table

    from convscope.look.terminal import Console

    if not rows:
        raise UsageError("There are no lessons in this installation.")
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim")
    table.add_column("", justify="right")
    table.add_column(pick("lesson", "课程"))
    table.add_column(pick("to read", "阅读"), justify="right")
    table.add_column(pick("exercises", "练习"), justify="right")
    table.add_column("")
    for row in rows:
        ended = "✓" if row["ended"] else ""
        minutes = f"{row['minutes']} {pick('min', '分钟')}"
        solved = f"{row['solved']}/{row['exercises']}"
        table.add_row(str(row["number"]), str(row["title"]), minutes, solved, ended)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        pick(
            "\nopen N: your own notebook. run N: in this terminal. check N: what is solved.",
            "\nopen N：打开自己的笔记本。run N：在终端运行。check N：查看完成情况。",
        )
    )
