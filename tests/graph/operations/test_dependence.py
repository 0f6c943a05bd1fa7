"""What operations without a rule look at."""

import numpy as np
import pytest
import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.graph.reach import is_exact, is_understood, looks_at
from convscope.graph.region import Extent


def asked(node, *places):
    return tuple(
        Extent(np.arange(size) == place, place, place)
        for size, place in zip(node.shape, places, strict=True)
    )


@pytest.mark.parametrize("images", [(2, 5, 6), torch.randn(1, 2, 5, 6)], ids=["shape", "images"])
def test_what_unknown_operations_see(images):
    class Mixed(nn.Module):
        def forward(self, x):
            return torch.einsum("nchw,nchv->nchv", x, x.cumsum(dim=2))

    graph = capture(Mixed(), images)
    einsum = graph.output
    total = einsum.inputs[1]
    assert is_understood(einsum)
    assert is_understood(total)
    rows, columns = looks_at(total, 0, asked(total, 0, 1, 2, 3))[2:]
    assert rows.inside.tolist() == [True, True, True, False, False]
    assert (columns.first, columns.last) == (3, 3)
    seen = looks_at(einsum, 0, asked(einsum, 0, 1, 2, 3))
    assert [int(extent.inside.sum()) for extent in seen] == [1, 1, 1, 6]
    seen = looks_at(einsum, 1, asked(einsum, 0, 1, 2, 3))
    assert [int(extent.inside.sum()) for extent in seen] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sort(dim=3).values,
        lambda x: torch.sign(x),
        lambda x: x.median(dim=2).values,
    ],
    ids=["chooses by the numbers", "has no slope", "takes the middle"],
)
def test_what_isnt_known_is_not_understood(function):
    class Only(nn.Module):
        def forward(self, x):
            return function(x)

    graph = capture(Only(), (2, 5, 6))
    node = next(node for node in graph if node.kind.startswith("other: "))
    assert not is_understood(node)
    seen = looks_at(node, 0, asked(node, *(0 for _ in node.shape)))
    assert all(extent.inside.all() for extent in seen)


class Folded(nn.Module):
    """Windows of 3 × 3 taken apart and added up again where they came from."""

    def forward(self, x):
        windows = nn.functional.unfold(x, 3)
        return nn.functional.fold(windows, x.shape[2:], 3)


class Upscaled(nn.Module):
    def forward(self, x):
        return nn.functional.interpolate(x, scale_factor=2, mode="bilinear")


@pytest.mark.parametrize(("network", "exact"), [(Folded(), False), (Upscaled(), True)])
def test_it_is_exact_where_whole_rows_and_columns_are_looked_at(network, exact):
    """What folding adds up stands on a diagonal of its input, (windows · places)."""
    node = capture(network, (2, 6, 6)).output
    assert is_understood(node)
    assert is_exact(node) is exact
    seen = looks_at(node, 0, asked(node, 0, 1, 3, 3))
    assert all(extent.inside.any() for extent in seen)
    assert not all(extent.inside.all() for extent in seen)
