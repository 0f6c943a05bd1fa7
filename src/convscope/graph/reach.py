"""Which numbers of its inputs an operation looks at, for given numbers of its output.

Each kind's rule takes the region of the output that is asked about and gives the region of an input
that it is computed from. An operation without a rule is asked itself; where that doesn't tell, it
is taken to look at everything, and isn't understood.
"""

from __future__ import annotations

from convscope.graph.graph import Node
from convscope.graph.operations.dependence import can_look, look, looks_at_grids
from convscope.graph.operations.table import find
from convscope.graph.region import Region, everything


def looks_at(node: Node, source: int, region: Region) -> Region:
    """What `node` looks at in one of its inputs.

    Args:
        node: The operation.
        source: Which of `node.inputs`.
        region: The part of the output that is asked about.
    """
    rule = find(node.kind).looks_at
    if rule is not None:
        return rule(node, source, region)
    found = look(node, source, region)
    return everything(node.inputs[source].shape) if found is None else found


def is_exact(node: Node) -> bool:
    """Whether `looks_at` gives just what the operation looks at, and no number more."""
    if not node.inputs or find(node.kind).looks_at is not None:
        return True
    return looks_at_grids(node)


def is_understood(node: Node) -> bool:
    """Whether it is known what the operation looks at, rather than guessed that it is all."""
    return not node.inputs or find(node.kind).looks_at is not None or can_look(node)
