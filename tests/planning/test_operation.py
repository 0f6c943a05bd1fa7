import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import convscope as cs
from convscope.networks.catalog import entry
from convscope.planning.operation import TensorShape, choose_stand_in, scale
from convscope.planning.record_step import record_step
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from tests.conftest import slow

EXECUTION = Execution(torch.device("cpu"), "float32", 1)


def recorded(network, shape):
    return record_step(network, shape, EXECUTION, Recipe(epochs=1))


@pytest.mark.parametrize("name", ["mlp", "lenet", *slow("resnet18-32px", "googlenet-32px")])
def test_flops_are_those_that_pytorch_counts(name):
    shape = (1, *entry(name).image[1:])
    network = cs.build(name)
    step = recorded(network, shape)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(3, *shape)).sum().backward()
    assert sum(each.at(3, step.stand_in).flops for each in step.operations) == (
        counter.get_total_flops()
    )


def test_flops_of_grouped_convolutions():
    network = nn.Sequential(nn.Conv2d(4, 8, 3, groups=4), nn.Flatten(), nn.LazyLinear(10))
    network(torch.zeros(1, 4, 6, 6))
    step = recorded(network, (4, 6, 6))
    counts = [
        each.at(1, step.stand_in).flops
        for each in step.operations
        if "convolution" in str(each.function)
    ]
    once = 2 * 8 * 4 * 4 * 9  # maps, places, numbers of a kernel: each sees one channel
    assert counts == [once, once]  # forward; backward for the kernels, not for the images


def test_another_batch_size():
    step = recorded(cs.build("lenet"), (1, 28, 28))
    for operation in step.operations:
        there, back = operation.at(5, step.stand_in), operation.at(step.stand_in, step.stand_in)
        assert back.key == operation.key
        assert str(step.stand_in) not in there.key
    first = step.operations[0].at(5, step.stand_in)
    assert any(shape.sizes[:1] == (5,) for shape in first.inputs)


def test_only_multiples_are_scaled():
    assert scale(10_007 * 6, 4, 10_007) == 24
    assert scale(10_008, 4, 10_007) == 10_008
    assert scale(0, 4, 10_007) == 0


def test_the_stand_in_divides_no_size_of_the_network():
    assert choose_stand_in([64, 10_000]) == 10_007
    assert choose_stand_in([2 * 10_007, 10_009]) == 10_037
    with pytest.raises(ValueError, match="divides a size of the network"):
        choose_stand_in([10_007, 10_009, 10_037, 10_039])


def test_bytes_of_a_shape():
    assert TensorShape((2, 3), (3, 1), torch.bfloat16).bytes == 12
