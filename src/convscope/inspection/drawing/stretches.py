"""A network cut where everything passes through one step, and the lanes between two cuts.

A plain chain of layers has a cut at each. Between the input of an Inception block and its
concatenation there is one stretch with four lanes; a residual block is a stretch with one lane
and a line around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convscope.inspection.drawing.steps import DrawingStep

JOINS = ("sum", "product")  # drawn as circles; what goes around a lane enters them from above


@dataclass(frozen=True)
class Edge:
    """How a line runs from a step to one that takes its output.

    It leaves through the gap behind its source's column, runs along a lane or around all of them,
    and enters through the gap before its target's column. Gaps have the number of the column
    behind them.

    Attributes:
        source: Where it begins; None is what enters the stretch.
        target: Where it ends.
        leaves: Number of the gap in which it changes from the source's height.
        enters: Number of the gap in which it changes to the target's height.
        lane: The lane it runs along in between; None if it goes around.
        level: How far out it goes around: 0 is next to the lanes.
    """

    source: DrawingStep | None
    target: DrawingStep
    leaves: int
    enters: int
    lane: int | None
    level: int = 0


@dataclass(frozen=True)
class Stretch:
    """What is between two cuts, and the second of them.

    Attributes:
        steps: In their order; the last is the cut, which stands behind all lanes.
        column: The column of each step, from 0.
        lane: The lane of each step but the last; 0 is the uppermost.
        lanes: How many there are.
        edges: The lines between the steps.
    """

    steps: tuple[DrawingStep, ...]
    column: dict[DrawingStep, int]
    lane: dict[DrawingStep, int]
    lanes: int
    edges: tuple[Edge, ...]

    @property
    def cut(self) -> DrawingStep:
        """The step through which everything leaves."""
        return self.steps[-1]

    @property
    def levels(self) -> int:
        """How many lines go around above each other."""
        return 1 + max((edge.level for edge in self.edges if edge.lane is None), default=-1)


def cut(steps: Sequence[DrawingStep]) -> list[list[DrawingStep]]:
    """Steps in groups, each of which ends with one that everything passes through.

    Args:
        steps: All steps of a network, each behind its inputs.
    """
    position = {step: index for index, step in enumerate(steps)}
    last_use = {step: index for index, step in enumerate(steps)}
    for step in steps:
        for source in step.inputs:
            last_use[source] = max(last_use[source], position[step])
    groups: list[list[DrawingStep]] = [[]]
    furthest = 0  # how far lines reach from the steps before this one
    for index, step in enumerate(steps):
        groups[-1].append(step)
        if furthest <= index and (last_use[step] > index or index == len(steps) - 1):
            groups.append([])
        furthest = max(furthest, last_use[step])
    return [group for group in groups if group]


def arrange(steps: Sequence[DrawingStep]) -> Stretch:
    """Give the steps between two cuts their columns and lanes, and find ways for the lines.

    Args:
        steps: One group that `cut` made.
    """
    inside = set(steps)
    column: dict[DrawingStep, int] = {}
    for step in steps:
        column[step] = 1 + max((column[s] for s in step.inputs if s in inside), default=-1)
    column[steps[-1]] = max([column[steps[-1]], *(column[s] + 1 for s in steps[:-1])])
    chains = _chains(steps)
    lane, lanes = _lanes(chains, steps, column)
    ways = _Ways(column, lane)
    return Stretch(tuple(steps), column, lane, lanes, tuple(ways.edges(steps)))


def _chains(steps: Sequence[DrawingStep]) -> list[list[DrawingStep]]:
    """The steps but the last, in chains in which each takes the output of the one before."""
    chains: list[list[DrawingStep]] = []
    for step in steps[:-1]:
        for chain in chains:
            if chain[-1] in step.inputs:
                chain.append(step)
                break
        else:
            chains.append([step])
    return chains


def _lanes(
    chains: Sequence[list[DrawingStep]],
    steps: Sequence[DrawingStep],
    column: dict[DrawingStep, int],
) -> tuple[dict[DrawingStep, int], int]:
    """A lane for each chain, several in one where they do not meet. Of two, the long one is below.

    A chain keeps its lane for itself from where its input comes to where its output is used.
    """
    spans = []
    for chain in chains:
        begin = min((column[s] + 1 for s in chain[0].inputs if s in column), default=0)
        used = [column[step] for step in steps if chain[-1] in step.inputs]
        spans.append((begin, max([column[chain[-1]], *(c - 1 for c in used)])))
    rows: list[list[int]] = []
    for index, (begin, end) in enumerate(spans):
        for row in rows:
            if all(end < spans[other][0] or spans[other][1] < begin for other in row):
                row.append(index)
                break
        else:
            rows.append([index])
    if len(rows) == 2:
        rows.sort(key=lambda row: sum(len(chains[index]) for index in row))
    lane = {step: at for at, row in enumerate(rows) for index in row for step in chains[index]}
    return lane, len(rows)


class _Ways:
    """Finds ways for the lines of one stretch."""

    def __init__(self, column: dict[DrawingStep, int], lane: dict[DrawingStep, int]) -> None:
        self._column, self._lane = column, lane
        self._taken: dict[tuple[int, int], DrawingStep | None] = {
            (lane[step], column[step]): step for step in lane
        }
        self._around: list[list[tuple[int, int]]] = []  # by level, from which gap to which

    def edges(self, steps: Sequence[DrawingStep]) -> list[Edge]:
        wanted = [
            (source if source in self._column else None, step)
            for step in steps
            for source in step.inputs
        ]
        wanted.sort(key=lambda pair: self._length(*pair))  # the short ones have fewer ways to go
        return [self._edge(*pair) for pair in wanted]

    def _columns(self, source: DrawingStep | None, target: DrawingStep) -> tuple[int, int]:
        return -1 if source is None else self._column[source], self._column[target]

    def _length(self, source: DrawingStep | None, target: DrawingStep) -> int:
        begin, end = self._columns(source, target)
        return end - begin

    def _edge(self, source: DrawingStep | None, target: DrawingStep) -> Edge:
        begin, end = self._columns(source, target)
        between = range(begin + 1, end)
        lanes = [self._lane[step] for step in (source, target) if step in self._lane]
        for lane in lanes:
            if all(self._taken.get((lane, c), source) is source for c in between):
                self._taken |= {(lane, c): source for c in between}
                return Edge(source, target, begin + 1, end, lane)
        if not between:
            return Edge(source, target, end, end, lane=0)
        return Edge(source, target, begin + 1, end, None, self._level(begin + 1, end))

    def _level(self, begin: int, end: int) -> int:
        for level, spans in enumerate(self._around):
            if all(end <= other[0] or other[1] <= begin for other in spans):
                spans.append((begin, end))
                return level
        self._around.append([(begin, end)])
        return len(self._around) - 1
