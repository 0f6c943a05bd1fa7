"""Whether probabilities can be taken at their word: before and after a temperature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.evaluation.calibration import (
    Bin,
    calibrate_probabilities,
    expected_calibration_error,
    measure_reliability,
)
from convscope.evaluation.evaluation import Evaluation
from convscope.look.canvas import drawing, footnote, headline
from convscope.look.language import pick
from convscope.look.numbers import percent
from convscope.look.palette import BLUE, FAINT, VERMILION
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10
FEWEST = 5  # images of a bin that is drawn


@dataclass(frozen=True)
class Reliability(Printed):
    """How often a network is right, by how sure it says it is.

    Attributes:
        temperature: Logits are divided by it to calibrate them; below 1 it was too modest.
        before: Ten bins of the probability as softmax gives it.
        after: Ten bins of the calibrated probability.
        error_before: Expected calibration error of softmax as it is.
        error_after: Expected calibration error of the calibrated probabilities.
    """

    temperature: float
    before: tuple[Bin, ...]
    after: tuple[Bin, ...]
    error_before: float
    error_after: float

    def shown(self) -> Iterator[Part]:
        """A row for each bin that has images."""
        rows = []
        for name, bins in (
            (pick("as it is", "原样"), self.before),
            (pick("calibrated", "校准后"), self.after),
        ):
            rows += [
                [name, f"{each.low:.1f}–{each.high:.1f}", str(each.count),
                 f"{each.confidence:.2f}", f"{each.accuracy:.2f}"]
                for each in bins if each.count
            ]  # fmt: skip
        headings = (
            "",
            pick("probability", "概率"),
            pick("images", "图像数"),
            pick("said, on average", "平均说"),
            pick("really right", "实际正确"),
        )
        yield TextTable(
            pick(
                f"Calibration error {percent(self.error_before)}, after dividing the logits by "
                f"{self.temperature:.2f}: {percent(self.error_after)}",
                f"校准误差 {percent(self.error_before)}；logit 除以 {self.temperature:.2f} 之后："
                f"{percent(self.error_after)}",
            ),
            headings,
            rows,
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the share of right images over the probability, before and after.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        with drawing(path, 7.2, 5.4) as figure:
            headline(
                figure,
                pick(
                    "Calibrated, a probability means what it says",
                    "校准之后，概率才名副其实",
                ),
            )
            axes = figure.subplots()
            axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--")
            axes.annotate(
                pick("means what it says", "名副其实"), (0.12, 0.15), rotation=36, fontsize=10,
                color=FAINT, rotation_mode="anchor",
            )  # fmt: skip
            for bins, colour, mark, label in (
                (self.before, VERMILION, "s", pick("softmax as it is", "未校准的 softmax")),
                (self.after, BLUE, "o", pick("calibrated", "校准后")),
            ):
                kept = [each for each in bins if each.count >= FEWEST]
                confidences = [each.confidence or 0.0 for each in kept]
                accuracies = [each.accuracy or 0.0 for each in kept]
                axes.plot(
                    confidences, accuracies,
                    color=colour, alpha=0.5, linewidth=1.2,
                )  # fmt: skip
                axes.scatter(
                    confidences, accuracies,
                    s=[20 + 1.2 * each.count for each in kept], color=colour, marker=mark,
                    label=label, zorder=3,
                )  # fmt: skip
            axes.set_xlim(0, 1.06)
            axes.set_ylim(-0.04, 1.08)
            axes.set_xlabel(pick("probability that it gives its answer", "它给自己答案的概率"))
            axes.set_ylabel(pick("share of the answers that is right", "答案实际正确的比例"))
            axes.legend(loc="lower right", markerscale=0.6)
            footnote(
                figure,
                pick(
                    "the larger the mark, the more images (at least 5); above the line: too modest",
                    "点越大，图像越多（至少 5 幅）；线的上方：过于谦虚",
                ),
            )
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def compare_calibration(evaluation: Evaluation) -> Reliability:
    """Sort the images of an evaluation by the probability of what was said of them.

    Guo et al. 2017, "On calibration of modern neural networks", sections 2 and 4.2.

    Args:
        evaluation: Has logits, labels, and the temperature of the run.
    """
    logits = evaluation.logits
    after = calibrate_probabilities(logits.values, evaluation.model.card)
    return Reliability(
        evaluation.model.card.temperature,
        measure_reliability(logits.probabilities, logits.labels, BINS),
        measure_reliability(after, logits.labels, BINS),
        expected_calibration_error(logits.probabilities, logits.labels, BINS),
        expected_calibration_error(after, logits.labels, BINS),
    )
