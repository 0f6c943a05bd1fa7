"""Whether probabilities can be trusted, and what is gained by answering only when sure."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.evaluation.analysis import Calibration
from convscope.evaluation.calibration import Bin
from convscope.evaluation.page.charts import Series, line_chart
from convscope.evaluation.page.scales import shares
from convscope.evaluation.page.tables import Cell, table
from convscope.evaluation.page.words import number, percent
from convscope.evaluation.selective import Selective


def calibration(found: Calibration) -> str:
    """Reliability diagram and expected calibration error, before and after the temperature."""
    given = ("as the network says", found.bins)
    if found.temperature == 1.0:
        drawn = [(*given, 1)]
    else:
        drawn = [("after dividing by the temperature", found.bins_after, 1), (*given, 2)]
    total, wide = sum(each.count for each in found.bins), 1 / len(found.bins)
    lines, counts = [Series("perfect", [(0.0, 0.0), (1.0, 1.0)], look=3)], []
    for place, (name, bins, look) in enumerate(drawn):
        lines.append(Series(name, _points(bins), look))
        # The bars of a bin stand side by side.
        bar = tuple(wide * (0.9 * end / len(drawn) - 0.45) for end in (place, place + 1))
        points = [((each.low + each.high) / 2, each.count / total) for each in bins]
        counts.append(Series(name, points, look, bar=bar))
    return (
        f"<p>{_in_words(found)}</p>\n"
        '<div class="charts">\n'
        + line_chart(
            "Reliability",
            "Of the answers of one probability, the share that is right; below the dotted line "
            "the network is too sure, above it not sure enough.",
            lines,
            shares("probability of the answer", [0.0, 1.0]),
            shares("share right", [0.0, 1.0]),
            numbers=percent,
        )
        + line_chart(
            "How sure the answers are",
            "Share of the answers by their probability.",
            counts,
            shares("probability of the answer", [0.0, 1.0]),
            shares("share", [0.0, *(y for line in counts for _, y in line.points)]),
            numbers=percent,
        )
        + "\n</div>"
    )


def selective_prediction(found: Selective, accuracy: float) -> str:
    """Accuracy against the share answered, and what each wanted accuracy takes."""
    points = [(point.coverage, point.accuracy) for point in found.points]
    reached = [
        [
            percent(goal, 1),
            Cell(percent(point.coverage), point.coverage, point.coverage),
            Cell(percent(point.threshold), point.threshold),
            Cell(percent(point.accuracy, 2), point.accuracy),
        ]
        for goal, point in found.goals
    ]
    chart = line_chart(
        "Accuracy against share answered",
        "The surest pictures are answered first.",
        [Series("accuracy", points)],
        shares("share of pictures answered", [0.0, 1.0]),
        shares("accuracy", [y for _, y in points]),
        numbers=lambda share: percent(share, 2),
    )
    goals = (
        table(
            ["wanted", "answered", "from probability", "reached"],
            reached,
            caption="How many pictures can be answered to reach an accuracy",
        )
        if reached
        else "<p>No threshold reaches a higher round accuracy with 30 answers or more.</p>"
    )
    return (
        "<p>Where the rest can be left to a person, only answers from some probability on are "
        f"taken. Answering everything is right in {percent(accuracy)}. The thresholds are those of "
        "these very pictures; on new ones they hold roughly.</p>\n"
        f'<div class="charts">\n{chart}<div class="wide">{goals}'
        f"<p>Area under the risk–coverage curve: {number(found.area)} (0 is perfect; the best "
        f"order of these answers would have {number(found.least_area)}).</p></div>\n</div>"
    )


def _in_words(found: Calibration) -> str:
    before = f"{100 * found.error:.1f}"
    if found.temperature == 1.0:
        return (
            "Of the answers given with 80\u00a0% probability, 80\u00a0% should be right. Expected "
            f"calibration error, the mean distance from that: {before} percentage points. No "
            "temperature was fitted."
        )
    state = "not sure enough" if found.temperature < 1 else "too sure"
    return (
        "Of the answers given with 80\u00a0% probability, 80\u00a0% should be right. By itself the "
        f"network is {state}: its expected calibration error, the mean distance from that, is "
        f"{before} percentage points. Dividing its logits by a temperature of "
        f"{number(found.temperature, 3)} makes it {100 * found.error_after:.1f}."
    )


def _points(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    return [
        (each.confidence, each.accuracy)
        for each in bins
        if each.confidence is not None and each.accuracy is not None
    ]
