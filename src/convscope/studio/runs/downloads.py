"""What can be taken away: the table of runs and a run's metrics as CSV, and its report."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from starlette.responses import Response

from convscope.files import check_own, csv_text, read_bytes
from convscope.runs.run import Run
from convscope.studio.refusals import refuse
from convscope.studio.runs.summary import RunSummary

HEADINGS = (
    "name", "state", "network", "data", "size", "batch_size", "written", "epochs", "planned_epochs",
    "seconds", "accuracy", "interval_low", "interval_high", "loss", "split", "images",
    "precision",
    "step_seconds_forecast", "step_seconds_low", "step_seconds_high", "step_seconds_actual",
    "run_seconds_forecast", "run_seconds_low", "run_seconds_high", "run_seconds_actual",
    "memory_bytes_forecast", "memory_bytes_low", "memory_bytes_high", "memory_bytes_actual",
    "reason",
)  # fmt: skip
REPORT_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
)
"""A report has its scripts in it, and may be somebody else's: it gets no access to Studio."""


def table_rows(summaries: dict[str, RunSummary]) -> list[list[object]]:
    """The table of runs with all its numbers, as rows of a CSV; the first has the headings."""
    rows: list[list[object]] = [list(HEADINGS)]
    for name, run in summaries.items():
        written = datetime.fromtimestamp(run.written, timezone.utc).isoformat(timespec="seconds")
        figures = [
            value
            for figure in (run.step, run.time, run.memory)
            for value in (figure.forecast, figure.low, figure.high, figure.actual)
        ]
        rows.append(
            [
                name, run.state, run.network, run.data, run.size, run.batch_size, written,
                run.epochs, run.planned_epochs, run.seconds, run.accuracy, run.low, run.high,
                run.loss, run.split, run.images, run.precision, *figures, run.reason,
            ]
        )  # fmt: skip
    return rows


def metrics_rows(run: Run) -> list[list[object]]:
    """All lines of a run's metrics as rows of a CSV; the first has the names of all metrics.

    Raises:
        ConvscopeError: A line is damaged.
    """
    lines = run.metrics()
    names = list(dict.fromkeys(name for line in lines for name in line)) or ["kind"]
    return [list(names), *([line.get(name) for name in names] for line in lines)]


def csv_response(rows: list[list[object]], name: str) -> Response:
    """A table as a file to save.

    Args:
        rows: The first has the headings.
        name: Of the file; letters, digits and "-".
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    content = csv_text(rows).encode("utf-8", "backslashreplace")
    return Response(content, headers=headers, media_type="text/csv")


def report_response(folder: Path) -> Response:
    """The report of a run, shut off from Studio.

    Raises:
        Refused: There is none.
    """
    content = _content(folder / "report.html")
    return Response(
        content, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY}
    )


def predictions_response(folder: Path) -> Response:
    """predictions.csv of a run, as it lies in its folder.

    Raises:
        Refused: There is none.
    """
    headers = {"Content-Disposition": 'attachment; filename="predictions.csv"'}
    return Response(_content(folder / "predictions.csv"), headers=headers, media_type="text/csv")


def _content(file: Path) -> bytes:
    try:
        check_own(file)  # a link could show any file of this machine as if it were the run's
        return read_bytes(file)
    except OSError:
        values: dict[str, Any] = {"file": file.name, "run": str(file.parent)}
        raise refuse("refused.runs.file", status=404, **values) from None
