"""Pages of networks of any structure: nothing covers anything, and every line is there.

Tests inspection/drawing/pieces.py, inspection/drawing/stretches.py.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.inspection.drawing.page import SLIDE, page_of
from convscope.inspection.drawing.shapes import Path
from convscope.inspection.drawing.steps import DrawingStep
from convscope.inspection.drawing.stretches import JOINS, arrange, cut
from tests.inspection.drawing.geometry import assert_readable, wires

ONE = ("convolution", "pooling", "dense", "softmax", "other")
SHAPES = ((3, 32, 32), (2048, 1, 1), (1, 300, 200), (256, 14, 28), (10,), (4096,), (64, 768), ())
SEVERAL = ("concatenation", "other", *JOINS)


@st.composite
def networks(draw):
    """Steps of which each takes the output of one or several before, mostly of the last."""
    steps = [made("input", [], (3, 32, 32))]
    for _ in range(draw(st.integers(1, 12))):
        back = st.integers(1, min(5, len(steps)))
        sources = draw(st.lists(st.one_of(st.just(1), back), min_size=1, max_size=3, unique=True))
        part = draw(st.sampled_from(SEVERAL if len(sources) > 1 else ONE))
        shape = draw(st.sampled_from(SHAPES))
        steps.append(made(part, [steps[-back] for back in sources], shape))
    return steps


def made(part, inputs, shape):
    return DrawingStep(part, [], inputs, [shape], summary=(part, "as much as may be said of it"))


@pytest.mark.slow
@settings(max_examples=60)
@given(networks())
def test_any_network_is_readable(steps):
    page = page_of(steps, [], "Any network", "with any number of parameters")
    assert page.boxes.keys() == set(steps)
    assert abs(page.width / page.height - SLIDE) < 0.01
    assert_readable(page)


@pytest.mark.slow
@settings(max_examples=60)
@given(networks())
def test_every_line_leads_to_its_step(steps):
    page = page_of(steps, [], "", "")
    ends = [points[-1] for points in wires(page)]
    for step in steps:
        box = page.boxes[step]
        into = [  # an arrowhead ends at the left edge, or on top of a circle
            (x, y)
            for x, y in ends
            if (abs(box.left - 4.5 - x) < 0.1 and box.top < y < box.bottom)
            or (abs(box.top - 4.5 - y) < 0.1 and box.left < x < box.right)
        ]
        assert len(into) >= len(step.inputs), f"a line is missing at {step}"


@pytest.mark.slow
@given(networks())
def test_a_stretch_has_one_place_for_each_step(steps):
    groups = cut(steps)
    assert [step for group in groups for step in group] == steps
    for group in groups:
        stretch = arrange(group)
        places = [(stretch.lane.get(step), stretch.column[step]) for step in group]
        assert len(set(places)) == len(group)
        assert stretch.column[stretch.cut] == max(stretch.column.values())
        for edge in stretch.edges:
            assert edge.leaves <= edge.enters == stretch.column[edge.target]


def test_a_plain_chain_is_cut_at_each_step_and_a_shortcut_is_one_stretch():
    first = made("input", [], (1, 8, 8))
    one = made("convolution", [first], (4, 8, 8))
    two = made("convolution", [one], (4, 8, 8))
    total = made("sum", [two, first], (4, 8, 8))
    last = made("pooling", [total], (4,))
    assert cut([first, one, two, total, last]) == [[first], [one, two, total], [last]]
    [around] = [edge for edge in arrange([one, two, total]).edges if edge.lane is None]
    assert (around.source, around.target) == (None, total)


def test_small_blocks_and_large_ones_fit_on_one_page():
    steps = [made("input", [], (3, 1024, 1024))]
    for size in (1024, 1, 7, 512):
        steps.append(made("convolution", [steps[-1]], (1, size, size)))
    page = page_of(steps, [], "", "")
    assert_readable(page)
    fills = [s.pen.fill for s in page.shapes if isinstance(s, Path)]
    assert len(set(fills)) > 3
