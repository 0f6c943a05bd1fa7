"""The figures of a plan: what stands in them, and the memory that they show.

Tests planning/memory_timeline.py.
"""

import numpy as np
import pytest
from PIL import Image

from convscope.planning.figures import plan_figure
from convscope.planning.memory_timeline import KINDS, find_peak, memory_timeline
from convscope.planning.plan import Plan
from tests.conftest import slow


@pytest.fixture(scope="module")
def lenet():
    return Plan("lenet", "mnist", precision="float32", batch_size=16).forecasters[0]


def test_the_kinds_add_up_to_the_whole_at_every_moment(lenet):
    forecast = lenet.at(16, measuring_seconds=0)
    timeline = memory_timeline(lenet.step, 16)
    assert tuple(timeline.bytes.sum(axis=0)) == forecast.step_memory.timeline
    assert timeline.first("backward") == forecast.step_memory.turning_point


def test_activations_and_gradients_are_gone_after_the_step(lenet):
    timeline = memory_timeline(lenet.step, 16)
    activations = timeline.bytes[KINDS.index("activations")]
    assert activations.argmax() <= timeline.first("optimizer")
    assert activations[-1] <= 0.05 * activations.max()
    assert timeline.bytes[KINDS.index("gradients")][-1] == 0
    assert (np.diff(timeline.bytes[KINDS.index("parameters")]) == 0).all()


@pytest.mark.parametrize("batch_size", [1, 16])
def test_the_peak_names_what_is_under_way_and_all_that_is_held(lenet, batch_size):
    timeline = memory_timeline(lenet.step, batch_size)
    found = find_peak(lenet.step, batch_size, most=1000)
    totals = timeline.bytes.sum(axis=0)
    assert totals[timeline.peak] == totals.max()
    assert found.phase == timeline.phases[timeline.peak]
    resident = sum(sum(sizes) for sizes in lenet.step.resident.values())
    held = sum(block.bytes for block in found.largest)
    assert held + resident + 4 * batch_size * 28 * 28 == totals.max()
    sizes = [block.bytes for block in found.largest]
    assert sizes == sorted(sizes, reverse=True)
    assert len(find_peak(lenet.step, batch_size, most=2).largest) == 2
    if batch_size == 16:  # the first sigmoid's output and both of its gradients are there
        assert found.operation == "sigmoid_backward"
        assert found.shapes == ((16, 6, 28, 28),) * 2


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, *slow(16)])
def test_a_plan_is_drawn(lenet, batch_size, tmp_path):
    file = tmp_path / "plan.png"
    forecast = lenet.at(batch_size, measuring_seconds=0)
    figure = plan_figure(lenet, forecast, file)
    with Image.open(file) as image:
        assert image.size == (1650, 1260)
    times, memory = figure.subfigs[1].axes
    for axes, value in ((times, forecast.epoch.value), (memory, forecast.memory.value)):
        (mark,) = (line for line in axes.lines if line.get_markersize() == 9)
        assert mark.get_xdata() == [batch_size]
        (drawn,) = mark.get_ydata()
        assert any(drawn * unit == pytest.approx(value) for unit in (1, 60, 3600))
