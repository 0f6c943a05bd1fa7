"""The axis that counts the images is followed, and only it is left out of shapes and indices."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.graph.capture import capture
from convscope.inspection.trace.trace import trace
from convscope.inspection.unit.unit import unit


class Sequences(nn.Module):
    """Rows as a sequence, (row, image, column) from the slice on, and a weight that is computed."""

    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.LSTM(8, 4), nn.Linear(4, 3)
        self.weight = nn.Parameter(torch.rand(1, 4))

    def forward(self, x):
        made, _ = self.rnn(x[:, 0].transpose(0, 1))
        return self.head(torch.tanh(made[-1])) + made[-1] @ torch.tanh(self.weight).t()


@pytest.mark.parametrize("images", [(1, 6, 8), torch.rand(1, 1, 6, 8), torch.rand(4, 1, 6, 8)])
def test_sequences_before_images(images):
    graph = capture(Sequences(), images)
    axes = {node.name: node.batch_axis for node in graph}
    assert axes["slice"] == 0
    assert axes["permutation"] == axes["rnn.lstm"] == 1
    assert axes["slice:2"] == axes["head"] == axes["sum"] == 0
    weights = [
        node for node in graph if not node.depends_on_images and node.shape in [(1, 4), (4, 1)]
    ]
    assert len(weights) == 2
    assert all(node.batch_axis is None for node in weights)
    assert graph["rnn.lstm"].unit_shape == (6, 4)


def test_shapes_and_units_keep_all_other_axes():
    torch.manual_seed(0)
    network = Sequences()
    shapes = {row.name: row.output_shape for row in trace(network, (1, 6, 8)).layers}
    assert shapes["permutation"] == (6, 8)
    weights = [node for node in capture(network, (1, 6, 8)) if node.name.startswith("tanh")]
    assert {node.unit_shape for node in weights} == {(4,), (1, 4)}
    image = torch.rand(1, 6, 8)
    moved = unit(network, image, "permutation:5,3", backward=True)
    assert moved.agrees
    assert moved.step.index == (5, 3)
    assert moved.step.value == pytest.approx(float(image[0, 5, 3]))
    assert moved.sees.rows.nonzero()[0].tolist() == [5]
    assert moved.sees.columns.nonzero()[0].tolist() == [3]
    name = next(node.name for node in weights if node.unit_shape == (1, 4))
    weight = unit(network, image, f"{name}:0,2", backward=True)
    assert weight.agrees
    assert weight.step.index == (0, 2)
    assert weight.sees is None
    assert "0, 2" in str(weight)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_axis_is_followed_wherever_it_goes(data):
    """Of images with several equal sizes, also 1, the axis is known from where it was moved."""
    sizes = (1, *(data.draw(st.sampled_from([1, 2, 3])) for _ in range(3)))
    orders = data.draw(st.lists(st.permutations(range(4)), min_size=1, max_size=3))

    class Turned(nn.Module):
        def forward(self, x):
            for order in orders:
                x = x.permute(*order) * 2
            return x

    axis = 0
    for order in orders:
        axis = order.index(axis)
    for images in (sizes[1:], torch.rand(sizes)):
        assert capture(Turned(), images).output.batch_axis == axis


def test_a_network_that_takes_one_image_alone(capfd):
    class Alone(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).expand(1, 4, 4, 1).tanh()

    graph = capture(Alone(), (1, 4, 4))
    assert graph.output.unit_shape == (4, 4, 1)
    assert capfd.readouterr().err == ""


def test_ordinary_networks_run_once():
    runs = []

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)
            )

        def forward(self, x):
            runs.append(tuple(x.shape))
            return self.layers(x)

    graph = capture(Watched(), (1, 4, 4))
    assert [node.batch_axis for node in graph] == [0] * len(graph)
    assert runs == [(1, 1, 4, 4)]
