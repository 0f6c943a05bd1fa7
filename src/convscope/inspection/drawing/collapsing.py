"""Drawing chosen blocks as one step each, so that a reader can fold what isn't looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from convscope.inspection.drawing.blocks import DrawnBlock
from convscope.inspection.drawing.steps import DrawingStep


def can_collapse(block: DrawnBlock, steps: Sequence[DrawingStep]) -> bool:
    """Whether everything leaves a block through one of its steps, so that it can be one step.

    Args:
        block: The block.
        steps: All steps of the network.
    """
    inside = set(block.steps)
    exits = {
        source for step in steps if step not in inside for source in step.inputs if source in inside
    }
    return exits <= {block.steps[-1]}


def collapse_blocks(
    steps: Sequence[DrawingStep], blocks: Sequence[DrawnBlock], names: Collection[str]
) -> tuple[list[DrawingStep], list[DrawnBlock]]:
    """Steps and blocks with one step for each block that is named; what can't be one stays.

    Args:
        steps: What is to be drawn, each behind its inputs. Those kept are changed.
        blocks: The outermost blocks. Those kept are changed.
        names: The blocks' names.
    """
    instead: dict[DrawingStep, DrawingStep] = {}
    for block in _chosen(blocks, names):
        if not can_collapse(block, steps):
            continue
        nodes = [node for step in block.steps for node in step.nodes]
        sources = [source for step in block.steps for source in step.inputs]
        inputs = list(dict.fromkeys(each for each in sources if each not in block.steps))
        summary = (block.name, f"{len(nodes)} layers")
        whole = DrawingStep("other", nodes, inputs, block.steps[-1].shapes, summary)
        instead |= dict.fromkeys(block.steps, whole)
    # Where its last step was, a block stands behind all it takes and before all that takes it.
    last = {whole: step for step, whole in instead.items()}
    kept = [
        instead.get(step, step)
        for step in steps if step not in instead or last[instead[step]] is step
    ]  # fmt: skip
    for step in kept:
        step.inputs = list(dict.fromkeys(instead.get(source, source) for source in step.inputs))
    return kept, without_collapsed(blocks, instead)


def _chosen(blocks: Sequence[DrawnBlock], names: Collection[str]) -> Iterator[DrawnBlock]:
    """The outermost blocks of these names."""
    for block in blocks:
        if block.name in names:
            yield block
        else:
            yield from _chosen(block.blocks, names)


def without_collapsed(
    blocks: Sequence[DrawnBlock], instead: dict[DrawingStep, DrawingStep]
) -> list[DrawnBlock]:
    """The blocks that still hold several steps.

    Args:
        blocks: The outermost blocks; those kept are changed.
        instead: What stands for a step that is drawn no longer.
    """
    kept = []
    for block in blocks:
        block.steps = list(dict.fromkeys(instead.get(step, step) for step in block.steps))
        block.blocks = without_collapsed(block.blocks, instead)
        if len(block.steps) > 1:
            kept.append(block)
    return kept
