"""Which blocks pay: what is said of them is what a step with them does."""

import pytest
import torch
from torch import nn

import convscope as cs
from convscope.planning.recomputed_blocks import choose_blocks, plan_recomputation
from convscope.planning.record_step import record_step
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.runtime.recomputation import recomputing
from tests.conftest import slow

EXECUTION = Execution(torch.device("cpu"), "float32")
RECIPE = Recipe(epochs=1, momentum=0.9)
SHAPE = (3, 32, 32)


def activations(step):
    """Bytes kept when the backward pass begins."""
    return sum(e.bytes for e in step.events if step.kinds.get(e.block) == "activations")


def flops(step):
    return sum(operation.flops for operation in step.operations)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg11-bn-32px", *slow("resnet18-32px", "mobilenet-v2-32px")])
def test_pays_as_it_says(name):
    network = cs.build(name, 3, 10)
    plan = plan_recomputation(network, SHAPE, EXECUTION, RECIPE)
    assert plan.blocks
    assert plan.saved > plan.repeated > 0
    plain = record_step(network, SHAPE, EXECUTION, RECIPE)
    again = record_step(network, SHAPE, EXECUTION, RECIPE, plan.blocks)
    assert activations(again) < 0.7 * activations(plain)
    assert flops(plain) <= flops(again) < (1 + 1.3 * plan.repeated) * flops(plain)


def test_the_cheapest_that_saves_enough():
    network = cs.build("resnet18-32px", 3, 10)
    step = record_step(network, SHAPE, EXECUTION, RECIPE)
    choices = [choose_blocks(network, step, share) for share in (0.2, 0.4, 0.5)]
    assert all(c.saved >= share for c, share in zip(choices, (0.2, 0.4, 0.5), strict=True))
    work = [choice.repeated for choice in choices]
    assert work == sorted(work)
    assert work[0] < work[-1]
    most = choose_blocks(network, step, 0.99)
    assert most.saved < 0.99  # no division saves that much: the most there is
    assert most.saved >= choices[-1].saved
    assert choose_blocks(network, step, 0.0).blocks == ()


def test_blocks_do_not_overlap_and_train():
    network = cs.build("densenet-32px", 3, 10)
    blocks = choose_blocks(network, record_step(network, SHAPE, EXECUTION, RECIPE), 0.5).blocks
    with recomputing(network, blocks, {}):
        network(torch.randn(2, *SHAPE)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_part_never_begins_with_what_overwrites_its_input():
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3, padding=1)]
    for _ in range(6):
        layers += [nn.ReLU(inplace=True), nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    step = record_step(network, SHAPE, EXECUTION, RECIPE)
    for share in (0.3, 0.5, 0.7):
        blocks = choose_blocks(network, step, share).blocks
        assert blocks
        with recomputing(network, blocks, {}):
            network(torch.randn(2, *SHAPE)).sum().backward()  # else fails: input was modified


def test_nothing_where_nothing_pays():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
    assert plan_recomputation(network, SHAPE, EXECUTION, RECIPE).blocks == ()
