"""Convolutions of all sizes, against the definition."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from convscope.definitions.cross_correlation import cross_correlation
from convscope.graph.capture import capture
from convscope.inspection.unit.steps import explain_number


def random_index(node, random):
    return tuple(int(random.integers(size)) for size in node.shape)


@given(
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    groups=st.sampled_from([1, 2, 4]),
    bias=st.booleans(),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=60)
def test_convolutions_of_all_sizes(kernel, stride, padding, dilation, groups, bias, seed):
    torch.manual_seed(seed)
    layer = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups, bias)
    graph = capture(layer, torch.randn(1, 4, 9, 8))
    node = graph.output
    index = random_index(node, np.random.default_rng(seed))
    step = explain_number(graph, node, index)
    assert step.agrees
    x, w = graph.input.value.numpy(), layer.weight.detach().numpy()
    whole = cross_correlation(
        x,
        w,
        layer.bias.detach().numpy() if bias else None,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    assert step.form.result == pytest.approx(whole[index], abs=1e-12)
    (term,) = step.form.terms
    assert term.left.values.shape == (4 // groups, *kernel)
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), constant_values=np.nan)
    channels, rows, columns = term.left.grid
    found = padded[0][np.ix_(channels, rows + padding[0], columns + padding[1])]
    assert (np.isnan(found) == term.left.outside).all()
    assert (np.nan_to_num(found) == term.left.values).all()


def test_the_curriculum_example():
    layer = nn.Conv2d(1, 1, 2, bias=False)
    layer.weight.data = torch.arange(4.0).reshape(1, 1, 2, 2)
    graph = capture(layer, torch.arange(9.0).reshape(1, 1, 3, 3))
    results = [explain_number(graph, graph.output, (0, 0, y, x)) for y in (0, 1) for x in (0, 1)]
    assert [step.form.result for step in results] == [19, 25, 37, 43]
    (term,) = results[3].form.terms
    assert term.left.values.tolist() == [[[4, 5], [7, 8]]]
    assert term.products.tolist() == [[[0, 5], [14, 24]]]
    assert results[3].form.formula == "y[0, 1, 1] = Σ w[0, c, i, j] · x[c, 1 + i, 1 + j]"
