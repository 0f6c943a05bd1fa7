"""Weights that a training step misses, or that it changes and nobody keeps.

Tests runs/reached_weights.py, runs/own_weights.py.
"""

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.runs.own_module import examine_module
from convscope.runs.reached_weights import find_reached_weights

SHAPE = (1, 8, 8)


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.between(F.relu(self.conv(x))).mean((2, 3)))

    def between(self, x):
        return x


class MadeInForward(Base):
    def between(self, x):
        return nn.Conv2d(4, 4, 3)(x)


class PlainTensor(Base):
    def __init__(self):
        super().__init__()
        self.kernel = torch.randn(4, 4, 3, 3, requires_grad=True)

    def between(self, x):
        return F.conv2d(x, self.kernel)


class Elsewhere(Base):
    layers = (nn.Conv2d(4, 4, 1),)  # of the class, not of the instance

    def between(self, x):
        return self.layers[0](x)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (MadeInForward, "none of its layers has, so they would neither be trained nor saved"),
        (Elsewhere, "weights of shape"),
        (PlainTensor, "in a plain tensor, 'kernel': .* self.kernel = nn.Parameter"),
    ],
)
def test_weights_that_are_not_the_modules_are_refused(kind, said):
    with pytest.raises(UsageError, match=said):
        examine_module(kind(), SHAPE, 3)


class Detached(Base):
    def between(self, x):
        return x.detach()


class WithoutGradients(Base):
    def forward(self, x):
        with torch.no_grad():
            x = self.conv(x)
        return self.head(x.mean((2, 3)))


class FeaturesFirst(Base):
    def forward(self, x):
        features = torch.zeros(len(x), 3) + self.conv(x).mean((1, 2, 3))[:, None]
        return features, self.head(self.conv(x).mean((2, 3)))


@pytest.mark.parametrize(
    ("kind", "missed"),
    [(Detached, "conv"), (WithoutGradients, "conv"), (FeaturesFirst, "head")],
)
def test_weights_that_no_gradient_reaches_are_named(kind, missed):
    notes = examine_module(kind(), SHAPE, 3)
    assert f"no gradient reaches these weights of {kind.__name__}: {missed}.weight and" in notes[0]


class Frozen(Base):
    def __init__(self):
        super().__init__()
        self.conv.requires_grad_(False)


class Tied(Base):
    def __init__(self):
        super().__init__()
        self.other = nn.Conv2d(1, 4, 3)
        self.other.weight = self.conv.weight

    def forward(self, x):
        return self.head((self.conv(x) + self.other(x)).mean((2, 3)))


class Parametrized(Base):
    def __init__(self):
        super().__init__()
        nn.utils.parametrizations.weight_norm(self.conv)
        nn.utils.spectral_norm(self.head)  # the old way: its weight is a plain attribute


class Scaled(Base):
    """Keeps plain tensors without gradients, and one that it computes."""

    def __init__(self):
        super().__init__()
        self.scale, self.seen = torch.ones(4, 1, 1), None

    def between(self, x):
        self.seen = x * self.scale
        return self.seen


@pytest.mark.parametrize("kind", [Base, Frozen, Tied, Parametrized, Scaled])
def test_what_is_all_right_is_told_nothing_of(kind):
    module = kind()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    found = find_reached_weights(module, SHAPE)
    assert (found.plain, found.foreign, found.unreached) == ((), (), ())
    examine_module(module, SHAPE, 3)
    assert all(torch.equal(before[name], each) for name, each in module.state_dict().items())
    assert all(each.grad is None for each in module.parameters())


def test_without_a_graph_nothing_is_said():
    class Fails(Base):
        def between(self, x):
            if torch.is_grad_enabled():
                raise RuntimeError
            return x

    assert find_reached_weights(Fails(), SHAPE) is None


def test_a_torchscript_part_is_refused_by_name():
    module = Base()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch gives it up
        module.conv = torch.jit.trace(module.conv, torch.zeros(1, *SHAPE))
    with pytest.raises(UsageError, match="holds a TorchScript module, 'conv', which runs outside"):
        examine_module(module, SHAPE, 3)
