"""The loss is cross-entropy, whatever kind of answer a network gives."""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.inspection.unit.backward import explain_number_gradient
from convscope.inspection.unit.loss import compute_loss


@pytest.mark.parametrize(
    ("head", "returns"),
    [
        (nn.Identity(), "logits"),
        (nn.Softmax(1), "probabilities"),
        (nn.LogSoftmax(1), "log probabilities"),
    ],
)
def test_the_loss_is_the_same_for_each_kind_of_answer(head, returns):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), head)
    image = torch.randn(1, 1, 2, 2)
    graph = capture(network, image, gradients=True)
    loss = compute_loss(graph, 2)
    logits = network[:2](image).detach()
    expected = nn.functional.cross_entropy(logits, torch.tensor([2]))
    assert loss.returns == returns
    assert loss.value == pytest.approx(expected.item())
    assert loss.tensor.item() == pytest.approx(expected.item())
    assert loss.predicted == int(logits.argmax())
    assert loss.probabilities.sum() == pytest.approx(1)
    for unit in range(3):
        found = explain_number_gradient(graph, loss, graph.output, (0, unit))
        assert found.agrees
        assert explain_number_gradient(graph, loss, graph["1"], (0, unit)).value == pytest.approx(
            float(logits.softmax(1)[0, unit]) - (unit == 2), rel=1e-5
        )


def test_the_predicted_class_is_the_label_unless_another_is_given():
    graph = capture(
        nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), torch.randn(1, 1, 2, 2), gradients=True
    )
    assert compute_loss(graph, None).label == int(graph.result.argmax())
    with pytest.raises(UsageError, match="The label must be a class from 0 to 2; given 3."):
        compute_loss(graph, 3)


def test_the_loss_needs_class_scores():
    graph = capture(nn.Conv2d(1, 2, 2), torch.randn(1, 1, 4, 4), gradients=True)
    with pytest.raises(UsageError) as caught:
        compute_loss(graph, None)
    assert str(caught.value) == (
        "The way backwards starts at class scores (1, classes), and Conv2d returns a tensor of "
        "shape (1, 2, 3, 3). Wrap it in a module that returns class scores."
    )
