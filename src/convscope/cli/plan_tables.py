"""What `convscope plan` prints for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from convscope.comparison.evaluation_record import EvaluationRecord
from convscope.look import numbers
from convscope.look.numbers import duration, percent
from convscope.planning.alternatives import Alternative
from convscope.planning.decisions import expected_epoch_seconds, fitting_epochs
from convscope.planning.forecast import Forecast
from convscope.planning.history import COVERAGE
from convscope.planning.overview import NetworkCost, Overview, is_estimated
from convscope.planning.track_record import TrackRecord
from convscope.planning.within_memory import WithinMemory
from convscope.runtime.system_memory import system_memory

TEXTS = ("network", "remark")  # columns of words; the others are of numbers
SHOWN_LAYERS = 5  # that keep most for the backward pass
SIDE_BY_SIDE = 90  # columns from which two tables stand beside each other


def show_forecast(forecast: Forecast, data: str) -> None:
    """The headline, what time and memory are made of, and the notes."""
    console = _console()
    run, memory = forecast.run, forecast.memory
    console.print(
        f"{forecast.network} on {data}: batch size {forecast.batch_size}, "
        f"{forecast.size}×{forecast.size} pixels, {forecast.precision}, "
        f"{_epochs(forecast.epochs)} epochs of {forecast.steps_per_epoch:,} steps",
        style="bold",
    )
    console.print(f"time    {duration(run.value)} ({duration(run.low)} to {duration(run.high)})")
    console.print(
        f"memory  {numbers.size(memory.value)} ({numbers.size(memory.low)} to "
        f"{numbers.size(memory.high)}){_room(forecast)}"
    )
    console.print(
        f"The ranges are meant to hold {percent(COVERAGE, 0)} of the outcomes.", style="dim"
    )
    console.print()
    tables = _memory_table(forecast), _time_table(forecast)
    if console.width >= SIDE_BY_SIDE:
        grid = Table.grid(padding=(0, 5))
        grid.add_row(*tables)
        console.print(grid)
    else:
        for table in tables:
            console.print(table)
            console.print()
    layers = sorted(forecast.step_memory.layers.items(), key=lambda layer: -layer[1])
    if layers:
        console.print()
        named = ", ".join(f"{name} {numbers.size(size)}" for name, size in layers[:SHOWN_LAYERS])
        rest = layers[SHOWN_LAYERS:]
        others = numbers.size(sum(size for _, size in rest))
        more = f", {len(rest)} others {others}" if rest else ""
        console.print(f"Kept for the backward pass, by layer: {named}{more}")
    for note in forecast.notes:
        console.print(f"Note: {note}")


def _room(forecast: Forecast) -> str:
    """Whether the memory that is free is enough."""
    _, available = system_memory()
    if available is None:
        return ""
    free = f"{numbers.size(available)} available here"
    if forecast.memory.high <= available:
        return f": fits, {free}"
    if forecast.memory.value <= available:
        return f": fits narrowly, {free}"
    return f": doesn't fit, {free}"


def _memory_table(forecast: Forecast) -> Table:
    table = _table("Peak memory", "", "", "")
    total = sum(forecast.parts.values())
    # Parts are of the forecast before it was corrected by earlier runs; so they are shown scaled.
    scale = forecast.memory.value / forecast.uncorrected["memory"]
    for name, size in sorted(forecast.parts.items(), key=lambda part: -part[1]):
        if size:
            table.add_row(name, numbers.size(scale * size), percent(size / total, 0))
    return table


def _time_table(forecast: Forecast) -> Table:
    table = _table("Time", "", "", "")
    uncorrected = forecast.uncorrected["step"]
    correction = forecast.step.value / uncorrected
    table.add_row("a training step", duration(forecast.step.value), "", style="bold")
    phases = {**forecast.phases, "all else": uncorrected - sum(forecast.phases.values())}
    for phase, seconds in phases.items():
        table.add_row(
            f"  {phase}", duration(correction * seconds), percent(seconds / uncorrected, 0)
        )
    table.add_row("an epoch, with evaluation", duration(expected_epoch_seconds(forecast)), "")
    table.add_row("  evaluation", duration(_corrected(forecast, forecast.evaluation_seconds)), "")
    table.add_row("start", duration(_corrected(forecast, forecast.start_seconds)), "")
    table.add_row(
        "final evaluation", duration(_corrected(forecast, forecast.final_evaluation_seconds)), ""
    )
    table.add_row("images per second", f"{forecast.images_per_second:,.0f}", "")
    return table


def _corrected(forecast: Forecast, seconds: float) -> float:
    return seconds * forecast.run.value / forecast.uncorrected["run"]


def show_fit(found: WithinMemory, command: str) -> None:
    """The largest batch, what it takes, and how to train with it."""
    fit, forecast = found.fit, found.forecast
    console = _console()
    console.print()
    everything = " (all training images)" if fit.is_all else ""
    console.print(
        f"Largest batch within {numbers.size(fit.limit_bytes)}: {fit.batch_size:,}{everything}",
        style="bold",
    )
    console.print(
        f"Memory {numbers.size(fit.memory.value)}, at most {numbers.size(fit.memory.high)}; "
        f"{duration(forecast.step.value)} a step, "
        f"{duration(expected_epoch_seconds(forecast))} an epoch."
    )
    if found.recomputed is None:
        console.print("Recomputation isn't worth it: it wouldn't allow a much larger batch.")
    else:
        console.print(
            f"Recomputation (--recompute) allows {found.recomputed.batch_size:,}, for "
            f"{percent(found.more_work, 0)} more work."
        )
    console.print(
        f"Train with it: {command} --batch-size {fit.batch_size}", style="dim", soft_wrap=True
    )


def show_alternatives(rows: Sequence[Alternative], minutes: float | None) -> None:
    """A row for each change."""
    console = _console()
    console.print()
    headings = ["change", "step", "epoch", "run", "memory"]
    if minutes is not None:
        headings[3] = f"epochs in {minutes:g} min"
    table = _table("With one thing changed", *headings)
    first = rows[0].forecast
    for row in rows:
        forecast = row.forecast
        time = duration(forecast.run.value)
        if minutes is not None:
            fitting = fitting_epochs(forecast, minutes)
            time = f"{_epochs(fitting.value)} ({_epochs(fitting.low)} to {_epochs(fitting.high)})"
        table.add_row(
            row.change,
            duration(forecast.step.value),
            f"{duration(expected_epoch_seconds(forecast))}"
            f"{_against(expected_epoch_seconds(forecast), expected_epoch_seconds(first))}",
            time,
            f"{numbers.size(forecast.memory.value)}"
            f"{_against(forecast.memory.value, first.memory.value)}",
        )
    console.print(table)


def _against(value: float, before: float) -> str:
    share = round(100 * (value / before - 1))
    return f" {share:+d} %".replace("-", "−") if share else "      "


def show_all(
    found: Overview,
    costs: Sequence[NetworkCost],
    forecasts: dict[str, Forecast],
    evaluated: dict[str, EvaluationRecord],
    data: str,
    budget: int | None,
) -> None:
    """A row for each network, the cheapest first."""
    console = _console()
    pixels = f"{data} at {found.channels}×{found.size}×{found.size}"
    if budget is not None and not costs:
        cheapest = found.costs[0]
        console.print(
            f"No network takes at most {numbers.quantity(budget)} MACs for an image of {pixels}. "
            f"The cheapest, {cheapest.network}, takes {numbers.quantity(cheapest.macs)}."
        )
        return
    headings = ["network", "MACs", "parameters"]
    if forecasts:
        headings += ["epoch", "memory"]
    if evaluated:
        headings.append("accuracy")
    title = f"Networks for {pixels}, by MACs an image"
    table = _table(
        title if budget is None else f"{title}: at most {numbers.quantity(budget)}", *headings
    )
    for cost in costs:
        cells = [cost.network, numbers.quantity(cost.macs), numbers.quantity(cost.parameters)]
        if forecasts:
            forecast = forecasts[cost.network]
            about = "≈ " if is_estimated(forecast) else ""
            cells += [
                about + duration(expected_epoch_seconds(forecast)),
                numbers.size(forecast.memory.value),
            ]
        if evaluated:
            known = evaluated.get(cost.network)
            cells.append("" if known is None else percent(known.accuracy))
        table.add_row(*cells)
    console.print(table)
    if forecasts:
        first = next(iter(forecasts.values()))
        console.print(
            f"In {first.precision}; another with --precision. ≈: part of the time is that of "
            "similar operations; convscope plan NETWORK DATA measures more.",
            style="dim",
        )
    if evaluated:
        console.print("Accuracy: the best run of each on the test images.", style="dim")
    if found.left_out:
        console.print(
            f"Left out, made for larger images (--size): {', '.join(found.left_out)}.",
            style="dim",
        )


def show_history(record: TrackRecord, last: int) -> None:
    """How good forecasts have been, and the last of them."""
    console = _console()
    if not record.evaluated:
        console.print(
            "No forecast has come to an outcome on this machine. Every run that ends adds to "
            "them; until then, ranges are those measured on another machine."
        )
        return
    table = _table(
        "Forecasts on this machine",
        "",
        "forecasts",
        "actual / raw",
        "mean error",
        "close",
        "in range",
    )
    for each in record.records:
        table.add_row(
            each.what,
            str(each.count),
            f"{each.median_ratio:.3f}",
            percent(each.mean_error),
            f"{percent(each.share_close, 0)} within {percent(each.close, 0)}",
            percent(each.share_inside, 0),
        )
    console.print(table)
    console.print(
        "actual / raw: the median, before correction by history; mean error and range: after it, "
        f"learned from all other outcomes. Ranges are meant to hold {percent(COVERAGE, 0)}.\n",
        style="dim",
    )
    table = _table("The last", "what", "network", "batch", "forecast", "actual", "off", "remark")
    for evaluated in record.evaluated[-last:]:
        outcome = evaluated.outcome
        words = numbers.size if outcome.what == "memory" else duration
        table.add_row(
            outcome.what,
            f"{outcome.network}, {outcome.precision}",
            str(outcome.batch_size),
            words(evaluated.forecast),
            words(outcome.actual),
            ("+" if evaluated.ratio >= 1 else "") + percent(evaluated.ratio - 1),
            "" if evaluated.is_inside else "outside its range",
        )
    console.print(table)


def _epochs(number: float) -> str:
    """Three digits, and all before the point: 7.71, 31.1, 1,850."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _table(title: str, *headings: str) -> Table:
    """A plain table; the first column is text, the others are numbers."""
    table = Table(
        box=None,
        pad_edge=False,
        title=Text(title),
        title_justify="left",
        title_style="bold",
        header_style="dim",
        show_header=any(headings),
    )
    for number, heading in enumerate(headings):
        is_text = number == 0 or heading in TEXTS
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    return table


def _console() -> Console:
    return Console(highlight=False, markup=False)
