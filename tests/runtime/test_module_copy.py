"""Any module can be copied, or it is said why not.

Tests runtime/module_copy.py, runtime/module_output.py.
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.runtime.module_copy import copy_module, held_tensors
from convscope.runtime.module_output import main_logits


class Keeps(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)
        self.cache = {"inner": []}

    def forward(self, x):
        self.last = F.relu(self.conv(x))
        self.cache["inner"].append(self.last)
        return self.head(self.last.mean((2, 3)))


class Watcher:
    """Collects what a layer gives, as hooks of people do."""

    def __init__(self):
        self.seen = []

    def hook(self, module, inputs, output):
        self.seen.append(output)


def images():
    return torch.zeros(1, 1, 8, 8)


def test_activations_that_were_kept_are_copied_as_numbers():
    module = Keeps()
    module(images())
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(module)
    copied = copy_module(module)
    assert torch.equal(copied.last, module.last)
    assert copied.last is not module.last
    assert copied.cache["inner"][0] is copied.last
    assert copied.cache is not module.cache
    assert copied.conv.weight is not module.conv.weight
    assert torch.equal(copied.conv.weight, module.conv.weight)


def test_hooks_are_shared_with_what_they_collect():
    module, watcher = Keeps(), Watcher()
    module.conv.register_forward_hook(watcher.hook)
    module(images())
    copied = copy_module(module)
    copied(images())
    assert len(watcher.seen) == 2


@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated")
def test_weights_that_are_computed_on_the_fly():
    module = nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)))
    given = torch.randn(2, 4)
    wanted = module(given)
    copied = copy_module(module)
    assert torch.equal(copied(given), wanted)
    copied[0].weight_g.data *= 2
    assert not torch.equal(copied(given), wanted)
    assert torch.equal(module(given), wanted)


def test_lazy_layers_and_their_buffers():
    module = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d())
    copied = copy_module(module)
    copied(torch.zeros(2, 1, 8, 8))
    assert copied[1].running_mean.shape == (4,)
    assert module[1].running_mean.__class__.__name__ == "UninitializedBuffer"


def test_tied_weights_stay_tied():
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    for stand_in in (None, lambda tensor: nn.Parameter(torch.zeros_like(tensor))):
        copied = copy_module(module, stand_in)
        assert copied[0].weight is copied[1].weight
        assert copied[0].weight is not module[0].weight


def test_hundreds_of_modules_in_one_another():
    module = nn.Linear(2, 2)
    for _ in range(300):
        module = nn.Sequential(module)
    copied = copy_module(module)
    assert torch.equal(copied(torch.ones(1, 2)), module(torch.ones(1, 2)))


def test_what_can_not_be_copied_is_said():
    module = Keeps()
    module.numbers = (number for number in range(3))
    with pytest.raises(UsageError, match=r"Keeps can't be copied \(cannot pickle 'generator'"):
        copy_module(module)


def test_held_tensors_are_found_in_nested_containers():
    module = nn.Module()
    one, two = torch.zeros(1), torch.ones(1)
    module.kept = {"a": [(one, {"b": two})], "c": "text"}
    assert [id(tensor) for tensor in held_tensors(module)] == [id(one), id(two)]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: (x, x * 2),
        lambda x: [x],
        lambda x: {"aux": x * 2, "out": x},
        lambda x: {"out": x * 2, "logits": x},
    ],
)
def test_main_logits(wrap):
    logits = torch.randn(2, 3)
    assert main_logits(wrap(logits)) is logits


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ((), "returns a tuple"),
        (("x",), "returns a tuple"),
        ({"features": torch.zeros(1)}, "returns a dictionary with 'features'"),
        (None, "returns a NoneType"),
    ],
)
def test_what_holds_no_logits_is_said(output, said):
    with pytest.raises(UsageError, match=said):
        main_logits(output)
