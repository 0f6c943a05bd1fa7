"""A network is tried in layouts and precisions, and what fails is said.

Tests runtime/trial.py, runtime/training_mode.py, runtime/deep_nesting.py.
"""

import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.runtime import deep_nesting
from convscope.runtime.choose_execution import choose_execution
from convscope.runtime.deep_nesting import allow_nesting
from convscope.runtime.execution import Execution
from convscope.runtime.training_mode import into_training_mode, kept_in_evaluation, modes_kept
from convscope.runtime.trial import fitting_layout, shorten_reason, why_step_fails

CPU = torch.device("cpu")
IMAGES, LABELS = torch.randn(4, 1, 8, 8), torch.arange(4) % 3


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 2, 3)
        self.head = nn.Linear(2 * 16, 3)

    def forward(self, x):
        return self.head(self.two(F.relu(self.one(x))).flatten(1))


class Views(Net):
    """As most tutorials have it."""

    def forward(self, x):
        return self.head(self.two(F.relu(self.one(x))).view(-1, 32))


class Bilinear(Net):
    def __init__(self):
        super().__init__()
        self.between = nn.Bilinear(3, 3, 3)

    def forward(self, x):
        x = super().forward(x)
        return self.between(x, x)


class Lerp(Net):
    def forward(self, x):
        x = super().forward(x)
        return torch.lerp(x, torch.zeros(3), 0.5)


class IndexAdd(Net):
    def forward(self, x):
        x = super().forward(x)
        return torch.zeros(len(x), 3).index_add(1, torch.arange(3), x)


class Detached(Net):
    def forward(self, x):
        return super().forward(x).detach()


class Wrong(Net):
    def forward(self, x):
        return super().forward(x[:, :, 2:])


def test_channels_last_unless_the_module_fails_on_it():
    assert fitting_layout(Net(), IMAGES, LABELS, CPU) == "channels_last"
    assert fitting_layout(Views(), IMAGES, LABELS, CPU) == "contiguous"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (Detached(), r"logits of Detached don't hang on its parameters .* Is there a detach\(\)"),
        (Wrong(), r"Wrong fails in a training step on images of shape \(4, 1, 8, 8\): mat1"),
    ],
)
def test_what_can_not_be_trained_either_way_is_said(module, said):
    with pytest.raises(UsageError, match=said):
        fitting_layout(module, IMAGES, LABELS, CPU)


def test_a_trial_leaves_the_module_and_the_generator_alone():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Dropout())
    network.append(nn.Linear(72, 3))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    generator = torch.get_rng_state()
    assert why_step_fails(network, IMAGES, LABELS, Execution(CPU, "float32")) is None
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_views_are_computed_with_channels_first(precision):
    chosen = choose_execution(Views(), IMAGES, LABELS, CPU, precision, threads=1)
    assert chosen.layout == "contiguous"
    assert "channels first, since the network fails on channels last" in chosen.reason
    network = chosen.place(Views().to(memory_format=torch.channels_last))
    # also images and kernels of one channel, whose strides tell nothing
    last = torch.randn(4, 8, 8, 1).permute(0, 3, 1, 2)
    assert network(chosen.lay_out(last)).shape == (4, 3)


def test_other_networks_say_nothing_of_layouts():
    chosen = choose_execution(Net(), IMAGES, LABELS, CPU, "float32", threads=1)
    assert chosen.layout == "channels_last"
    assert "channels" not in chosen.reason


@pytest.mark.parametrize("make", [Bilinear, Lerp, IndexAdd])
def test_without_a_form_in_bfloat16_float32_is_taken_and_that_is_said(make):
    chosen = choose_execution(make(), IMAGES, LABELS, CPU, "auto", threads=1)
    assert chosen.precision == "float32"
    assert chosen.reason.startswith("an operation of it has no form in bfloat16 (")
    with pytest.raises(
        UsageError,
        match=f"precision='bfloat16': the module {make.__name__} has an operation without a form "
        r"for it \(.*\)\. Use precision='auto' or 'float32'\.",
    ):
        choose_execution(make(), IMAGES, LABELS, CPU, "bfloat16", threads=1)


def test_long_reasons_are_shortened():
    assert shorten_reason("short") == "short"
    assert shorten_reason("x" * 200) == "x" * 100 + "…"


def test_what_its_owner_keeps_in_evaluation_mode_stays_so():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.BatchNorm2d(2), nn.ReLU()))
    network[1].eval()
    assert into_training_mode(network) is network
    assert not network[1].training
    assert not network[1][0].training
    assert kept_in_evaluation(network) == ["1"]


def test_a_whole_module_in_evaluation_mode_is_trained_whole():
    network = nn.Sequential(nn.BatchNorm2d(2)).eval()
    assert kept_in_evaluation(network) == []
    with modes_kept(network):
        into_training_mode(network)
        assert network[0].training
    assert not network.training
    assert not network[0].training


def test_deeply_nested_modules_can_be_called(monkeypatch):
    set_to = []
    monkeypatch.setattr(deep_nesting.sys, "setrecursionlimit", set_to.append)
    allow_nesting(nn.Sequential(nn.ReLU()))
    network = nn.ReLU()
    for _ in range(300):
        network = nn.Sequential(network)
    allow_nesting(network)
    assert set_to[0] == sys.getrecursionlimit()
    assert set_to[1] >= 300 * 25


def test_a_second_step_that_needs_the_first_is_refused_in_words():
    class Remembers(Net):
        last = None

        def forward(self, x):
            self.last = x = super().forward(x) + (0 if self.last is None else self.last)
            return x

    module = Remembers()
    with pytest.raises(UsageError, match=r"kept from the step before.* self\.last = x\.detach\(\)"):
        fitting_layout(module, IMAGES, LABELS, CPU)
    assert module.last is None


def test_three_dimensional_convolutions_have_no_layout_of_images():
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.deep, self.flat = nn.Conv3d(1, 4, (1, 3, 3)), nn.Conv2d(4, 3, 6)

        def forward(self, x):
            return self.flat(self.deep(x[:, :, None])[:, :, 0]).flatten(1)

    assert fitting_layout(Deep(), IMAGES, LABELS, CPU) == "channels_last"
    placed = Execution(CPU, "float32").place(Deep())
    assert placed.flat.weight.is_contiguous(memory_format=torch.channels_last)
    assert placed.deep.weight.is_contiguous()
