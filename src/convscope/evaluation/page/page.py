"""The report of a run: one HTML file that loads nothing from elsewhere.

What comes from outside (names of classes and files, the recipe) is escaped, and even if it were
not, the page's security policy lets no script run but the page's own, and nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from convscope.evaluation.analysis import Analysis
from convscope.evaluation.page.sections.classes import classes, confusion
from convscope.evaluation.page.sections.confidence import (
    calibration,
    selective_prediction,
    unknown,
)
from convscope.evaluation.page.sections.cost import cost, forecast
from convscope.evaluation.page.sections.headline import headline, title
from convscope.evaluation.page.sections.mistakes import mistakes
from convscope.evaluation.page.sections.next_steps import next_steps
from convscope.evaluation.page.sections.race import race
from convscope.evaluation.page.sections.robustness import robustness
from convscope.evaluation.page.sections.settings import environment, recipe
from convscope.evaluation.page.sections.training import training
from convscope.look import palette
from convscope.look.html import escape
from convscope.runs.forecast import read_forecast
from convscope.runs.run import Run


def report_page(analysis: Analysis) -> str:
    """The text of report.html.

    Args:
        analysis: How good the network of a run is; holds the run, too.
    """
    run = analysis.evaluation.run
    name = title(run, analysis.evaluation)
    return compose_page(name, headline(run, analysis), _sections(run, analysis))


def compose_page(name: str, header: str, sections: Sequence[tuple[str, str, str]]) -> str:
    """The text of a page in the look of all reports.

    Args:
        name: The page's title in the browser; is escaped here.
        header: HTML above the links to the sections.
        sections: Name, heading and HTML of each; those without HTML are left out.
    """
    style, script = palette.PAGE + _part("style.css"), _part("script.js")
    sections = [section for section in sections if section[2]]
    links = "".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading, _ in sections)
    body = "\n".join(
        f'<section id="{name}">\n<h2>{heading}</h2>\n{content}\n</section>'
        for name, heading, content in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(name)}</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n"
        f"<header>\n{header}\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n</header>\n'
        f"<main>\n{body}\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _sections(run: Run, analysis: Analysis) -> list[tuple[str, str, str]]:
    """Name, heading and content of each section; those without content are left out."""
    evaluation = analysis.evaluation
    return [
        ("training", "Training", training(run)),
        ("race", "The race between networks", race(run.race)),
        ("classes", "Classes", classes(evaluation)),
        ("confusion", "What is taken for what", confusion(evaluation)),
        ("mistakes", "Mistakes", mistakes(evaluation)),
        ("next-steps", "What the images need next", next_steps(evaluation)),
        ("calibration", "Can its probabilities be trusted?", calibration(analysis)),
        (
            "selective",
            "Predicting only when confident",
            selective_prediction(analysis.selective, evaluation.accuracy),
        ),
        (
            "unknown",
            "Saying \u201cunknown\u201d",
            unknown(evaluation.rejection, evaluation.out_of_distribution),
        ),
        (
            "robustness",
            "When images get worse",
            robustness(analysis.robustness) if analysis.robustness else "",
        ),
        ("cost", "Speed and cost", cost(analysis.cost)),
        ("forecast", "Forecast and actual", forecast(read_forecast(run.folder))),
        ("recipe", "Recipe", recipe(run)),
        ("environment", "Environment", environment(run)),
    ]


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


def _part(name: str) -> str:
    return files("convscope.evaluation.page").joinpath(name).read_text(encoding="utf-8")
