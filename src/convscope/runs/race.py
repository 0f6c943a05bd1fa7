"""A race between networks, kept in race.json: which began, how far each came, and which won.

race/NAME/    a run of each network, until the race has been decided
race.json     the record; it stays beside the winner's run, which then fills the folder

The race is one of successive halving (Jamieson and Talwalkar 2016, "Non-stochastic best arm
identification and hyperparameter optimization", section 3): in each round all networks that are
left train equally long, go on from where they were, and the worse half by validation accuracy
stops. Each round goes through the whole schedule of the learning rate, so that what is compared has
come to rest. The network that would be trained without a race stays unless another is ahead of it
by more than chance: few images decide, and the best of several is higher by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pydantic

from convscope.errors import UsageError
from convscope.look import numbers
from convscope.look.numbers import duration, percent
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.runs.checked_json import read_checked, write_checked
from convscope.runs.run_facts import Count, Finite, Seconds, Share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE, FOLDER = "race.json", "race"
SHARE = 0.3
"""Of the time after the forecasts, what the rounds take; the winner has the rest."""


class CurvePoint(pydantic.BaseModel, frozen=True):
    """A network after one of its epochs.

    Attributes:
        seconds: That it had been trained for.
        accuracy: On the validation images.
        loss: On the validation images.
    """

    seconds: Seconds
    accuracy: Share
    loss: Finite | None


class Racer(pydantic.BaseModel, frozen=True):
    """A network in a race.

    Attributes:
        name: Of its folder.
        recipe: The fields of its recipe, without its minutes.
        least_seconds: What the plan says that an epoch takes, and what has to come before it.
        memory_bytes: The peak of memory that the plan says.
        is_usual: Whether it is the one that would be trained without a race.
        rounds: How many it has ended.
        curve: What it came to after each of its epochs.
        failed: Why it could not go on; "" if it could.
        stopped_after: The round after which it was among the worse half; None: it wasn't yet.
    """

    name: str
    recipe: dict[str, Any]
    least_seconds: Seconds
    memory_bytes: Count
    is_usual: bool = False
    rounds: Count = 0
    curve: tuple[CurvePoint, ...] = ()
    failed: str = ""
    stopped_after: Count | None = None

    @property
    def seconds(self) -> float:
        """How long it has been trained."""
        return self.curve[-1].seconds if self.curve else 0.0

    @property
    def result(self) -> tuple[float, float]:
        """The accuracy, and minus the loss, at the end of its last round: what is compared.

        Not the best epoch's: the best of many is higher by chance, so that would favour networks
        that are quick and not good.
        """
        if not self.curve:
            return -1.0, -math.inf
        last = self.curve[-1]
        return last.accuracy, -math.inf if last.loss is None else -last.loss


class Race(Printed, pydantic.BaseModel, frozen=True):
    """The record of a race.

    Attributes:
        minutes: For all of it, the winner's training included.
        preparation: Seconds of it that loading the images and forecasting took.
        racers: Those that began.
        left_out: By network, why it did not.
        validation_images: By which it is decided; 0 where that wasn't recorded.
        seconds: How long the race has taken, forecasts and start-up included.
        rounds_ended: How many rounds have been decided.
        winner: The name of the one that won; None as long as it isn't decided.
    """

    format: Literal[1] = 1
    minutes: float
    preparation: Seconds = 0.0
    racers: tuple[Racer, ...]
    left_out: dict[str, str] = {}
    validation_images: Count = 0
    seconds: Seconds = 0.0
    rounds_ended: Count = 0
    winner: str | None = None

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return count_rounds(len(self.racers))

    @property
    def running(self) -> tuple[Racer, ...]:
        """Those that are still in the race."""
        return tuple(r for r in self.racers if not r.failed and r.stopped_after is None)

    @property
    def best_first(self) -> list[Racer]:
        """The winner, then those that stopped later or came farther; those that failed last."""
        return sorted(self.racers, key=_place)

    def round_seconds(self, number: int) -> float:
        """How long a network trains in a round, counted from 1."""
        return round_seconds(60 * self.minutes - self.preparation, len(self.racers), number)

    def with_racer(self, racer: Racer) -> Race:
        """The race as it is after one of its networks went on."""
        racers = tuple(racer if each.name == racer.name else each for each in self.racers)
        return self.model_copy(update={"racers": racers})

    def end_round(self) -> Race:
        """The race after a round: the worse half of those that are left has stopped.

        The usual network counts as the best, unless another is ahead of it by more than chance.
        """
        number = self.rounds_ended + 1
        best_first = sorted(self.running, key=lambda racer: racer.result, reverse=True)
        usual = next((each for each in best_first if each.is_usual), None)
        if usual is not None and not self._is_behind(usual, best_first[0]):
            best_first = [usual, *(each for each in best_first if each is not usual)]
        ended = self.model_copy(update={"rounds_ended": number})
        for racer in best_first[math.ceil(len(best_first) / 2) :]:
            ended = ended.with_racer(racer.model_copy(update={"stopped_after": number}))
        return ended

    def _is_behind(self, usual: Racer, best: Racer) -> bool:
        """Whether the best is ahead by more than the standard error of the usual one's accuracy."""
        share = max(0.0, usual.result[0])
        error = math.sqrt(share * (1 - share) / max(1, self.validation_images))
        return best.result[0] > share + error

    def write(self, folder: Path) -> None:
        """Write race.json."""
        write_checked(folder / FILE, self.model_dump(mode="json"), indent=1)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return self.model_dump(mode="json")

    def figure(self, path: str | Path | None = None) -> Figure:
        """The measured learning curves: validation accuracy against time, of each network.

        Args:
            path: The PNG to write; None writes none.
        """
        from convscope.runs.race_figure import race_figure

        return race_figure(self, path)

    def shown(self) -> Iterator[Part]:
        """A row for each network, the best first, and why others didn't begin."""
        yield TextTable(
            f"The race: {len(self.racers)} {'network' if len(self.racers) == 1 else 'networks'}, "
            f"{duration(60 * self.minutes)} in all",
            ["network", "forecast of memory", "epochs", "time", "validation accuracy", ""],
            [self._cells(each) for each in self.best_first],
            left=frozenset({0, 5}),
        )
        for name, reason in self.left_out.items():
            yield Paragraph(f"{name} did not begin: {reason}", "dim")

    def outcome(self, racer: Racer) -> str:
        """What became of a network, in words."""
        if racer.failed:
            return f"failed: {racer.failed}"
        if racer.stopped_after is not None:
            return f"stopped after round {racer.stopped_after}"
        return "won" if racer.name == self.winner else ""

    def _cells(self, racer: Racer) -> list[str]:
        accuracy = percent(racer.result[0], 2) if racer.curve else ""
        memory = numbers.size(racer.memory_bytes)
        time = duration(racer.seconds)
        return [racer.name, memory, f"{len(racer.curve):,}", time, accuracy, self.outcome(racer)]


def _place(racer: Racer) -> tuple[bool, float, tuple[float, float]]:
    """To sort by: the winner first, then those that stopped later, then by what they came to."""
    stopped = math.inf if racer.stopped_after is None else racer.stopped_after
    accuracy, loss = racer.result
    return bool(racer.failed), -stopped, (-accuracy, -loss)


def count_rounds(racers: int) -> int:
    """Rounds until one of so many is left, where every round stops half of them."""
    return math.ceil(math.log2(racers)) if racers else 0


def round_seconds(seconds: float, racers: int, number: int) -> float:
    """How long a network trains in a round: every round takes as long as every other.

    Args:
        seconds: Of the whole race, the winner's training included.
        racers: How many began.
        number: Of the round, from 1.
    """
    left = racers
    for _ in range(number - 1):
        left = math.ceil(left / 2)
    return SHARE * seconds / count_rounds(racers) / left


def read_race(folder: Path) -> Race | None:
    """The record in a folder; None where there is none.

    Raises:
        ConvscopeError: It is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    advice = "Remove the folder and begin anew, or, where the run has ended, remove the file."
    return Race.model_validate(read_checked(file, Race, advice))


def is_undecided(folder: str | Path) -> bool:
    """Whether a race began in a folder and isn't a run yet."""
    folder = Path(folder)
    return (folder / FILE).is_file() and not (folder / "recipe.toml").is_file()


def check_no_race(folder: str | Path) -> None:
    """Complain about a race that would have to end before its folder is a run.

    Raises:
        UsageError: There is one.
    """
    if is_undecided(folder):
        raise UsageError(
            f"{str(folder)!r} is a race between networks that was stopped, and no run yet. Go on "
            f"with it: convscope resume {folder}"
        )
