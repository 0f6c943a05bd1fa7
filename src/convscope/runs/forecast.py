"""What was forecast of a run, beside what it came to: forecast.json in the run's folder."""

from __future__ import annotations

from pathlib import Path

import pydantic

from convscope.runs.checked_json import read_checked
from convscope.runs.run_facts import Finite


class ForecastRow(pydantic.BaseModel, frozen=True):
    """One quantity that was forecast.

    Attributes:
        what: The quantity's name.
        unit: What it is counted in.
        forecast: What was expected.
        low: Nothing below was expected.
        high: Nothing above was expected.
        actual: What it came to; None where it isn't known.
    """

    what: str
    unit: str
    forecast: Finite
    low: Finite | None = None
    high: Finite | None = None
    actual: Finite | None = None


class _ForecastFile(pydantic.BaseModel):
    rows: tuple[ForecastRow, ...]


def read_forecast(folder: Path) -> tuple[ForecastRow, ...]:
    """The rows of forecast.json in a run's folder; none for a run without one.

    Raises:
        ConvscopeError: The file is damaged.
    """
    file = folder / "forecast.json"
    if not file.is_file():
        return ()
    content = read_checked(file, _ForecastFile, "Remove it to go on without a forecast.")
    return _ForecastFile.model_validate(content).rows
