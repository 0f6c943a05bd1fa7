"""What was forecast of a run, beside what it came to: forecast.json in the run's folder."""

from __future__ import annotations

from pathlib import Path

import pydantic

from convscope.errors import ConvscopeError, first_invalid


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
    forecast: float
    low: float | None = None
    high: float | None = None
    actual: float | None = None


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
    try:
        return _ForecastFile.model_validate_json(file.read_bytes()).rows
    except pydantic.ValidationError as error:
        raise ConvscopeError(
            f"{str(file)!r} is damaged: {first_invalid(error)}. Remove it to go on without a "
            "forecast."
        ) from None
