"""Whether probabilities can be trusted, and what is gained by predicting only when confident."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.evaluation.analysis import Analysis
from convscope.evaluation.calibration import Bin, CalibrationError
from convscope.evaluation.out_of_distribution import OutOfDistribution
from convscope.evaluation.page.charts import Series, line_chart
from convscope.evaluation.page.scales import shares
from convscope.evaluation.page.tables import TableCell, table
from convscope.evaluation.page.words import number, percent
from convscope.evaluation.selective import Selective
from convscope.evaluation.unknown import KnownImages
from convscope.look.html import escape
from convscope.look.names import join_names
from convscope.runs.interval import wilson_interval
from convscope.runs.model_file import Score

SCORES: dict[Score, str] = {
    "max_probability": "the largest probability",
    "max_logit": "the largest logit",
    "energy": "the energy: the logarithm of the sum of the exponentials of the logits",
    "gaussian_energy": "the density of the logits among those of each class, with their energy",
}


DECEIVED = 0.5
"""Share of out-of-distribution images given a class above which "unknown" is no protection."""


def calibration(analysis: Analysis) -> str:
    """Reliability diagram and expected calibration error, before and after the temperature."""
    found, bins = analysis.evaluation.calibration, analysis.bins
    given = ("as the network says", bins)
    if found.temperature == 1.0:
        drawn = [(*given, 1)]
    else:
        drawn = [("after dividing by the temperature", analysis.bins_after, 1), (*given, 2)]
    total, wide = sum(each.count for each in bins), 1 / len(bins)
    lines = [Series("perfect", [(0.0, 0.0), (1.0, 1.0)], look=3)]
    counts = []
    for place, (name, each_bins, look) in enumerate(drawn):
        # The accuracy of few predictions says little; the intervals tell how little.
        band = _intervals(each_bins) if look == 1 else ()
        lines.append(Series(name, _points(each_bins), look, band))
        # The bars of a bin stand side by side.
        ends = [wide * (0.9 * end / len(drawn) - 0.45) for end in (place, place + 1)]
        points = [((each.low + each.high) / 2, each.count / total) for each in each_bins]
        counts.append(Series(name, points, look, bar=(ends[0], ends[1])))
    return (
        f"<p>{_in_words(found)}</p>\n"
        '<div class="charts">\n'
        + line_chart(
            "Reliability",
            "Accuracy of the predictions of one confidence; below the dotted line the network is "
            "overconfident, above it underconfident. Shaded: 95\u00a0% intervals.",
            lines,
            shares("confidence", [0.0, 1.0]),
            shares("accuracy", [0.0, 1.0]),
            numbers=percent,
        )
        + line_chart(
            "Confidence of the predictions",
            "Share of the predictions by the probability of the class that was predicted.",
            counts,
            shares("confidence", [0.0, 1.0]),
            shares("share", [0.0, *(y for line in counts for _, y in line.points)]),
            numbers=percent,
        )
        + "\n</div>"
    )


def selective_prediction(found: Selective, accuracy: float) -> str:
    """Accuracy against coverage, and what each wanted accuracy takes."""
    points = [(point.coverage, point.accuracy) for point in found.points]
    reached: list[list[str | TableCell]] = [
        [
            percent(goal, 1),
            TableCell(percent(point.coverage), point.coverage, point.coverage),
            TableCell(percent(point.threshold), point.threshold),
            TableCell(percent(point.accuracy, 2), point.accuracy),
        ]
        for goal, point in found.goals
    ]
    chart = line_chart(
        "Accuracy against coverage",
        "Coverage is the share of images predicted, the most confident first.",
        [Series("accuracy", points)],
        shares("coverage", [0.0, 1.0]),
        shares("accuracy", [y for _, y in points]),
        numbers=lambda share: percent(share, 2),
    )
    goals = (
        table(
            ["wanted", "coverage", "from confidence", "reached"],
            reached,
            caption="How many images can be predicted to reach an accuracy",
        )
        if reached
        else "<p>No threshold reaches a higher round accuracy with 30 predictions or more.</p>"
    )
    return (
        "<p>Where the rest can be left to a person, only predictions from some confidence on are "
        f"taken. Of all predictions, {percent(accuracy)} are right. The thresholds are those of "
        "these very images; on new ones they hold roughly.</p>\n"
        f'<div class="charts">\n{chart}<div class="wide">{goals}'
        f"<p>Area under the risk–coverage curve: {number(found.area)} (0 is perfect; the best "
        f"order of these predictions would have {number(found.least_area)}).</p></div>\n</div>"
    )


def unknown(known: KnownImages | None, out_of_distribution: Sequence[OutOfDistribution]) -> str:
    """How often the model says "unknown", rightly and wrongly; nothing where it never does."""
    parts = []
    if known is not None:
        others = ""
        if known.accuracy is not None:
            others = f", and {percent(known.accuracy)} of the others are right"
        parts.append(
            "<p>An image whose score lies below a threshold is called \u201cunknown\u201d. The "
            f"threshold was set so that this befalls {percent(known.rate)} of the validation "
            "images, although all of them show known classes. Here it befalls "
            f"{percent(known.unknown)} of the images{others}. The score is "
            f"{SCORES[known.score]}.</p>"
        )
    if out_of_distribution:
        rows: list[list[str | TableCell]] = [
            [
                each.data,
                TableCell(f"{each.images:,}", each.images),
                TableCell(f"{each.auroc:.3f}", each.auroc),
                TableCell(
                    percent(each.false_acceptance), each.false_acceptance, each.false_acceptance
                ),
            ]
            for each in out_of_distribution
        ]
        parts += [
            "<p>Images of nothing it knows. AUROC is the probability that a known image scores "
            "higher than one of these: 1 is perfect, 0.5 is chance. Falsely accepted are those "
            "that were given a class.</p>",
            table(
                ["out-of-distribution images", "how many", "AUROC", "falsely accepted"],
                rows,
                caption="Images of no known class",
            ),
        ]
        deceived = [each.data for each in out_of_distribution if each.false_acceptance > DECEIVED]
        if known is not None and deceived:
            parts.append(
                f'<p class="note">It gives a class to most of the {escape(join_names(deceived))} '
                "images: don't rely on \u201cunknown\u201d where such images can occur.</p>"
            )
    return "\n".join(parts)


def _in_words(found: CalibrationError) -> str:
    before = f"{100 * found.ece_before:.1f}"
    if found.temperature == 1.0:
        return (
            "Of the predictions with 80\u00a0% confidence, 80\u00a0% should be right. Expected "
            f"calibration error, the mean distance from that: {before} percentage points. No "
            "temperature was fitted."
        )
    state = "underconfident" if found.temperature < 1 else "overconfident"
    return (
        "Of the predictions with 80\u00a0% confidence, 80\u00a0% should be right. By itself the "
        f"network is {state}: its expected calibration error, the mean distance from that, is "
        f"{before} percentage points. Dividing its logits by a temperature of "
        f"{number(found.temperature, 3)} makes it {100 * found.ece_after:.1f}."
    )


def _points(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    return [
        (each.confidence, each.accuracy)
        for each in bins
        if each.confidence is not None and each.accuracy is not None
    ]


def _intervals(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    """Where the accuracy of each bin that has predictions may lie."""
    return [
        wilson_interval(round(each.accuracy * each.count), each.count)
        for each in bins
        if each.accuracy is not None
    ]
