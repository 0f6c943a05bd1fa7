"""The learning curves of a race as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from convscope.look.canvas import drawing, footnote, headline
from convscope.look.palette import SERIES

if TYPE_CHECKING:
    from convscope.runs.race import Race


def race_figure(race: Race, path: str | Path | None = None) -> Figure:
    """Draw the validation accuracy of each network against the time that it was trained.

    Args:
        race: May be going on.
        path: The PNG to write; None writes none.
    """
    with drawing(path, 8.0, 4.4) as figure:
        axes = figure.subplots()
        axes.set_xlabel("seconds of training")
        axes.set_ylabel("validation accuracy")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        for number, racer in enumerate(race.racers):
            axes.plot(
                [each.seconds for each in racer.curve],
                [each.accuracy for each in racer.curve],
                color=SERIES[number % len(SERIES)],
                marker="o",  # or a single epoch couldn't be seen
                markersize=4,
                linewidth=2.4 if racer.name == race.winner else 1.2,
                label=racer.name,
            )
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        what = f"won by {race.winner}" if race.winner else "not decided yet"
        headline(figure, f"Race between {len(race.racers)} networks: {what}")
        footnote(figure, "a line ends where the race stopped its network, or was decided")
    return figure
