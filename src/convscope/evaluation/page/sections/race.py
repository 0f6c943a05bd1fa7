"""How the network was chosen, where several raced for it."""

from __future__ import annotations

from collections.abc import Callable

from convscope.evaluation.page.charts import Series, line_chart
from convscope.evaluation.page.scales import linear, shares
from convscope.evaluation.page.tables import TableCell, table
from convscope.evaluation.page.words import duration, number, percent, size
from convscope.look.html import escape
from convscope.runs.race import Race, Racer

LOOKS = 3  # of lines in one chart


def race(found: Race | None) -> str:
    """The table of the race and its learning curves; nothing for a run without one."""
    if found is None or not found.racers:
        return ""
    headings = ["network", "forecast of memory", "epochs", "time", "validation accuracy", "outcome"]
    left_out = "".join(
        f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in found.left_out.items()
    )
    did_not = f"<p>These did not begin:</p>\n<ul>{left_out}</ul>\n" if left_out else ""
    return (
        f"<p>{len(found.racers)} networks raced within {duration(60 * found.minutes)}, the "
        "winner's training included. All trained equally long in each round; after it, the half "
        "with the worse validation accuracy stopped. The one that would be trained without a race "
        "stays unless another is ahead by more than chance. Test images chose nothing.</p>\n"
        f"{table(headings, map(_row_of(found), found.best_first), caption='The race')}\n"
        f'{did_not}<div class="charts">\n{_curves(found)}</div>'
    )


def _row_of(found: Race) -> Callable[[Racer], list[str | TableCell]]:
    def row(racer: Racer) -> list[str | TableCell]:
        accuracy = TableCell("")
        if racer.curve:
            accuracy = TableCell(percent(racer.result[0], 2), racer.result[0], racer.result[0])
        return [
            racer.name,
            TableCell(size(racer.memory_bytes), racer.memory_bytes),
            TableCell(f"{len(racer.curve):,}", len(racer.curve)),
            TableCell(duration(racer.seconds), racer.seconds),
            accuracy,
            found.outcome(racer),
        ]

    return row


def _curves(found: Race) -> str:
    """Validation accuracy against time, of the three that came farthest."""
    series = [
        Series(racer.name, [(each.seconds, each.accuracy) for each in racer.curve], look)
        for look, racer in enumerate(found.best_first[:LOOKS], 1)
        if racer.curve
    ]
    if not series:
        return ""
    x = [x for each in series for x, _ in each.points]
    y = [y for each in series for _, y in each.points]
    return line_chart(
        "The race",
        "Validation accuracy against seconds of training, until the race was decided.",
        series,
        linear("seconds", [0.0, *x], number),
        shares("validation accuracy", y),
        numbers=percent,
    )
