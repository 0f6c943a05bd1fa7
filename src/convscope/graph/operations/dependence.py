"""What an operation without a rule looks at: which inputs its output depends on, whatever they are.

It is run on two sets of random numbers, and what has a local derivative is what it looks at. If the
two differ, the operation chooses by the numbers (as sorting does), and nothing is claimed.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import torch

from convscope.definitions.arrays import FloatArray
from convscope.graph.graph import Node
from convscope.graph.operations.numbers import at_grid, least_grid
from convscope.graph.operations.rerun import Rerun, run_on_random_numbers
from convscope.graph.region import Region, between

_ASKED: WeakKeyDictionary[Node, Rerun | None] = WeakKeyDictionary()


def look(node: Node, source: int, region: Region) -> Region | None:
    """What an operation looks at: what has a derivative when it is run on random numbers.

    Returns:
        None if that isn't known: the operation can't be run or differentiated, or its choice
        depends on the numbers, as in sorting, so that random ones say nothing.
    """
    again = _ask_once(node)
    if again is None or source not in again.differentiable:
        return None
    slopes = _dependence(again, source, region)
    if not slopes.any():
        return None
    seen = []
    for axis in range(slopes.ndim):
        others = tuple(a for a in range(slopes.ndim) if a != axis)
        seen.append(between((slopes != 0).any(axis=others)))
    return tuple(seen)


def can_look(node: Node) -> bool:
    """Whether `look` knows what the operation looks at."""
    return _ask_once(node) is not None


def looks_at_grids(node: Node) -> bool:
    """Whether `look` is exact: what a number depends on are whole rows and columns of each input.

    It isn't for sums along diagonals, as in folding, where it gives the least grid around them.
    """
    again = _ask_once(node)
    if again is None:
        return False
    middle = tuple(size // 2 for size in again.made.shape)
    sources = [key for key in again.differentiable if isinstance(key, int)]
    for slopes in again.gradients(sources, again.one_at(middle)):
        used = (slopes != 0).double().numpy()
        places = least_grid(used)
        if places is not None and not at_grid(used, places).all():
            return False
    return True


def _dependence(again: Rerun, source: int, region: Region) -> FloatArray:
    """Derivatives of a random sum over a region of the output by all numbers of an input."""
    inside = np.ix_(*(extent.inside for extent in region))
    weights = np.zeros(tuple(again.made.shape))
    weights[inside] = np.random.default_rng(0).uniform(1, 2, weights[inside].shape)
    flowing = torch.from_numpy(weights).to(again.made.dtype)
    found: FloatArray = again.gradients([source], flowing)[0].double().numpy()
    return found


def _ask_once(node: Node) -> Rerun | None:
    if node not in _ASKED:
        _ASKED[node] = _ask(node)
    return _ASKED[node]


def _ask(node: Node) -> Rerun | None:
    """The operation on random numbers, if others show the same dependence of a few outputs."""
    if node.call is None or not node.inputs or 0 in node.shape:
        return None
    runs = [run_on_random_numbers(node, seed) for seed in (0, 1)]
    once, again = runs
    if once is None or again is None or not once.made.is_floating_point():
        return None
    sources = [key for key in once.differentiable if isinstance(key, int)]
    if not sources:
        return None
    for part in (0.0, 0.5, 1.0):
        index = tuple(int(part * (size - 1)) for size in once.made.shape)
        seen = [
            [found != 0 for found in run.gradients(sources, run.one_at(index))]
            for run in (once, again)
        ]
        same = all(torch.equal(a, b) for a, b in zip(*seen, strict=True))
        if not same or not any(bool(found.any()) for found in seen[0]):
            return None
    return once
