"""Drawing a block as one step where it would take more than a row, as a classic dense block does.

In it every layer takes the outputs of all before, so that no row can end within it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convscope.inspection.drawing.blocks import DrawnBlock
from convscope.inspection.drawing.collapsing import without_collapsed
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.stretches import arrange, cut

_LONGEST = 20  # columns of a stretch


def shorten_blocks(
    steps: Sequence[DrawingStep], blocks: Sequence[DrawnBlock]
) -> tuple[list[DrawingStep], list[DrawnBlock]]:
    """Steps and blocks with one step for each block that is a stretch of too many columns.

    Args:
        steps: What is to be drawn, each behind its inputs. Those kept are changed.
        blocks: The outermost blocks. Those kept are changed.
    """
    kept: list[DrawingStep] = []
    instead: dict[DrawingStep, DrawingStep] = {}
    for stretch in cut(steps):
        block = next((b for b in _all(blocks) if set(b.steps) == set(stretch)), None)
        if block is None or max(arrange(stretch).column.values()) < _LONGEST:
            kept += stretch
            continue
        nodes = [node for step in stretch for node in step.nodes]
        summary = (block.type_name or block.name, f"{len(nodes)} layers")
        last = stretch[-1]
        whole = DrawingStep("other", nodes, _entries(stretch), last.shapes, summary)
        instead |= dict.fromkeys(stretch, whole)
        kept.append(whole)
    for step in kept:
        step.inputs = [instead.get(source, source) for source in step.inputs]
    return kept, without_collapsed(blocks, instead)


def _all(blocks: Sequence[DrawnBlock]) -> Iterator[DrawnBlock]:
    for block in blocks:
        yield block
        yield from _all(block.blocks)


def _entries(steps: Sequence[DrawingStep]) -> list[DrawingStep]:
    sources = [source for step in steps for source in step.inputs]
    return list(dict.fromkeys(source for source in sources if source not in steps))
