import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.runs.own_module import examine_module
from convscope.runtime.module_inputs import hint_at_batch


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(16, 3)

    def forward(self, x, mask, *, scale=1.0):
        return self.dense((x * mask * scale).flatten(1))


class WrittenBatch(Masked):
    def forward(self, x):
        return self.dense(x.view(64, -1))


WAYS = (
    lambda module: capture(module, torch.zeros(1, 1, 4, 4)),  # trace, show
    lambda module: examine_module(module, (1, 4, 4), 3),  # plan, train
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Masked, r"Masked needs 2 inputs \(x, mask\).*forward\(x\) fills in the others\."),
        (WrittenBatch, r"If 64 is the number of images in a batch.*x\.view\(len\(x\), -1\)\."),
    ],
)
def test_inputs_that_are_not_images_of_any_number_are_said(way, kind, said):
    with pytest.raises(UsageError, match=said):
        way(kind())


@pytest.mark.parametrize("shape", [(2, 5), (-1, 5)])
def test_other_shapes_get_no_advice_about_the_batch(shape):
    with pytest.raises(RuntimeError) as raised:
        torch.zeros(2, 4).view(*shape)
    assert hint_at_batch(raised.value, 2) == ""
