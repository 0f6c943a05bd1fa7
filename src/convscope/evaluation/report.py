"""What an evaluation leaves in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convscope.evaluation.analysis import Analysis
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.figures.confusion import confusion_figure
from convscope.evaluation.figures.mistakes import mistakes_figure
from convscope.evaluation.page.page import report_page
from convscope.evaluation.unknown import is_unknown
from convscope.files import check_own, write_csv, write_text
from convscope.runs.checked_json import write_checked
from convscope.runs.curves import curves_figure

if TYPE_CHECKING:
    from convscope.evaluation.evaluation import Evaluation


def write_report(analysis: Analysis, name: str = "") -> dict[str, Path]:
    """Write the evaluation as a page, JSON, tables and figures into the run's folder.

    Args:
        analysis: The evaluation, and what `analyse` measured besides.
        name: Ends the files' names, as in `evaluation-digits-train.json`, so that an evaluation on
            other images leaves the one on the test images as it is: `Evaluation.report_name`.

    Returns:
        What each file shows, and where it is.
    """
    evaluation, run = analysis.evaluation, analysis.evaluation.run
    end = f"-{name}" if name else ""
    check_own(run.figures)
    run.figures.mkdir(exist_ok=True)
    files = {
        "curves": run.figures / "curves.png",
        "confusion": run.figures / f"confusion{end}.png",
        "mistakes": run.figures / f"mistakes{end}.png",
        "all mistakes": run.folder / f"mistakes{end}.csv",
        "predictions": run.folder / f"predictions{end}.csv",
        "evaluation": run.folder / f"evaluation{end}.json",
    }
    curves_figure(run, files["curves"])
    confusion_figure(evaluation, files["confusion"])
    mistakes_figure(evaluation, files["mistakes"])
    _write_mistakes(evaluation, files["all mistakes"])
    _write_predictions(analysis, files["predictions"])
    write_checked(files["evaluation"], analysis.as_dict(), indent=1)
    return {"report": write_report_page(analysis, name), **files}


def write_report_page(analysis: Analysis, name: str = "") -> Path:
    """Write the page alone, as `write_report` does among the rest.

    Returns:
        The file.
    """
    run = analysis.evaluation.run
    file = run.report_file.with_name(f"report-{name}.html") if name else run.report_file
    write_text(file, report_page(analysis))
    return file


def _write_mistakes(evaluation: Evaluation, path: Path) -> None:
    rows = (
        [mistake.path, mistake.label, mistake.predicted, f"{mistake.probability:.6f}"]
        for mistake in evaluation.mistakes
    )
    write_csv(path, [["path", "label", "predicted", "probability"], *rows])


def _write_predictions(analysis: Analysis, path: Path) -> None:
    """Every image evaluated, in the order of the data, so that runs can be compared one by one."""
    evaluation = analysis.evaluation
    logits, card = evaluation.logits, evaluation.model.card
    probabilities, predicted = calibrate_probabilities(logits.values, card).max(dim=1)
    columns = zip(
        evaluation.images.paths,
        logits.labels.tolist(),
        predicted.tolist(),
        probabilities.tolist(),
        is_unknown(logits.values, card).tolist(),
        strict=True,
    )
    classes = evaluation.classes
    rows = (
        [where, classes[label], classes[given], f"{share:.6f}", int(given == label), int(unknown)]
        for where, label, given, share, unknown in columns
    )
    headings = ["path", "label", "predicted", "probability", "correct", "unknown"]
    write_csv(path, [headings, *rows])
