"""What was forecast of a run, beside what it came to."""

from __future__ import annotations

import pydantic

from convscope.errors import ConvscopeError
from convscope.runs.run import Run


class ForecastRow(pydantic.BaseModel, frozen=True):
    """One quantity.

    Attributes:
        what: Its name.
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


class _Content(pydantic.BaseModel):
    rows: tuple[ForecastRow, ...]


def read_forecast(run: Run) -> tuple[ForecastRow, ...]:
    """The rows of forecast.json in the run's folder; none for a run without one.

    Raises:
        ConvscopeError: The file is damaged.
    """
    file = run.folder / "forecast.json"
    if not file.is_file():
        return ()
    try:
        return _Content.model_validate_json(file.read_bytes()).rows
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConvscopeError(
            f"{str(file)!r} is damaged: {where + ': ' if where else ''}{first['msg']}. Remove "
            "it to go on without a forecast."
        ) from None
