"""Builds the documentation in both languages, offline, with warnings as errors.

    python docs/build_site.py [--lessons all|none|6,7] [--out site]

Pages are copied to `build/docs/`, what is made (lessons, commands, the interface) is written beside
them, and Sphinx makes `site/en` and `site/zh`, which open from the file system.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import tomllib

import convscope as cs
from convscope.cli.main import app
from convscope.lessons.claims import MARKS
from convscope.lessons.contents_table import Lesson, list_lessons
from convscope.lessons.page import only_claims
from convscope.lessons.play import PlayedCell, PlayedLesson, play_lesson
from convscope.lessons.screens import Shown

DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build" / "docs"
BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?!\w+\.md|images/)([^)]*)\)")
TITLES = {
    "en": {
        "lessons": "Lessons",
        "lesson": "lesson {}",
        "claims": "Claims that hold only sometimes",
        "measured": "Measured",
        "true": "When it is true",
        "commands": "Commands",
        "interface": "Interface, in detail",
        "glossary": "Glossary",
    },
    "zh": {
        "lessons": "课程",
        "lesson": "第 {} 课",
        "claims": "只在某些条件下成立的说法",
        "measured": "测量结果",
        "true": "何时成立",
        "commands": "命令",
        "interface": "接口详解（英文）",
        "glossary": "术语表",
    },
}
INTRODUCTIONS = {
    "en": {
        "lessons": "Each number in these texts was measured when this page was made. "
        "`convscope lesson open N` gives you a lesson as a notebook of your own.",
        "claims": "Sentences that one often reads, what the lessons measured when this page was "
        "made, and the condition under which each sentence is true.",
        "commands": "What `--help` of each command says.",
    },
    "zh": {
        "lessons": "文中的每个数都是生成本页时测得的。"
        "用 `convscope lesson open N --lang zh` 可以得到属于你自己的笔记本。",
        "claims": "常见的说法、生成本页时课程测得的结果，以及每种说法成立的条件。",
        "commands": "各条命令的 `--help`（英文）。",
    },
}


def main() -> None:
    """Build both languages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", default="all", help="all, none, or numbers: 6,7")
    parser.add_argument("--out", type=Path, default=DOCS.parent / "site")
    given = parser.parse_args()
    out = given.out.resolve()
    lessons = choose_lessons(given.lessons)
    examples = BUILD / "examples"
    shutil.rmtree(examples, ignore_errors=True)
    for language in ("en", "zh"):
        pages = BUILD / language
        gather_pages(language, pages)
        played = [play(lesson, language) for lesson in lessons]
        write_lessons(language, pages / "lessons", played)
        write_conditional_claims(language, pages / "lessons" / "conditional-claims.md", played)
        write_glossary(language, pages / "glossary.md")
        write_commands(language, pages / "commands.md")
        write_interface(language, pages / "interface.md")
        run_sphinx(language, pages, out / language, examples)
    (out / "index.html").write_text(FRONT_PAGE, encoding="utf-8")
    print(f"The documentation is {out / 'index.html'}.")


def choose_lessons(wanted: str) -> list[Lesson]:
    """The lessons of `--lessons`."""
    if wanted == "none":
        return []
    numbers = None if wanted == "all" else {int(number) for number in wanted.split(",")}
    return [each for each in list_lessons() if numbers is None or each.number in numbers]


def gather_pages(language: str, pages: Path) -> None:
    """Copy the pages of a language; links that leave the documentation become plain names."""
    shutil.rmtree(pages, ignore_errors=True)
    source = DOCS / "zh" if language == "zh" else DOCS
    ignored = shutil.ignore_patterns("zh", "extensions", "static", "*.py", "__pycache__")
    shutil.copytree(source, pages, ignore=ignored)
    if language == "zh":
        shutil.copytree(DOCS / "images", pages / "images", dirs_exist_ok=True)
    for page in pages.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        if language == "en" and page.parent == pages:
            text = OUTSIDE.sub(r"`\2`", text).replace("](../README.md)", "](index.md)")
        page.write_text(text, encoding="utf-8")


def play(lesson: Lesson, language: str) -> PlayedLesson:
    """Run a lesson."""
    print(f"Lesson {lesson.number} ({language}) ...", flush=True)
    return play_lesson(lesson.number, language)


def write_lessons(language: str, folder: Path, lessons: list[PlayedLesson]) -> None:
    """Write each lesson as a page with its figures."""
    folder.mkdir(parents=True, exist_ok=True)
    for played in lessons:
        file = played.lesson.file
        parts = [cell_page(cell, folder, f"{file}-{n}") for n, cell in enumerate(played.cells)]
        (folder / f"{file}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    listed = "\n".join([*(played.lesson.file for played in lessons), "conditional-claims"])
    text = f"# {TITLES[language]['lessons']}\n\n{INTRODUCTIONS[language]['lessons']}\n\n"
    text += f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    (folder / "index.md").write_text(text, encoding="utf-8")


def write_conditional_claims(language: str, page: Path, lessons: list[PlayedLesson]) -> None:
    """Write what one often reads, what was measured instead, and when the sentence is true."""
    words = TITLES[language]
    parts = [f"# {words['claims']}", INTRODUCTIONS[language]["claims"]]
    for played in lessons:
        for measured in played.claims:
            claim = played.lesson.claims[measured.id]
            if claim.popular is None or claim.condition is None:
                continue
            popular, condition = (
                (claim.popular.zh, claim.condition.zh) if language == "zh"
                else (claim.popular.en, claim.condition.en)
            )  # fmt: skip
            where = f"[{words['lesson'].format(played.lesson.number)}]({played.lesson.file}.md)"
            parts.append(
                f"## {popular}\n\n{words['measured']} ({where}): {measured.sentence} "
                f"{MARKS[measured.holds]}\n\n{words['true']}: {condition}"
            )
    page.write_text(keep_percent("\n\n".join(parts)) + "\n", encoding="utf-8")


def write_glossary(language: str, page: Path) -> None:
    """Write the words of both languages as a table."""
    terms = tomllib.loads((DOCS / "glossary.toml").read_text(encoding="utf-8"))["term"]
    first, second = ("zh", "en") if language == "zh" else ("en", "zh")
    heading = {"en": "English", "zh": "中文"}
    rows = [f"| {term[first]} | {term[second]} |" for term in terms]
    table = [f"| {heading[first]} | {heading[second]} |", "|---|---|", *sorted(rows)]
    text = f"# {TITLES[language]['glossary']}\n\n" + "\n".join(table) + "\n"
    page.write_text(text, encoding="utf-8")


def cell_page(cell: PlayedCell, folder: Path, name: str) -> str:
    """A cell in Markdown; its figures are written beside the page."""
    if cell.kind == "markdown":
        return keep_percent(cell.source)
    parts = [] if only_claims(cell.source) else [f"```python\n{cell.source}\n```"]
    for place, shown in enumerate(cell.shown):
        parts.append(shown_page(shown, folder, f"{name}-{place}.png"))
    return "\n\n".join(parts)


def shown_page(shown: Shown, folder: Path, name: str) -> str:
    """Something shown, in Markdown."""
    parts = []
    if shown.html:
        html = keep_percent(shown.html)
        parts.append(f'````{{raw}} html\n<div class="result">{html}</div>\n````')
    elif shown.text:
        parts.append(f"````text\n{shown.text}\n````")
    if shown.png is not None:
        (folder / name).write_bytes(shown.png)
        first_line = shown.text.strip().splitlines()[0] if shown.text.strip() else "figure"
        alternative = re.sub(r"[^\w ,.:·-]", "", first_line)
        parts.append(f"![{alternative}]({name})")
    return "\n\n".join(parts)


def keep_percent(text: str) -> str:
    """The text, in which no line ends between a number and its %."""
    return BEFORE_PERCENT.sub("\N{NO-BREAK SPACE}", text)


def write_commands(language: str, page: Path) -> None:
    """Write what `--help` of every command says."""
    parts = [f"# {TITLES[language]['commands']}", INTRODUCTIONS[language]["commands"]]
    names = [command.name or command.callback.__name__ for command in app.registered_commands
             if command.callback is not None]  # fmt: skip
    for name in [*names, *(group.name for group in app.registered_groups)]:
        done = subprocess.run(
            [sys.executable, "-m", "convscope", str(name), "--help"],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"COLUMNS": "96", "TERM": "dumb", "NO_COLOR": "1"},
        )
        parts.append(f"## convscope {name}\n\n````text\n{done.stdout.strip()}\n````")
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_interface(language: str, page: Path) -> None:
    """Write the reference of all public names, from their docstrings."""
    parts = [f"# {TITLES[language]['interface']}"]
    for title, module in (
        ("convscope", cs),
        ("convscope.experiments", cs.experiments),
        ("convscope.lessons", cs.lessons),
    ):
        parts.append(f"## {title}")
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.ismodule(found) or not callable(found):
                continue
            home = importlib.import_module(found.__module__).__name__
            kind = "autoclass" if inspect.isclass(found) else "autofunction"
            members = "" if kind == "autofunction" else "\n   :members:"
            parts.append(f"```{{eval-rst}}\n.. {kind}:: {home}.{found.__name__}{members}\n```")
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def run_sphinx(language: str, pages: Path, out: Path, examples: Path) -> None:
    """Make the site of one language."""
    arguments = ["-W", "--keep-going", "-q", "-c", str(DOCS), str(pages), str(out)]
    subprocess.run(
        [sys.executable, "-m", "sphinx", *arguments],
        check=True,
        env=os.environ
        | {"CONVSCOPE_DOCS_LANGUAGE": language, "CONVSCOPE_DOCS_EXAMPLES": str(examples)},
    )


FRONT_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Convscope</title>
<meta http-equiv="refresh" content="0; url=en/index.html"></head>
<body><p><a href="en/index.html">English</a> ·
<a href="zh/index.html" lang="zh-CN">中文</a></p></body></html>
"""

if __name__ == "__main__":
    main()
