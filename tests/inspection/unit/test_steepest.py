"""The weight and the input that are shown have the largest gradients."""

import torch
from torch import nn

from convscope.graph.capture import capture
from convscope.inspection.unit.loss import compute_loss
from convscope.inspection.unit.steepest import find_steepest_input, find_steepest_weight
from convscope.inspection.unit.steps import explain_number


def test_the_steepest_weight_and_input_are_the_steepest():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.Flatten(), nn.Linear(100, 3)
    )
    graph = capture(network, torch.randn(1, 2, 5, 5), gradients=True)
    loss, node, index = compute_loss(graph, 0), graph["0"], (0, 3, 0, 4)
    weights, pixels = graph.gradients(loss.tensor, ["0.weight", graph.input])
    path, place = find_steepest_weight(graph, loss, node, index)
    assert (path, place[0]) == ("0.weight", 3)
    assert weights[place].abs() == weights[3].abs().max()
    source, at = find_steepest_input(graph, loss, explain_number(graph, node, index).form)
    assert source is graph.input
    assert pixels[at].abs() == pixels[0, 1, :2, 3:].abs().max()


def test_a_layer_without_weights_has_no_steepest_weight():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU())
    graph = capture(network, torch.randn(1, 1, 2, 2), gradients=True)
    assert find_steepest_weight(graph, compute_loss(graph, 0), graph["2"], (0, 1)) is None
