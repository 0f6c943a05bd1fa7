"""The figures of a network's parameters as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from convscope.inspection.parameters.statistics import ParameterStatistics
from convscope.look.numbers import percent


def parameter_table(rows: Sequence[ParameterStatistics]) -> Table:
    """A table to print with rich; the last line has the total count, tied parameters once.

    Args:
        rows: From `measure_parameters`.
    """
    table = Table(box=None, pad_edge=False, show_footer=True)
    total = sum(row.count for row in rows)
    table.add_column("parameter", footer="all")
    table.add_column("shape")
    table.add_column("count", justify="right", footer=f"{total:,}")
    for heading in ("mean", "std", "norm", "zeros", "gradient norm"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            Text(" = ".join((row.name, *row.also)) + ("" if row.trained else " (frozen)")),
            "×".join(map(str, row.shape)) or "number",
            f"{row.count:,}",
            f"{row.mean:.3g}",
            f"{row.std:.3g}",
            f"{row.norm:.3g}",
            percent(row.zeros),
            "–" if row.gradient_norm is None else f"{row.gradient_norm:.3g}",
        )
    return table
