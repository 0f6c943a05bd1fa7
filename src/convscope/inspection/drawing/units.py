"""What no row may break: stretches of the network, and its blocks in their frames."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.inspection.drawing.blocks import DrawnBlock
from convscope.inspection.drawing.pieces import Piece, beside, frame, piece_of
from convscope.inspection.drawing.scale import Scale
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.stretches import arrange, cut
from convscope.look.canvas import drawable

_LONGEST = 8  # stretches that a frame may hold, so that rows can be broken


def units_of(
    steps: Sequence[DrawingStep], blocks: Sequence[DrawnBlock], scale: Scale
) -> list[Piece]:
    """The network in pieces, from left to right.

    Args:
        steps: What is drawn.
        blocks: The outermost blocks, which may hold others.
        scale: How large blocks are drawn.
    """
    return _pieces(cut(steps), blocks, scale)


def _pieces(
    stretches: Sequence[list[DrawingStep]], blocks: Sequence[DrawnBlock], scale: Scale
) -> list[Piece]:
    pieces: list[Piece] = []
    index = 0
    while index < len(stretches):
        block, count = _block_at(stretches[index:], blocks)
        inside = stretches[index : index + count]
        if block is None:
            pieces.append(piece_of(arrange(stretches[index]), scale))
        elif block.count == 1 and count > _LONGEST:
            pieces += _pieces(inside, block.blocks, scale)
        else:
            only = _repeated(block)
            repeated = [inner for inner in only.blocks if inner.count > 1]
            inner = beside(_pieces(inside, repeated, scale))
            pieces.append(frame(inner, _titles(block, only), max(block.count, only.count)))
        index += count
    return pieces


def _block_at(
    stretches: Sequence[list[DrawingStep]], blocks: Sequence[DrawnBlock]
) -> tuple[DrawnBlock | None, int]:
    """The block that begins with the first stretch, and how many stretches it takes."""
    for block in blocks:
        if block.steps[0] is stretches[0][0]:
            inside: set[DrawingStep] = set()
            for count, stretch in enumerate(stretches, start=1):
                inside |= set(stretch)
                if inside == set(block.steps):
                    return block, count
                if not inside < set(block.steps):
                    break
            inner = _block_at(stretches, block.blocks)
            if inner[0] is not None:
                return inner
    return None, 1


def _repeated(block: DrawnBlock) -> DrawnBlock:
    """The block itself, or the repeated one that is all of it, as the layer of a dense block is."""
    inner = block
    while inner.count == 1:
        alike = [b for b in inner.blocks if set(b.steps) == set(block.steps)]
        if not alike:
            return block
        inner = alike[0]
    return inner


def _titles(block: DrawnBlock, only: DrawnBlock) -> list[str]:
    """What may stand above a frame, the best first."""
    name = drawable(block.name, instead="")
    kind = drawable(only.type_name, instead="")
    if not kind:
        return [name, ""]
    return [f"{name} · {kind}" if name else kind, kind, name, ""]
