"""A search in plain text: what `print(study)` and `convscope tune` show."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from convscope.look.numbers import counted, duration, percent

if TYPE_CHECKING:
    from convscope.tuning.study import Study

SHOWN = 5  # of the best trials


def study_text(study: Study) -> str:
    """The best trials, what became of the others, and how the best does with new seeds."""
    lines = [f"Search {study.name} in {study.folder}: {describe_trials(study)}"]
    best = study.best
    if best is None:
        return "\n".join([*lines, "No trial was trained to its end, so there is no best recipe."])
    names = [each.partition("=")[0] for each in study.space]
    heads = ["trial", "validation", "time", *(name.rpartition(".")[2] for name in names)]
    rows = [
        [
            str(each.number),
            percent(each.accuracy, 2),
            duration(each.seconds),
            *(show_value(each.values.get(name)) for name in names),
        ]
        for each in study.ranking[:SHOWN]
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines.append("")
    lines += [
        "  ".join(f"{cell:>{wide}}" for cell, wide in zip(row, widths, strict=True))
        for row in (heads, *rows)
    ]
    lines += ["", *describe_result(study)]
    lines.append(
        f"Train it: convscope train {study.recipe.network} DATA --recipe {study.recipe_file}"
    )
    return "\n".join(lines)


def describe_trials(study: Study) -> str:
    """How many trials there are, and what became of them."""
    counts: dict[str, int] = {}
    for each in study.trials:
        counts[each.outcome] = counts.get(each.outcome, 0) + 1
    parts = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    return f"{counted(len(study.trials), 'trial')} ({parts})" if parts else "no trial"


def describe_result(study: Study) -> list[str]:
    """What was gained, and what of it is luck, in sentences."""
    best, retest, luck = study.best, study.retest, study.luck
    if best is None:
        return []
    sentences = [
        f"Best: trial {best.number}, validation accuracy {percent(best.accuracy, 2)} in the search."
    ]
    first = next((each for each in study.measured if each.number == 0), None)
    if first is not None and first is not best and first.accuracy is not None:
        sentences.append(
            f"The recipe that the search began with had {percent(first.accuracy, 2)} (trial 0)."
        )
    if retest is None or luck is None:
        sentences.append(
            "It wasn't trained with new seeds yet, so how much of this is luck isn't known: go on "
            "with --resume."
        )
        return sentences
    behind = (
        f"{100 * abs(luck):.2f} points {'less' if luck > 0 else 'more'}" if luck else "the same"
    )
    median = statistics.median(retest.validation)
    reason = " The best of many trials is partly the luckiest." if luck > 0 else ""
    sentences.append(
        f"With {counted(len(retest.test), 'new seed')} it has {percent(median, 2)} (median), "
        f"{behind}.{reason}"
    )
    low, high = min(retest.test), max(retest.test)
    sentences.append(
        f"{retest.split.capitalize()} accuracy with these seeds: median "
        f"{percent(statistics.median(retest.test), 2)}, from {percent(low, 2)} to "
        f"{percent(high, 2)}."
    )
    tested = len({each.number for each in study.retests})
    if tested > 1:
        sentences.append(
            f"Test images were asked of {tested} recipes by now, one for each time that a search "
            "ended with another best one; the more, the less they are news."
        )
    return sentences


def show_value(value: bool | int | float | str | None) -> str:
    """A searched value in a table."""
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value).lower()
