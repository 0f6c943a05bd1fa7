"""A recorded step holds what training really does: operations, memory, phases.

Tests planning/elementary_calls.py.
"""

import copy
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

import convscope as cs
from convscope.inspection.trace.trace import trace
from convscope.networks.catalog import entry
from convscope.planning.elementary_calls import computes
from convscope.planning.memory import step_memory
from convscope.planning.record_step import record_step
from convscope.runs.optimization import make_optimizer
from convscope.runs.recipe import Recipe
from convscope.runtime.execution import Execution
from convscope.runtime.training_step import training_step
from convscope.runtime.weight_average import WeightAverage
from tests.conftest import slow

SHAPE = (3, 16, 16)
EXECUTION = Execution(torch.device("cpu"), "float32", 1)


@torch.library.custom_op("convscope_tests::twice", mutates_args=())
def twice(x: Tensor) -> Tensor:
    return 2 * x


twice.register_fake(torch.empty_like)
twice.register_autograd(lambda context, gradient: 2 * gradient)


class Own(nn.Module):
    """Nothing of it is in the catalog: shared weights, a branch, an operation of its own."""

    def __init__(self, operation=torch.relu):
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.dense = nn.Linear(3, 10)
        self.operation = operation

    def forward(self, x):
        x = x + self.operation(self.norm(self.convolution(x)))
        return self.dense(self.convolution(x).mean((2, 3)))


def recorded(network, precision="float32", shape=SHAPE, momentum=0.9):
    return record_step(
        network,
        shape,
        Execution(torch.device("cpu"), precision, 1),
        Recipe(epochs=1, momentum=momentum),
    )


@pytest.fixture(scope="module")
def step():
    return recorded(Own())


@pytest.mark.parametrize("name", ["lenet", "resnet18-32px", *slow("mobilenet-v2-32px")])
def test_forward_flops_are_those_that_the_trace_shows(name):
    shape = (1, *entry(name).image[1:])
    step = recorded(cs.build(name), shape=shape)
    forward = [o.at(1, step.stand_in).flops for o in step.operations if o.phase == "forward"]
    assert sum(forward) == trace(name, shape).flops


def test_phases_and_layers(step):
    phases = [operation.phase for operation in step.operations]
    assert phases == sorted(phases, key=["forward", "backward", "optimizer"].index)
    assert set(phases) == {"forward", "backward", "optimizer"}
    layers = [o.layer for o in step.operations if "convolution.default" in str(o.function)]
    assert layers == ["convolution", "convolution"]


def test_kinds_of_memory(step):
    parameters = 3 * 3 * 9 + 3 + 3 + 3 + 3 * 10 + 10
    assert sum(step.resident["optimizer"]) == 4 * parameters
    buffers = 3 + 3  # running mean and variance; the counter is an int64
    assert sum(step.resident["parameters"]) == 4 * (parameters + buffers) + 8
    gradients = {event.block: event.bytes for event in step.events if event.bytes}
    sizes = [size for block, size in gradients.items() if step.kinds.get(block) == "gradients"]
    assert sum(sizes) >= 4 * parameters
    kept = step_memory(step, 4).layers
    assert set(kept) >= {"convolution", "norm"}
    # It is called twice; of its outputs only what enters the norm is kept. 4 images, float32.
    assert kept["convolution"] == 4 * 4 * 3 * 16 * 16


def test_every_block_is_given_back_or_known_to_stay(step):
    taken = {event.block for event in step.events if event.bytes}
    given_back = {event.block for event in step.events if not event.bytes}
    assert given_back <= taken
    assert len(taken) > 10


def test_bfloat16():
    step = recorded(Own(), "bfloat16")
    dtypes = {
        o.inputs[0].dtype for o in step.operations if "convolution.default" in str(o.function)
    }
    assert dtypes == {torch.bfloat16}


def test_nothing_of_the_network_is_touched():
    network = Own().eval()
    network.dense.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    recorded(network)
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert [module.training for module in network.modules()] == modes
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_a_network_on_the_meta_device():
    with torch.device("meta"):
        network = Own()
    assert len(recorded(network).operations) == len(recorded(Own()).operations)


def test_an_operation_that_is_not_pytorchs_is_named():
    step = recorded(Own(lambda x: twice(x)))
    assert step.unknown == ["convscope_tests.twice.default"]
    assert recorded(Own()).unknown == []


def test_images_that_do_not_fit():
    with pytest.raises(RuntimeError):
        recorded(Own(), shape=(1, 16, 16))


@pytest.mark.parametrize("name", ["lenet", "resnet9", *slow("mobilenet-v2-32px", "googlenet")])
def test_both_precisions_count_the_same_work(name):
    with torch.device("meta"):
        network = cs.build(name, 3, 10)
    shape = (3, *entry(name).image[1:])
    recipe = Recipe(epochs=1, momentum=0.9)
    short, long = (
        record_step(network, shape, Execution(torch.device("cpu"), precision), recipe)
        for precision in ("bfloat16", "float32")
    )
    assert short.flops(8) == long.flops(8)


class Calls(TorchDispatchMode):
    """Notes the operations that really run, as far as the recorder counts them."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        results = function(*args, **(kwargs or {}))
        if function.namespace == "aten" and computes(function):
            shapes = [tuple(t.shape) for t in tree_flatten((args, kwargs))[0] if torch.is_tensor(t)]
            self.calls.append((str(function), tuple(shapes)))
        return results


def really_taken(network, recipe, execution, batch_size):
    """Operations of the second step of a training of this recipe, and its weight average."""
    network = execution.place(network).train()
    optimizer = make_optimizer(network, recipe)
    average = None if recipe.ema is None else WeightAverage(copy.deepcopy(network), recipe.ema)
    images = torch.rand(batch_size, *SHAPE).contiguous(memory_format=execution.memory_format)
    labels = torch.arange(batch_size) % 10
    if recipe.augmentation.mixup:
        labels = 0.7 * F.one_hot(labels, 10) + 0.3 * F.one_hot(labels.flip(0), 10)
    for number in range(2):
        with Calls() as calls:
            training_step(
                network, images, labels, execution, optimizer,
                label_smoothing=recipe.label_smoothing, clip_gradient=recipe.clip_gradient,
                average=average, number=number,
            )  # fmt: skip
    return calls.calls, average


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "changes",
    [
        {"momentum": 0.9},
        {"clip_gradient": 1.0},
        {"ema": 0.99},
        {"label_smoothing": 0.1},
        {"augmentation": {"mixup": 0.2}},
        {
            "clip_gradient": 1.0,
            "ema": 0.99,
            "label_smoothing": 0.1,
            "augmentation": {"mixup": 0.2},
            "optimizer": "adamw",
        },
    ],
    ids=lambda changes: "+".join(changes) or "plain",
)
def test_operations_are_those_of_a_step_really_taken(changes, precision):
    recipe = Recipe(epochs=1, **changes)
    execution = Execution(torch.device("cpu"), precision, 1)
    taken, average = really_taken(Own(), recipe, execution, 4)
    step = record_step(Own(), SHAPE, execution, recipe)
    recorded = [operation.at(4, step.stand_in) for operation in step.operations]
    assert [(str(o.function), tuple(i.sizes for i in o.inputs)) for o in recorded] == taken
    copied = 0 if average is None else sum(t.nbytes for t in average.network.state_dict().values())
    assert step_memory(step, 4).parts["average"] == copied


def test_what_a_recipe_asks_for_is_in_the_step_and_nothing_else():
    def names(**changes):
        step = record_step(Own(), SHAPE, EXECUTION, Recipe(epochs=1, **changes))
        return Counter(str(o.function) for o in step.operations), step

    plain, without = names()
    clipped, _ = names(clip_gradient=1.0)
    averaged, with_average = names(ema=0.99)
    assert clipped - plain == {
        "aten._foreach_norm.Scalar": 1,
        "aten.stack.default": 1,
        "aten.linalg_vector_norm.default": 1,
        "aten.add.Tensor": 1,
        "aten.reciprocal.default": 1,
        "aten.mul.Tensor": 1,
        "aten.clamp.default": 1,
        "aten._foreach_mul_.Tensor": 1,
    }
    assert averaged - plain == {"aten._foreach_lerp_.Scalar": 1, "aten.copy_.default": 3}
    held = [sum(step_memory(step, 4).parts.values()) for step in (without, with_average)]
    # 3×3×9 + 3 of the convolution, 2×3 of the norm, 3×10 + 10 of the dense layer; two buffers of 3,
    # a counter of int64.
    assert held[1] - held[0] == 4 * (81 + 3 + 6 + 40 + 6) + 8


def test_the_average_of_the_recorded_step_keeps_the_decay_of_the_recipe():
    step = record_step(Own(), SHAPE, EXECUTION, Recipe(epochs=1, ema=0.99))
    (lerp,) = [o for o in step.operations if "lerp" in str(o.function)]
    assert lerp.arguments[0][2] == pytest.approx(0.01)


class Chooses(nn.Module):
    """What it does depends on its numbers, in one of the ways that people write."""

    def __init__(self, way):
        super().__init__()
        self.convolution, self.more = nn.Conv2d(3, 4, 3), nn.Linear(4, 4)
        self.dense, self.way = nn.Linear(4, 10), way

    def forward(self, x):
        x = self.convolution(x).mean((2, 3))
        if (self.way == "item" and x.abs().max().item() >= 0) or (
            self.way == "if" and x.abs().sum() >= 0
        ):
            x = x + self.more(x)
        elif self.way == "mask":
            x = x.index_put(((chosen := x[:, 0] > x[:, 0].median()),), self.more(x[chosen]))
        elif self.way == "nonzero":
            places = torch.nonzero(x.abs().sum(1) >= 0)[:, 0]
            x = torch.zeros_like(x).index_add(0, places, self.more(x[places]))
        elif self.way == "list":
            x = torch.cat([self.more(part[None]) for part in x]) if sum(x[0].tolist()) else x
        elif self.way == "numpy":
            x = self.more(x) * float(abs(x.detach().numpy()).max() >= 0)
        return self.dense(x)


WAYS = ("item", "if", "mask", "nonzero", "list", "numpy")


@pytest.mark.parametrize("way", WAYS)
def test_a_network_that_decides_by_its_numbers_takes_a_step_with_some(way):
    network = Chooses(way)
    before = {path: tensor.clone() for path, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    step = recorded(network)
    assert step.by_numbers
    assert step.stand_in < 600
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(t, before[path]) for path, t in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
    functions = Counter(str(each.function) for each in step.operations)
    of_more = functions["aten.addmm.default"] - 1
    assert of_more == (step.stand_in if way == "list" else 1)  # it was computed


def test_a_network_that_decides_by_nothing_needs_no_numbers():
    assert not recorded(Chooses("")).by_numbers


def test_it_is_recorded_as_on_tensors_without_numbers_where_both_can_be():
    """The same operations, by which a number of images in the record may be told from others."""
    by_numbers, plain = recorded(Chooses("if")), recorded(nn.Sequential(Plainly(Chooses("if"))))
    for step in (by_numbers, plain):
        step.operations = [o for o in step.operations if "sum" not in str(o.function)]
    kinds = Counter(str(each.at(8, by_numbers.stand_in).function) for each in by_numbers.operations)
    others = Counter(str(each.at(8, plain.stand_in).function) for each in plain.operations)
    assert all(kinds[each] >= count for each, count in others.items())
    assert by_numbers.flops(64) == plain.flops(64)
    assert step_memory(by_numbers, 8).parts["activations"] == pytest.approx(
        step_memory(plain, 8).parts["activations"], rel=0.02
    )


class Plainly(nn.Module):
    """The branch that it takes, without the question."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        x = self.network.convolution(x).mean((2, 3))
        return self.network.dense(x + self.network.more(x))


def test_what_fails_on_images_as_well_is_said_with_the_first_reason():
    with pytest.raises(RuntimeError, match="weight of size"):
        recorded(nn.Conv2d(5, 2, 3))


@pytest.mark.slow
def test_the_plan_says_that_numbers_decide():
    plan = cs.plan(Chooses("mask"), image_shape=SHAPE, epochs=1, precision="float32")
    assert any("decides by the numbers it computes" in note for note in plan.notes)
    assert "decides by its numbers what to do." in str(plan.largest_batch(10**10))
