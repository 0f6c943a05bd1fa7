"""What a judgement leaves in the run's folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from convscope.evaluation.evaluate import Evaluation
from convscope.evaluation.figures.confusion import confusion_figure
from convscope.evaluation.figures.curves import curves_figure
from convscope.evaluation.figures.mistakes import mistakes_figure
from convscope.files import atomic_path, write_text
from convscope.runs.run import Run


def write_report(run: Run, evaluation: Evaluation, name: str = "") -> dict[str, Path]:
    """Write the judgement as JSON, a table of all mistakes, and figures, into the run's folder.

    Args:
        run: Whose network was judged.
        evaluation: The judgement.
        name: Ends the files' names, as in `evaluation-train.json`, so that a judgement on other
            pictures leaves the one on the test pictures as it is.

    Returns:
        What each file shows, and where it is.
    """
    end = f"-{name}" if name else ""
    run.figures.mkdir(exist_ok=True)
    files = {
        "curves": run.figures / "curves.png",
        "confusion": run.figures / f"confusion{end}.png",
        "mistakes": run.figures / f"mistakes{end}.png",
        "all mistakes": run.folder / f"mistakes{end}.csv",
        "evaluation": run.folder / f"evaluation{end}.json",
    }
    curves_figure(run, files["curves"])
    confusion_figure(evaluation, files["confusion"])
    mistakes_figure(evaluation, files["mistakes"])
    _write_mistakes(evaluation, files["all mistakes"])
    content = json.dumps(evaluation.as_json(), ensure_ascii=False, indent=1)
    write_text(files["evaluation"], content + "\n")
    return files


def _write_mistakes(evaluation: Evaluation, path: Path) -> None:
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow(["path", "label", "predicted", "probability"])
        for mistake in evaluation.mistakes:
            probability = f"{mistake.probability:.6f}"
            table.writerow([mistake.path, mistake.label, mistake.predicted, probability])
