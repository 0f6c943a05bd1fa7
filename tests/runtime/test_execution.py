import pytest
import torch
from torch import nn

import convscope as cs
from convscope.runtime import execution
from convscope.runtime.execution import Execution, Trial, choose_execution

CPU = torch.device("cpu")


def batch(network="lenet"):
    torch.manual_seed(0)
    return cs.build(network, 1, 10), torch.randn(8, 1, 28, 28), torch.arange(8)


def test_leaves_the_network_and_the_generator_alone():
    network, pictures, labels = batch("lenet-bn")
    before = {name: t.clone() for name, t in network.state_dict().items()}
    state = torch.get_rng_state()
    choose_execution(network, pictures, labels, CPU)
    assert torch.equal(state, torch.get_rng_state())
    assert network.training
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_asked_for_is_taken_as_it_is(precision):
    chosen = choose_execution(*batch(), CPU, precision)
    assert (chosen.precision, chosen.reason) == (precision, "as asked")


RIGHT, OTHER = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 1.0])


@pytest.mark.parametrize(
    ("short", "precision", "reason"),
    [
        (Trial(2.301, RIGHT, 400), "bfloat16", "bfloat16 measured to be 4.0× as fast"),
        (Trial(2.301, RIGHT, 10), "float32", "bfloat16 measured to be 0.1× as fast"),
        (Trial(2.5, RIGHT, 400), "float32", "in bfloat16 the loss or its gradient differed"),
        (Trial(2.3, OTHER, 400), "float32", "in bfloat16 the loss or its gradient differed"),
        (Trial(float("nan"), RIGHT, 400), "float32", "in bfloat16 the loss or its gradient"),
    ],
)
def test_the_faster_is_chosen_if_it_is_right(monkeypatch, short, precision, reason):
    trials = {"float32": Trial(2.3, RIGHT, 100), "bfloat16": short}
    monkeypatch.setattr(execution, "_try", lambda network, way, *batch: trials[way.precision])
    chosen = choose_execution(*batch(), CPU)
    assert chosen.precision == precision
    assert chosen.reason.startswith(reason)


def test_place_and_autocast():
    network = nn.Conv2d(3, 4, 3)
    chosen = Execution(CPU, "bfloat16")
    placed = chosen.place(network)
    assert placed.weight.is_contiguous(memory_format=torch.channels_last)
    with chosen.forward_pass():
        assert placed(torch.randn(1, 3, 8, 8)).dtype == torch.bfloat16
    with Execution(CPU, "float32").forward_pass():
        assert placed(torch.randn(1, 3, 8, 8)).dtype == torch.float32
    assert str(chosen) == "cpu, bfloat16: as asked"
