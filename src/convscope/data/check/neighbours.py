"""For every image, the few others of which it may be a copy: a search that is not quadratic.

All views of all images are sorted into cells around centres that k-means finds; an image is
compared with the views in the cells nearest to it only (an inverted file: Jégou, Douze and Schmid
2011, "Product quantization for nearest neighbor search", section IV).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from convscope.data.check.views import VIEWS, WINDOWS, learn_basis

NEIGHBOURS = (4, 16)
"""Others that are compared closely, at least and at most: look-alikes stand before a copy that was
cut at its edges, and the more images there are, the more of them."""

IMAGES_PER_NEIGHBOUR = 5000
FARTHEST = 18.0
"""Distance from which on two images are no copies: hardly one of a thousand copies is farther."""

CELL = 256  # images in a cell, on average
PROBES = 12  # cells that are searched for an image
BLOCK = 4096
BLOCK_VALUES = 1 << 25


def find_candidates(
    images: Tensor, advance: Callable[[int], None] = lambda steps: None
) -> tuple[Tensor, Tensor, Tensor]:
    """The pairs worth comparing closely.

    Args:
        images: Grey uint8 or float (N, S, S).
        advance: Called with the number of images just searched for.

    Returns:
        Three int64 arrays (pairs,): the image that may be the original, the one that may be a
        copy, and the view of the original that the copy resembles. For each copy the most similar
        originals; an image and its mirror image are two.
    """
    generator = torch.Generator().manual_seed(0)
    count = len(images)
    basis = learn_basis(images, generator)
    views = torch.stack([_describe(basis.describe, images, view) for view in range(VIEWS)])
    whole = views[0].float()
    cells = max(1, count // CELL)
    probes = min(PROBES, cells)
    centres = _k_means(whole, cells, generator)
    home = torch.cat([_nearest(view.float(), centres, 1)[:, 0] for view in views])  # (V · N,)
    members, member_bounds = _by_cell(home, cells)
    visits, visit_bounds = _by_cell(_nearest(whole, centres, probes).flatten(), cells)
    views = views.flatten(0, 1)  # (V · N, D): entry v · N + n is view v of image n
    fewest, most = NEIGHBOURS
    kept = min(most, fewest + count // IMAGES_PER_NEIGHBOUR, 2 * (count - 1))
    distances = torch.full((count, kept), torch.inf)
    entries = torch.zeros(count, kept, dtype=torch.int64)
    unreported = 0  # visits, of which each image makes `probes`
    for cell in range(cells):
        inside = members[member_bounds[cell] : member_bounds[cell + 1]]
        asking = visits[visit_bounds[cell] : visit_bounds[cell + 1]] // probes
        values = views[inside].float()
        for rows in asking.split(max(1, BLOCK_VALUES // max(1, len(inside)))):  # type: ignore[no-untyped-call]
            if len(inside):
                found = torch.cdist(whole[rows], values, compute_mode="use_mm_for_euclid_dist")
                found[inside % count == rows[:, None]] = torch.inf  # itself
                near, where = found.topk(min(3 * kept, len(inside)), dim=1, largest=False)
                near = torch.cat([distances[rows], near], dim=1)
                entry = torch.cat([entries[rows], inside[where]], dim=1)
                distances[rows], entries[rows] = _best(near, entry, kept, count)
        done = len(asking) + unreported
        advance(done // probes)
        unreported = done % probes
    copies, slots = torch.nonzero(distances < FARTHEST, as_tuple=True)
    chosen = entries[copies, slots]
    return chosen % count, copies, chosen // count


def _describe(describe: Callable[[Tensor, int], Tensor], images: Tensor, view: int) -> Tensor:
    blocks = [describe(block.float(), view).half() for block in images.split(BLOCK)]  # type: ignore[no-untyped-call]
    return torch.cat(blocks)  # (N, D), in half precision because there are many


def _best(distances: Tensor, entries: Tensor, kept: int, count: int) -> tuple[Tensor, Tensor]:
    """Of each row the `kept` nearest, with every image at most once, and once mirrored."""
    distances, order = distances.sort(dim=1)
    entries = entries.gather(1, order)
    sides = entries % count + (entries // count >= len(WINDOWS)) * count
    again = (sides[:, :, None] == sides[:, None, :]).tril(-1).any(dim=2)
    distances, order = distances.masked_fill(again, torch.inf).topk(kept, dim=1, largest=False)
    return distances, entries.gather(1, order)


def _by_cell(cell_of: Tensor, cells: int) -> tuple[Tensor, Tensor]:
    """Positions sorted by cell, and where each cell begins (and the last one ends)."""
    order = torch.argsort(cell_of, stable=True)
    return order, torch.searchsorted(cell_of[order], torch.arange(cells + 1))


def _k_means(values: Tensor, cells: int, generator: torch.Generator) -> Tensor:
    """Centres (cells, D) of a sample, after a few rounds: they only have to share the work."""
    sample = values[torch.randperm(len(values), generator=generator)[: 64 * cells]]
    centres = sample[:cells].clone()
    for _ in range(6):
        nearest = _nearest(sample, centres, 1)[:, 0]
        sums = torch.zeros_like(centres).index_add_(0, nearest, sample)
        centres = sums / torch.bincount(nearest, minlength=cells).clamp_min(1)[:, None]
    return centres


def _nearest(values: Tensor, centres: Tensor, count: int) -> Tensor:
    """For each of (N, D) the `count` nearest centres."""
    half = centres.square().sum(dim=1) / 2
    blocks = values.split(BLOCK)  # type: ignore[no-untyped-call]
    return torch.cat([(half - block @ centres.T).topk(count, 1, False).indices for block in blocks])
