"""Drawing blocks that repeat only once."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.graph.folding import name_range
from convscope.inspection.drawing.blocks import DrawnBlock
from convscope.inspection.drawing.steps import DrawingStep


def fold(
    steps: Sequence[DrawingStep], blocks: Sequence[DrawnBlock]
) -> tuple[list[DrawingStep], list[DrawnBlock]]:
    """Steps and blocks with one for each run of blocks that are made alike.

    Args:
        steps: All steps of a network, in their order. Those kept are changed.
        blocks: Its outermost blocks. Those kept are changed.
    """
    folder = _RepeatFolder(steps)
    kept = folder.fold(blocks)
    return folder.steps, kept


class _RepeatFolder:
    """Folds the blocks of one network, from the innermost on."""

    def __init__(self, steps: Sequence[DrawingStep]) -> None:
        self.steps = list(steps)

    def fold(self, blocks: Sequence[DrawnBlock]) -> list[DrawnBlock]:
        """The blocks of one level."""
        for block in blocks:
            block.blocks = self.fold(block.blocks)
            block.steps = [step for step in block.steps if step in self.steps]
        runs: list[list[DrawnBlock]] = []
        for block in blocks:
            if runs and self._continues(runs[-1][-1], block):
                runs[-1].append(block)
            else:
                runs.append([block])
        return [self._one_for(run) for run in runs]

    def _continues(self, before: DrawnBlock, block: DrawnBlock) -> bool:
        """Whether a block takes what the one before it made, alone, and is made alike."""
        made, taken = self._exits(before), _entries(block)
        return (
            len(made) == len(taken) == 1
            and made == taken
            and len(_entries(before)) == 1
            and set(self._users(made[0])) <= {*before.steps, *block.steps}
            and _structure(before) == _structure(block)
        )

    def _one_for(self, run: list[DrawnBlock]) -> DrawnBlock:
        first, last = run[0], run[-1]
        if len(run) == 1:
            return first
        [kept], [made] = self._exits(first), self._exits(last) or [last.steps[-1]]
        for block in run[1:]:
            for step, alike in zip(first.steps, block.steps, strict=True):
                step.shapes += alike.shapes
        gone = {step for block in run[1:] for step in block.steps}
        self.steps = [step for step in self.steps if step not in gone]
        for step in self.steps:
            step.inputs = [kept if source is made else source for source in step.inputs]
        first.name, first.count = name_range(first.name, last.name), len(run)
        return first

    def _users(self, step: DrawingStep) -> list[DrawingStep]:
        return [other for other in self.steps if step in other.inputs]

    def _exits(self, block: DrawnBlock) -> list[DrawingStep]:
        inside = set(block.steps)
        return [step for step in block.steps if not inside.issuperset(self._users(step))]


def _entries(block: DrawnBlock) -> list[DrawingStep]:
    """The steps outside of a block that it takes its inputs from."""
    sources = [source for step in block.steps for source in step.inputs]
    return list(dict.fromkeys(source for source in sources if source not in block.steps))


def _structure(block: DrawnBlock) -> tuple[object, ...]:
    """What two blocks must have in common to be drawn as one."""
    index = {step: number for number, step in enumerate(block.steps)}
    return (
        block.type_name,
        *(inner.count for inner in block.blocks),
        *(
            (
                step.part,
                *step.label,
                *(index.get(source) for source in step.inputs),
                len(step.shape),
                step.shape[1:],
            )
            for step in block.steps
        ),
    )
