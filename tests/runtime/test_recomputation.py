"""Recomputation changes the memory and nothing else."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.runtime import matrix_convolution
from convscope.runtime.execution import Execution
from convscope.runtime.matrix_convolution import DIRECTIONS, ConvolutionLayer
from convscope.runtime.recomputation import find_blocks, recomputing
from tests.conftest import slow

CPU = torch.device("cpu")
NETWORKS = {
    "resnet18-32px": ["layer1", "layer2.0", "layer3[0:2]"],
    "densenet-32px": ["features.denseblock1", "features.denseblock2.denselayer2", "features[8:10]"],
    "vgg11-bn-32px": ["features[0:4]", "features[4:8]", "classifier"],
    "mobilenet-v2-32px": ["features.2", "features[3:6]", "features.7", "features.7.conv"],
    "alexnet-32px": ["features", "classifier"],  # with dropout
}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train(network, blocks, execution, steps=2):
    """Everything that a few steps leave: weights, buffers, gradients, the random generator."""
    network = execution.place(copy.deepcopy(network)).train()
    optimizer = torch.optim.SGD(network.parameters(), 0.05, momentum=0.9)
    generator = torch.Generator().manual_seed(3)
    left = {}
    with recomputing(network, blocks, execution.plan):
        for step in range(steps):
            images = torch.randn(4, 3, 32, 32, generator=generator)
            labels = torch.randint(0, 10, (4,), generator=generator)
            torch.manual_seed(step)
            with execution.forward_pass():
                logits = network(images.to(memory_format=execution.memory_format))
            F.cross_entropy(logits.float(), labels).backward()
            left[f"random {step}"] = torch.rand(3)
            for name, parameter in network.named_parameters():
                left[f"gradient {step} {name}"] = parameter.grad.clone()
            optimizer.step()
            optimizer.zero_grad()
    return left | {name: tensor.clone() for name, tensor in network.state_dict().items()}


def assert_same(expected, got):
    assert got.keys() == expected.keys()
    assert [name for name in expected if not torch.equal(expected[name], got[name])] == []


@pytest.mark.parametrize("precision", [*slow("float32"), "bfloat16"])
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_but_memory_changes(name, precision):
    torch.manual_seed(0)
    network = cs.build(name, 3, 10)
    execution = Execution(CPU, precision)
    expected = train(network, [], execution)
    assert_same(expected, train(network, NETWORKS[name], execution))


def test_convolutions_are_computed_by_the_plan_again(monkeypatch):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3)),
        nn.Flatten(),
        nn.Linear(8 * 28 * 28, 10),
    )
    layers = [
        ConvolutionLayer((3, 32, 32), (8, 3, 3, 3), (1, 1), (0, 0), torch.float32),
        ConvolutionLayer((8, 30, 30), (8, 8, 3, 3), (1, 1), (0, 0), torch.float32),
    ]
    execution = Execution(CPU, "float32", plan={str(layer): list(DIRECTIONS) for layer in layers})
    products = []
    multiply = matrix_convolution.multiply_windows

    def counted(*arguments):
        products.append(arguments)
        return multiply(*arguments)

    monkeypatch.setattr(matrix_convolution, "multiply_windows", counted)
    expected = train(network, [], execution, steps=1)
    assert len(products) == 3  # two convolutions, and the gradient in the second one's input
    products.clear()
    assert_same(expected, train(network, ["0"], execution, steps=1))
    assert len(products) == 5


class Remembering(nn.Module):
    """Its output depends on a buffer that every forward pass replaces."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3, 1, 1))

    def forward(self, x):
        output = (x - self.mean).exp()
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean((0, 2, 3))[:, None, None]
        return output.tanh()


def test_buffers_that_decide_the_output():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 3, 1), Remembering(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 10)
    )
    execution = Execution(CPU, "float32")
    assert_same(train(network, [], execution, 4), train(network, ["1"], execution, 4))


def kept_bytes(network, images):
    """Of everything that autograd keeps for the backward pass, besides the parameters."""
    parameters = {parameter.data_ptr() for parameter in network.parameters()}
    kept = {}

    def keep(tensor):
        if tensor.data_ptr() not in parameters:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(images)
    return sum(kept.values())


def test_keeps_less():
    network, images = cs.build("resnet18-32px", 3, 10), torch.randn(4, 3, 32, 32)
    everything = kept_bytes(network, images)
    with recomputing(network, ["layer1", "layer2"], {}):
        assert kept_bytes(network, images) < 0.6 * everything
    assert kept_bytes(network, images) == everything


def test_leaves_the_network_as_it_was():
    network = cs.build("resnet18-32px", 3, 10).eval()
    names, images = list(network.state_dict()), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = network(images)
    with recomputing(network, ["layer1", "layer2[0:1]"], {}):
        assert list(network.state_dict()) == names
        with torch.no_grad():
            assert torch.equal(network(images), expected)
    assert not any("forward" in vars(module) for module in network.modules())


def test_a_deep_copy_computes_with_its_own_weights():
    network, images = cs.build("resnet18-32px", 3, 10).eval(), torch.randn(2, 3, 32, 32)
    with recomputing(network, ["layer1", "layer2[0:2]"], {}):
        copied = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert network(images).abs().sum() == 0
    copied(images).sum().backward()
    assert copied.layer1[0].conv1.weight.grad.abs().sum() > 0
    assert network.layer1[0].conv1.weight.grad is None


def test_a_forward_of_the_module_itself_is_put_back():
    layer = nn.Linear(2, 2)
    network = nn.Sequential(layer)

    def double(x):
        return 2 * x

    layer.forward = double
    x = torch.ones(1, 2, requires_grad=True)
    with recomputing(network, ["0"], {}):
        assert torch.equal(network(x), 2 * x)
    assert layer.forward is double


def test_parts_may_stand_in_any_order():
    network = nn.Sequential(*(nn.Linear(1, 1) for _ in range(5)))
    assert find_blocks(network, ["[3:5]", "[0:2]"]) == {network: [(0, 2), (3, 5)]}


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (["layr1"], "Unknown block to recompute 'layr1'. Did you mean 'layer1'"),
        ([""], "Unknown block to recompute ''. There are: avgpool"),
        (["layer1.0[0:1]"], "'layer1.0[0:1]' is part of a BasicBlock, which decides itself"),
        (["layer1[0:3]"], "has 2 children. Accepted are parts from [0:1] to [0:2]."),
        (["layer1[1:1]"], "'layer1[1:1]' is outside of its nn.Sequential"),
        (["layer1[0:2]", "layer1[1:2]"], "children of 'layer1' are named twice, by 'layer1[1:2]'"),
        (["layer1[0:1]", "layer1"], "children of 'layer1' are named twice, by 'layer1'"),
        (["layer1", "layer1"], "Give each once."),
    ],
)
def test_blocks_that_do_not_exist(blocks, message):
    with pytest.raises(UsageError) as raised:
        find_blocks(cs.build("resnet18-32px", 3, 10), blocks)
    assert message in str(raised.value)
