"""Images cut from one photograph at different places, of which neither holds the other.

The middle of each image is looked for in all others, at every place of a grid around their own
middle: so two are found that are moved against each other by less than the grid reaches. The few
that fit best are laid over each other, and what both show is compared as strictly as copies are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from convscope.data.check.alignment import Alignment, compare_pairs
from convscope.data.check.geometry import blur, cut_windows
from convscope.data.check.near import LOWEST_CORRELATION
from convscope.data.check.thumbnails import make_thumbnails, thumbnail_side, to_grey
from convscope.data.image_set import ImageSet

REACH = 0.36
"""How far images may be moved against each other, in halves of their side: 18 % of it."""

PLACES = 7  # of the grid, along each axis
PATCH = 10  # numbers of a description, along each axis
FINE, COARSE = 1.0, 3.5  # pixels of blur: what is described lies between the two
MOST = 6  # others that are compared closely with an image
LEAST_ALIKE = 0.5  # correlation of descriptions, below which nothing is compared
LARGEST_MISFIT = 0.7
"""Stricter than for whole images, for what is compared is less."""

GROWTH = 0.05  # by which one may seem larger: crops of one image have one scale
LEAST_MOVED = 0.04  # halves of the side: moved by less, it is a copy of the whole
BLOCK = 512


def find_overlaps(images: ImageSet, rows: list[int]) -> list[tuple[int, int]]:
    """Pairs of images that show overlapping parts of one, each once, the smaller row first.

    Every image is described once for each place, and all descriptions are multiplied with all
    images' middles; then at most `MOST` pairs an image are compared.

    Args:
        images: All images.
        rows: Those to look at, in rising order.
    """
    if len(rows) < 2:
        return []
    splits = {"train": images}
    pixels = make_thumbnails(splits, thumbnail_side(splits))[torch.tensor(rows)]
    pairs, moves = _find_candidates(to_grey(pixels))
    found: list[list[int]] = []
    for pair, move in zip(pairs.split(BLOCK), moves.split(BLOCK), strict=True):  # type: ignore[no-untyped-call]
        for _ in range(2):  # as the grid has it, then from what was found so
            if len(pair) == 0:
                break
            compared = _compare(pixels, pair, move)
            likely = torch.isfinite(compared.misfit)
            further = compared.windows[:, ::2] * (1 - move.abs() / 2)
            same = _are_same(compared, move + further)[likely]
            pair, move = pair[likely], (move + further)[likely].clamp(-0.5, 0.5)
        found += pair[same].tolist() if len(pair) else []
    return sorted({(rows[min(pair)], rows[max(pair)]) for pair in found})


def _compare(pixels: Tensor, pairs: Tensor, moves: Tensor) -> Alignment:
    """Lay over each other what both of each pair show.

    Args:
        pixels: uint8 (N, C, S, S).
        pairs: (P, 2) rows of them.
        moves: (P, 2), down and to the right, in halves of the side: where in the first image the
            middle of the second lies.
    """
    shown = torch.cat([_cut(pixels[pairs[:, 0]], moves), _cut(pixels[pairs[:, 1]], -moves)])
    first = torch.arange(len(pairs))
    return compare_pairs(shown, to_grey(shown), first, first + len(pairs), torch.zeros_like(first))


def _cut(pixels: Tensor, moves: Tensor) -> Tensor:
    """What images uint8 (P, C, S, S) share with others that lie beside them, enlarged to S."""
    centres, extents = moves / 2, 1 - moves.abs() / 2
    windows = torch.stack([centres, extents], dim=2).flatten(1)  # (P, 4)
    return cut_windows(pixels.float(), windows).round().clamp(0, 255).byte()


def _are_same(compared: Alignment, moves: Tensor) -> Tensor:
    """Whether pairs show parts of one image, moved against each other and at one scale: (P,)."""
    grown = (compared.windows[:, 1::2] - 1).abs().amax(dim=1)
    return (
        (compared.misfit <= LARGEST_MISFIT)
        & (compared.correlation >= LOWEST_CORRELATION)
        & (grown <= GROWTH)
        & (moves.abs().amax(dim=1) >= LEAST_MOVED)
    )


def _find_candidates(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs worth comparing, (P, 2), each once, and their moves, (P, 2).

    Args:
        grey: uint8 (N, S, S).
    """
    axis = torch.linspace(-REACH, REACH, PLACES)
    places = torch.cartesian_prod(axis, axis)
    described = torch.stack([_describe(grey, place) for place in places])  # (places, N, D)
    middle, count = described[len(places) // 2], len(grey)
    best: dict[tuple[int, int], tuple[float, int, int, int]] = {}
    for asking in torch.arange(count).split(BLOCK // 8):  # type: ignore[no-untyped-call]
        alike, place = (middle[asking] @ described.transpose(1, 2)).max(dim=0)  # (asking, N)
        alike[torch.arange(len(asking)), asking] = -1  # itself
        values, others = alike.topk(min(MOST, count - 1), dim=1)
        at = place.gather(1, others)
        for row, column in torch.nonzero(values >= LEAST_ALIKE).tolist():
            first, second = int(others[row, column]), int(asking[row])
            key, value = (min(first, second), max(first, second)), float(values[row, column])
            if key not in best or value > best[key][0]:
                best[key] = value, first, second, int(at[row, column])
    if not best:
        return torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, 2)
    kept = torch.tensor([each[1:] for each in best.values()])
    return kept[:, :2], places[kept[:, 2]]


def _describe(grey: Tensor, place: Tensor) -> Tensor:
    """A window of grey images (N, S, S) around a place (2,), as rows of length 1: (N, PATCH²)."""
    extent = torch.full((2,), 1 - REACH)
    window = torch.stack([place, extent], dim=1).flatten()
    parts = []
    for block in grey.split(BLOCK):  # type: ignore[no-untyped-call]
        smooth = blur(block.float(), FINE)
        shown = cut_windows(smooth - blur(smooth, COARSE), window.expand(len(block), 4))
        small = F.adaptive_avg_pool2d(shown[:, None], PATCH).flatten(1)
        parts.append(F.normalize(small, dim=1, eps=1e-3))
    return torch.cat(parts)
