"""The blocks of a network that a drawing frames, and repeats of them drawn once.

A block is a call of a class of the network's own that makes several steps, or of a `Sequential`
that occurs again beside itself. Blocks that follow each other and are made alike, on maps of the
same size, are drawn once, with their number; their channels may differ, as in DenseNet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from convscope.graph.graph import Graph, ModuleCall, Node
from convscope.inspection.drawing.steps import DrawingStep, part_of
from convscope.inspection.drawing.stretches import cut


@dataclass(eq=False)
class DrawnBlock:
    """Steps that one call of a module made, or several calls that are made alike.

    Attributes:
        name: Name of the module, or of the first and the last.
        type_name: The module's class; "" for a container.
        steps: Its steps, in their order.
        blocks: The blocks within.
        count: How many it stands for.
    """

    name: str
    type_name: str
    steps: list[DrawingStep]
    blocks: list[DrawnBlock] = field(default_factory=list)
    count: int = 1


def block_calls(graph: Graph, least: int = 2) -> list[ModuleCall]:
    """The calls of modules that may be read as blocks, outermost first.

    Args:
        graph: From `capture`.
        least: Steps that they make.
    """
    drawn = [index for index, node in enumerate(graph) if node.depends_on_images and part_of(node)]

    def steps_in(call: ModuleCall) -> int:
        return sum(call.start <= index < call.stop for index in drawn)

    def search(call: ModuleCall) -> Iterator[ModuleCall]:
        structures = [_structure(inner) for inner in call.calls]
        for inner, structure in zip(call.calls, structures, strict=True):
            within = [*search(inner)]
            innermost = all(steps_in(other) < 2 for other in within)
            again = structures.count(structure) > 1 and innermost
            if steps_in(inner) >= least and (again or not inner.library):
                yield inner
            yield from within

    return [*search(graph.root)]


def blocks_of(graph: Graph, steps: Sequence[DrawingStep]) -> list[DrawnBlock]:
    """The outermost blocks of a network, with those within them.

    Args:
        graph: The network's.
        steps: All its steps.
    """
    position = {node: index for index, node in enumerate(graph)}
    stretches = cut(steps)
    top: list[DrawnBlock] = []
    around: list[tuple[ModuleCall, DrawnBlock]] = []
    for call in block_calls(graph, least=1):
        inside = _with_join([s for s in steps if _made_in(call, s, position)], stretches)
        if len(inside) < 2:
            continue
        block = DrawnBlock(call.name, "" if call.library else call.type_name, inside)
        while around and around[-1][0].stop <= call.start:
            around.pop()
        (around[-1][1].blocks if around else top).append(block)
        around.append((call, block))
    return top


def _made_in(call: ModuleCall, step: DrawingStep, position: dict[Node, int]) -> bool:
    return bool(step.nodes) and call.start <= position[step.nodes[-1]] < call.stop


def _with_join(
    inside: list[DrawingStep], stretches: Sequence[list[DrawingStep]]
) -> list[DrawingStep]:
    """A block's steps, and the sum or concatenation that its caller puts behind it.

    So `x + self.block(x)` is one block, wherever it's written.
    """
    whole = [stretch for stretch in stretches if not set(inside).isdisjoint(stretch)]
    others = [step for stretch in whole for step in stretch if step not in inside]
    if len(others) == 1 and others[0] is whole[-1][-1] and len(others[0].inputs) > 1:
        return [*inside, *others]
    return inside


def _structure(call: ModuleCall) -> tuple[object, ...]:
    return (call.type_name, *(_structure(inner) for inner in call.calls))
