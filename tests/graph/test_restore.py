"""Every function that looks into a network leaves it, and the machine, as it found them."""

import copy
import gc

import numpy as np
import pytest
import torch

from convscope.data.batches import Normalization
from convscope.data.image_set import ImageSet
from convscope.inspection.attribution.methods import METHODS
from convscope.inspection.excitation.excitation import most_exciting
from convscope.inspection.feature_maps.feature_maps import read_feature_maps
from convscope.inspection.initialization.compare import compare_initializations
from convscope.inspection.initialization.spread import measure_spread
from convscope.inspection.kernels.first_kernels import read_first_kernels
from convscope.inspection.open.data import OpenedData
from convscope.inspection.parameters.dead_units import find_dead_units
from convscope.inspection.parameters.describe import describe_parameters
from convscope.inspection.parameters.read import read_parameters
from convscope.inspection.parameters.statistics import measure_parameters
from tests.inspection import peculiar

IMAGE = peculiar.images()
BATCH, LABELS = peculiar.images(4), torch.tensor([0, 1, 2, 0])
IMAGES = ImageSet(np.arange(4 * 144, dtype=np.uint8).reshape(4, 1, 12, 12), [0, 1, 2, 0], "abc")
BLACK = torch.zeros_like(IMAGE)
DATA = OpenedData(IMAGES, None, Normalization((0.5,), (0.5,)), torch.device("cpu"))

INSPECTIONS = {
    **{
        name: lambda network, method=method: method(network, IMAGE, 1, BLACK)
        for name, method in METHODS.items()
    },
    "feature_maps": lambda network: read_feature_maps(network, IMAGE),
    "first_kernels": lambda network: read_first_kernels(network, (1, 12, 12)),
    "most_exciting": lambda network: most_exciting(network, DATA, "relu"),
    "read": lambda network: read_parameters(network, "conv"),
    "statistics": lambda network: measure_parameters(network),
    "statistics with gradients": lambda network: measure_parameters(network, BATCH, LABELS),
    "dead_units": lambda network: find_dead_units(network, BATCH),
    "spread": lambda network: measure_spread(network, BATCH),
    "compare_initializations": lambda network: compare_initializations(network, BATCH),
}


@pytest.fixture
def network():
    """In training, partly frozen, with gradients, hooks and counters in use."""
    torch.manual_seed(3)
    network = peculiar.Busy().train()
    network.norm.eval()
    network(torch.randn(8, 1, 12, 12)).sum().backward()
    network.dense.bias.grad = None
    network.conv.bias.requires_grad_(requires_grad=False)
    network.conv.register_forward_hook(lambda *_: None)
    return network


def state(network):
    """Everything that could have been changed."""
    return {
        "modes": [module.training for module in network.modules()],
        "wanted": [p.requires_grad for p in network.parameters()],
        "parameters": [(id(p), p.detach().clone()) for p in network.parameters()],
        "gradients": [p.grad if p.grad is None else p.grad.clone() for p in network.parameters()],
        "gradient objects": [id(p.grad) for p in network.parameters()],
        "buffers": [(id(b), b.clone()) for b in network.buffers()],
        "hooks": [
            (list(m._forward_hooks), list(m._forward_pre_hooks), list(m._backward_hooks))
            for m in network.modules()
        ],
        "global hooks": list(torch.nn.modules.module._global_forward_hooks),
        "counters": (network.calls, list(network.seen)),
        "randomness": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].copy(),  # noqa: NPY002 - that's the state meant
        "gradient mode": torch.is_grad_enabled(),
    }


def assert_same(before, after):
    assert before.keys() == after.keys()
    for name in before:
        torch.testing.assert_close(
            copy.deepcopy(after[name]), before[name], rtol=0, atol=0, msg=f"{name} changed"
        )


@pytest.mark.parametrize("name", INSPECTIONS)
def test_everything_is_as_it_was(name, network):
    before = state(network)
    INSPECTIONS[name](network)
    assert_same(before, state(network))


def test_histograms_leave_everything_as_it_was(network, tmp_path):
    before = state(network)
    describe_parameters(network, IMAGES).figure(tmp_path / "h.png")
    assert_same(before, state(network))


@pytest.mark.parametrize("name", INSPECTIONS)
def test_nothing_stays_in_memory(name, network):
    INSPECTIONS[name](network)  # what is made once and kept, such as tables, is made here
    gc.collect()
    gc.freeze()  # from here on only what is new is looked at, which is little
    INSPECTIONS[name](network)
    gc.collect()
    assert _tensors() == 0


@pytest.mark.parametrize(
    "name", [each for each in INSPECTIONS if each not in ("read", "statistics", "first_kernels")]
)
def test_a_network_that_fails_is_left_as_it_was(name, network):
    def fail(*_):
        raise ZeroDivisionError("in the middle")

    handle = network.dense.register_forward_hook(fail)
    before = state(network)
    with pytest.raises(Exception, match="in the middle"):
        INSPECTIONS[name](network)
    assert_same(before, state(network))
    handle.remove()


def _tensors():
    return sum(issubclass(type(each), torch.Tensor) for each in gc.get_objects())
