"""The page report.html of a search, in the look of the report of a run."""

from __future__ import annotations

import statistics
from pathlib import Path

from convscope.evaluation.page.charts import Series, line_chart
from convscope.evaluation.page.page import compose_page
from convscope.evaluation.page.scales import linear, shares
from convscope.evaluation.page.tables import TableCell, facts, table
from convscope.evaluation.page.words import counted, duration, percent
from convscope.look.html import escape
from convscope.tuning.study import Study, TriedRecipe
from convscope.tuning.study_text import describe_result, describe_trials, show_value


def study_page(study: Study) -> str:
    """The text of report.html of a search."""
    data = Path(study.recipe.data).name or "images"
    name = f"Search for a recipe: {study.recipe.network} on {data}"
    sections = [
        ("trials", "Trials", _chart_of_trials(study) + _table(study)),
        ("curves", "Learning curves", _curves(study)),
        ("seeds", "New seeds", _seeds(study)),
        ("space", "What was searched", _space(study)),
        ("recipe", "Best recipe", _recipe(study)),
    ]
    return compose_page(name, _header(study, name), sections)


def _header(study: Study, name: str) -> str:
    best, retest = study.best, study.retest
    result = ""
    if best is not None and retest is not None:
        low, high = min(retest.test), max(retest.test)
        result = (
            f'<p class="result">{percent(statistics.median(retest.test), 2)} <small>of the '
            f"{escape(retest.split)} images right: the best recipe, median of "
            f"{counted(len(retest.test), 'new seed')}; {percent(low, 2)} to {percent(high, 2)}"
            "</small></p>\n"
        )
    elif best is not None:
        result = (
            f'<p class="result">{percent(best.accuracy or 0.0, 2)} <small>of the validation images '
            "right, not yet retested</small></p>\n"
        )
    sentences = " ".join(describe_result(study)) or "No trial was trained to its end."
    rows = [
        ("Trials", describe_trials(study)),
        ("Time of all trials", duration(sum(each.seconds for each in study.trials))),
        ("Epochs of a trial", str(study.recipe.epochs)),
        ("Study", study.name),
        ("Storage", study.storage),
    ]
    return (
        f'<p class="faint">Report of a search</p>\n<h1>{escape(name)}</h1>\n{result}'
        f"<p>{escape(sentences)}</p>\n{facts(rows)}"
    )


def _chart_of_trials(study: Study) -> str:
    measured = study.measured
    if not measured:
        return ""
    points = [(float(each.number), each.accuracy or 0.0) for each in measured]
    so_far = [(place, max(value for at, value in points if at <= place)) for place, _ in points]
    lines = [
        Series("best so far", so_far, look=2),
        Series("validation accuracy of a trial", points, look=1),
    ]
    x = linear("trial", [place for place, _ in points], lambda each: f"{each:.0f}", whole=True)
    y = shares("validation accuracy", [value for _, value in points])
    chart = line_chart(
        "Trials in their order",
        "Those that were trained to their end, and the best of them so far.",
        lines,
        x,
        y,
    )
    return f'<div class="charts">{chart}</div>'


def _table(study: Study) -> str:
    fields = [each.partition("=")[0] for each in study.space]
    rows = [_row(each, fields) for each in _ordered(study)]
    heads = ["trial", "validation", "epochs", "time", *(f.rpartition(".")[2] for f in fields)]
    return table(
        [*heads, "outcome"], rows, caption="All trials of the search", sortable=True, tall=True
    )


def _ordered(study: Study) -> list[TriedRecipe]:
    others = [each for each in study.trials if each.outcome != "measured"]
    return [*study.ranking, *sorted(others, key=lambda each: -(each.accuracy or 0.0))]


def _row(each: TriedRecipe, fields: list[str]) -> list[str | TableCell]:
    outcome = each.outcome + (f": {each.reason}" if each.reason else "")
    return [
        str(each.number),
        TableCell(percent(each.accuracy, 2) if each.curve else "–", each.accuracy),
        TableCell(str(len(each.curve)), len(each.curve)),
        TableCell(duration(each.seconds), each.seconds),
        *(_cell(each.values.get(field)) for field in fields),
        outcome,
    ]


def _cell(value: bool | int | float | str | None) -> str | TableCell:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return TableCell(show_value(value), float(value) if is_number else None)  # type: ignore[arg-type]


def _curves(study: Study) -> str:
    best = study.best
    if best is None:
        return ""
    measured = study.measured
    middle = [
        (float(epoch), statistics.median(values))
        for epoch, values in enumerate(_by_epoch(measured), 1)
    ]
    lines = [Series(f"trial {best.number}, the best", _points(best), look=2)]
    if len(measured) > 1:
        lines.append(Series("median of the measured trials", middle, look=1))
    first = next((each for each in measured if each.number == 0 and each is not best), None)
    if first is not None:
        lines.append(Series("trial 0, the recipe to begin with", _points(first), look=3))
    pairs = [pair for line in lines for pair in line.points]
    x = linear("epoch", [place for place, _ in pairs], lambda each: f"{each:.0f}", whole=True)
    y = shares("validation accuracy", [value for _, value in pairs])
    chart = line_chart(
        "Learning curves",
        "A trial whose curve lies below the median of the others is ended early.",
        lines,
        x,
        y,
    )
    return f'<div class="charts">{chart}</div>'


def _points(each: TriedRecipe) -> list[tuple[float, float]]:
    return [(float(epoch), value) for epoch, value in enumerate(each.curve, 1)]


def _by_epoch(trials: list[TriedRecipe]) -> list[list[float]]:
    longest = max(len(each.curve) for each in trials)
    return [[t.curve[n] for t in trials if n < len(t.curve)] for n in range(longest)]


def _seeds(study: Study) -> str:
    retest, best = study.retest, study.best
    if retest is None or best is None:
        return ""
    rows: list[list[str | TableCell]] = [
        [
            f"seed {study.recipe.seed} (of the search)",
            TableCell(percent(best.accuracy, 2), best.accuracy),
            TableCell("not asked"),
        ],
    ]
    rows += [
        [
            f"seed {study.recipe.seed + place}",
            TableCell(percent(chosen, 2), chosen),
            TableCell(percent(tested, 2), tested),
        ]
        for place, (chosen, tested) in enumerate(
            zip(retest.validation, retest.test, strict=True), 1
        )
    ]
    return (
        "<p>The search chose by validation images and by one seed. Training the chosen recipe with "
        "seeds that chose nothing shows what of its accuracy was luck; only these runs are "
        "evaluated on test images.</p>"
        + table(["", "validation", retest.split], rows, caption="The best recipe with new seeds")
    )


def _space(study: Study) -> str:
    rows = [each.split("=", 1) for each in study.space]
    return table(["field", "values"], rows, caption="What was searched")


def _recipe(study: Study) -> str:
    recipe = study.best_recipe
    if recipe is None:
        return ""
    text = "\n".join(map(escape, str(recipe).splitlines()))
    command = f"convscope train {study.recipe.network} DATA --recipe {study.recipe_file}"
    return f'<p><code>{escape(command)}</code></p>\n<pre tabindex="0">{text}</pre>'
