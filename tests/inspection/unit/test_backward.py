"""The explained gradient is PyTorch's, in random numbers and weights of every operation."""

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.unit.backward import explain_number_gradient, explain_weight_gradient
from convscope.inspection.unit.loss import compute_loss
from convscope.inspection.unit.steepest import find_steepest_weight
from tests.inspection.odd_networks import Recurrent, Shuffled, Tied
from tests.inspection.unit.operations import OPERATIONS, Scored


def random_place(shape, random):
    return tuple(int(random.integers(size)) for size in shape)


def check_all(graph, loss, samples, random):
    """Compare everywhere; returns the kinds of the operations that are not written out."""
    unexplained = set()
    for node in graph:
        if not node.dtype.is_floating_point or node.edge is None:
            continue
        for _ in range(samples):
            found = explain_number_gradient(graph, loss, node, random_place(node.shape, random))
            assert found.agrees, found
            unexplained |= {graph[name].kind for name in found.unexplained}
    for path in graph.parameter_names:
        users = [node for node in graph if path in node.parameters.values()]
        for _ in range(samples):
            place = random_place(graph.weights[path].shape, random)
            found = explain_weight_gradient(graph, loss, path, place)
            assert found.agrees, found
            assert found.through == tuple(node.name for node in users)
            unexplained |= {graph[name].kind for name in found.unexplained}
    return unexplained


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation(name):
    network = Scored(OPERATIONS[name])
    graph = capture(network, network.image, gradients=True)
    unexplained = check_all(graph, compute_loss(graph, 1), 6, np.random.default_rng(0))
    assert not unexplained


@pytest.mark.parametrize("kind", [Recurrent, Shuffled, Tied], ids=lambda kind: kind.__name__)
def test_networks_with_reuse(kind):
    torch.manual_seed(0)
    shape = {Recurrent: (1, 1, 12, 12), Shuffled: (1, 3, 12, 12), Tied: (1, 1, 8, 8)}[kind]
    graph = capture(kind(), torch.randn(shape), gradients=True)
    assert graph.result.shape[0] == 1
    check_all(graph, compute_loss(graph, None), 2, np.random.default_rng(0))


def test_a_reused_weight_gets_the_sum_of_its_uses():
    torch.manual_seed(0)
    graph = capture(Recurrent(steps=3), torch.randn(1, 1, 12, 12), gradients=True)
    found = explain_weight_gradient(graph, compute_loss(graph, 0), "again.weight", (1, 2, 0, 1))
    assert found.through == ("again", "again:2", "again:3")
    assert len(found.form.terms) == 3
    assert [term.products.shape for term in found.form.terms] == [(12, 12)] * 3


def image_of_edges():
    """Curriculum C7: ones with columns 2 to 5 zero."""
    image = torch.ones(1, 1, 6, 8)
    image[..., 2:6] = 0
    return image


def test_a_weight_gradient_by_hand():
    conv = nn.Conv2d(1, 1, (1, 2), bias=False)
    conv.weight.data = torch.tensor([[[[1.0, -1.0]]]])
    network = nn.Sequential(conv, nn.Flatten(), nn.Linear(42, 2, bias=False))
    network[2].weight.data = torch.stack((torch.ones(42), torch.zeros(42)))
    graph = capture(network, image_of_edges(), gradients=True)
    loss = compute_loss(graph, 1)  # the scores are both 0: +1 and −1 for each of 6 rows
    assert loss.value == pytest.approx(np.log(2))
    found = explain_weight_gradient(graph, loss, "0.weight", (0, 0, 0, 1))
    (term,) = found.form.terms
    assert term.right.values == pytest.approx(np.full((6, 7), 0.5))  # p[0] − 0, everywhere
    assert term.left.grid[2].tolist() == [1, 2, 3, 4, 5, 6, 7]
    # of the seven columns that this weight meets, 1, 6 and 7 are ones, in 6 rows
    assert found.form.result == pytest.approx(6 * 3 * 0.5)
    assert found.value == pytest.approx(9.0)


def test_the_gradient_of_a_pixel_turns_the_kernel_around():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(18, 2))
    graph = capture(network, torch.randn(1, 1, 5, 5), gradients=True)
    found = explain_number_gradient(graph, compute_loss(graph, 0), graph.input, (0, 0, 2, 2))
    (term,) = found.form.terms
    assert [place.tolist() for place in term.left.grid[1:]] == [[0, 1, 2], [0, 1, 2]]
    assert [place.tolist() for place in term.right.grid[2:]] == [[2, 1, 0], [2, 1, 0]]
    assert found.form.formula == (
        "through 0: gradient · weight, summed over the windows it lies in"
    )


def test_a_pooled_number_gets_the_gradient_of_each_window_that_it_won():
    network = nn.Sequential(nn.MaxPool2d(2, stride=1), nn.Flatten(), nn.Linear(4, 2))
    image = torch.zeros(1, 1, 3, 3)
    image[0, 0, 1, 1] = 5
    graph = capture(network, image, gradients=True)
    loss = compute_loss(graph, 0)
    won = explain_number_gradient(graph, loss, graph.input, (0, 0, 1, 1))
    (term,) = won.form.terms
    assert term.right.values.tolist() == [[1, 1], [1, 1]]
    assert won.agrees
    lost = explain_number_gradient(graph, loss, graph.input, (0, 0, 0, 0))
    assert lost.form.result == lost.value == 0


def test_a_residual_sum_passes_the_gradient_both_ways():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(3, 3)

        def forward(self, x):
            return x + self.dense(x)

    graph = capture(
        nn.Sequential(nn.Flatten(), Residual()), torch.randn(1, 1, 1, 3), gradients=True
    )
    found = explain_number_gradient(graph, compute_loss(graph, 2), graph["0"], (0, 1))
    assert found.through == ("1.dense", "1.sum")
    assert found.agrees
    assert len(found.form.terms) == 2


@pytest.mark.parametrize(
    ("path", "place", "words"),
    [
        ("conv.weights", (0,), "Unknown parameter of Sequential: 'conv.weights'."),
        ("1.weight", (3, 0), r"has the shape \(3, 4\), so its last weight is at \(2, 3\)"),
        ("1.weight", (0, 0, 0), r"given \(0, 0, 0\)"),
    ],
)
def test_weights_that_are_not_there(path, place, words):
    graph = capture(
        nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), torch.randn(1, 1, 2, 2), gradients=True
    )
    with pytest.raises(UsageError, match=words):
        explain_weight_gradient(graph, compute_loss(graph, 0), path, place)


def test_a_weight_without_a_rule_is_explained_by_local_derivatives():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.LayerNorm(4))
    nn.init.normal_(network[1].weight)
    graph = capture(network, torch.randn(1, 1, 2, 2), gradients=True)
    loss = compute_loss(graph, 0)
    for path in ("1.weight", "1.bias"):
        for place in range(4):
            found = explain_weight_gradient(graph, loss, path, (place,))
            assert found.agrees
            assert not found.unexplained
            (term,) = found.form.terms
            assert term.left.index() == (place,)
    assert find_steepest_weight(graph, loss, graph["1"], (0, 2)) == ("1.weight", (2,))
