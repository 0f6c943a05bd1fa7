"""Lessons: the curriculum, runnable, in English and Chinese, with claims that can fail.

A lesson is a file of cells in the repository's `lessons/` (a plain script, and a notebook when
opened as one); its Chinese twin in `lessons/zh/` has the same code. What it measures is in
`experiments/`; here is what makes it a lesson:

- `contents/`: title, time, curriculum rows and the claims of each lesson, in both languages.
- `begin`, `end`: a lesson's frame. `show`: a result, as a notebook, a terminal or a page shows it.
- `claim`: a sentence that was just measured, and whether it held.
- `check`: an exercise's answer, examined by `exercises/`; `progress`: what has been solved.
- `cells`: the file's cells, texts filled with the run's numbers. `play`: the whole lesson, run.
- `notebook`, `page`: a lesson as a notebook or as one HTML page.
- `stored`: what took longer, measured before, with its date and machine.

A number in a text comes from the run: no text holds a result that somebody typed. Nothing here
computes what a lesson is about, and nothing needs the network.

Public as `convscope.lessons`: `begin`, `show`, `claim`, `check`, `end`, `show_text`,
`stored`, and for programs `list_lessons` and `play_lesson`.
"""

from convscope.lessons.checks import check
from convscope.lessons.claims import claim
from convscope.lessons.contents_table import list_lessons
from convscope.lessons.notebook import show_text
from convscope.lessons.play import play_lesson
from convscope.lessons.session import begin, end
from convscope.lessons.showing import show
from convscope.lessons.stored_results import stored

__all__ = [
    "begin",
    "check",
    "claim",
    "end",
    "list_lessons",
    "play_lesson",
    "show",
    "show_text",
    "stored",
]
