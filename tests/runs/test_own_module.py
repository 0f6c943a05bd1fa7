"""Modules as people write them: each can be trained, or one sentence says what to change."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.runs.own_module import (
    check_is_module,
    examine_module,
    give_shapes,
    has_lazy_layers,
    run_once,
    with_shapes,
)
from convscope.runtime.module_output import main_logits

SHAPE = (1, 12, 12)


class Net(nn.Module):
    """Ends in 3 logits; `middle` is what a test is about."""

    def __init__(self, middle=None):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.middle = middle
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = F.relu(self.conv(x))
        if self.middle is not None:
            x = self.middle(x)
        return self.head(x.mean((2, 3)))


class PlainList(Net):
    def __init__(self, container):
        super().__init__()
        self.layers = container


class TwoHeads(Net):
    def forward(self, x):
        main = super().forward(x)
        return (main, main * 2) if self.training else main


class Keeps(Net):
    def forward(self, x):
        self.last = super().forward(x)
        return self.last


class ExtraState(Net):
    def get_extra_state(self):
        return {"steps": 3}

    def set_extra_state(self, state):
        pass


class Complex(Net):
    def __init__(self):
        super().__init__()
        self.phase = nn.Parameter(torch.zeros(3, dtype=torch.complex64))


class OneFewer(Net):
    def forward(self, x):
        x = super().forward(x)
        return x[:, :2] if self.training else x


class Grows(Net):
    def __init__(self, *, persistent=True):
        super().__init__()
        self.register_buffer("seen", torch.zeros(0, 3), persistent=persistent)

    def forward(self, x):
        x = super().forward(x)
        self.seen = torch.cat([self.seen, x.detach()])
        return x


class Returns(Net):
    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, x):
        return self.change(super().forward(x))


def test_a_plain_module_needs_no_words():
    assert examine_module(Net(), SHAPE, 3) == ()
    assert examine_module(Net(), SHAPE, None) == ()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Net, r"network is the class Net; give an instance of it: Net\(\)\."),
        (lambda: len, "a name of the catalog or a torch.nn.Module; given a builtin_function"),
        (lambda: None, "given a NoneType"),
        (
            lambda: PlainList([nn.Conv2d(1, 1, 1)]),
            r"keeps layers in a plain list, 'layers'.*neither be trained nor saved.*"
            r"self\.layers = nn\.ModuleList",
        ),
        (lambda: PlainList((nn.ReLU(), [nn.Linear(2, 2)])), "in a plain tuple, 'layers'"),
        (lambda: PlainList({"a": nn.Linear(2, 2)}), r"plain dict, 'layers'.*nn\.ModuleDict"),
        (
            lambda: PlainList([nn.Parameter(torch.ones(2))]),
            r"keeps weights in a plain list.*nn\.ParameterList",
        ),
        (
            lambda: nn.Sequential(nn.Flatten(), PlainList([nn.Linear(2, 2)])),
            r"'1\.layers'",
        ),
        (Complex, r"complex weights, 'phase'.*torch\.complex"),
        (lambda: nn.Sequential(nn.Embedding(4, 2, sparse=True)), r"embedding '0'.*sparse=True"),
        (ExtraState, r"extra state \(get_extra_state\).*register_buffer"),
        (
            lambda: Net().requires_grad_(requires_grad=False),
            "nothing to train: of parameters it has only frozen",
        ),
        (
            lambda: nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Unflatten(1, (3, 3)))[:2],
            r"gives \(2, 9\) for 2 images; training needs logits of shape \(2, 3\)",
        ),
        (
            lambda: nn.Sequential(nn.AvgPool2d((12, 4)), nn.Flatten()),
            "nothing to train: of parameters it has none",
        ),
        (lambda: Returns(lambda x: x[None]), r"gives \(1, 2, 3\) for 2 images"),
        (lambda: Returns(lambda x: {"x": x}), "this one returns a dictionary with 'x'"),
        (lambda: Returns(lambda x: "x"), "this one returns a str"),
        (lambda: Net(nn.Conv2d(5, 4, 1)), r"fails on images of shape \(2, 1, 12, 12\): .*channels"),
        (lambda: Net(lambda x: {}["missing"]), "fails on images of shape .*'missing'"),
        (lambda: Net().double(), r"fails on .*weights are float64, .*network\.float\(\)"),
        (
            lambda: Net(lambda x: x.squeeze()),
            r"on images of shape \(1, 1, 12, 12\).*For 2 images it doesn't fail.*squeeze\(1\)",
        ),
        (lambda: Returns(lambda x: x.squeeze()), r"gives \(3,\) for 1 image, where \(1, 3\)"),
        (lambda: Net().to("meta"), r"weights on the device 'meta', .*network\.to_empty\("),
        (OneFewer, r"\(2, 3\) for 2 images in evaluation mode, and \(2, 2\) in training mode"),
        (Grows, r"buffer 'seen' of Grows gets another shape .*persistent=False"),
        (
            lambda: torch.export.export(Net(), (torch.zeros(2, *SHAPE),)).module(),
            "can't be put into training mode .* nn.Module that it was made from",
        ),
    ],
)
def test_what_can_not_be_trained_is_said(make, said):
    with pytest.raises(UsageError, match=said):
        examine_module(make(), SHAPE, 3)


def test_layers_without_weights_may_stand_in_a_list():
    assert examine_module(PlainList([nn.ReLU(), nn.MaxPool2d(2)]), SHAPE, 3) == ()
    with pytest.raises(UsageError, match="plain list"):  # it would never be in evaluation mode
        examine_module(PlainList([nn.Dropout()]), SHAPE, 3)


def test_buffers_that_are_not_saved_may_grow():
    module = Grows(persistent=False)
    assert examine_module(module, SHAPE, 3) == ()
    assert len(module.seen) == 0


def test_weights_of_another_kind_may_be_what_the_forward_expects():
    module = Net().double()
    module.register_forward_pre_hook(lambda _, images: (images[0].double(),))
    assert examine_module(module, SHAPE, 3) == ()


def test_layers_that_are_registered_may_stand_in_a_list_as_well():
    module = Net()
    module.both = [module.conv, module.head]
    module.settings = {"names": ["a", "b"], "sizes": (3, 4)}
    assert examine_module(module, SHAPE, 3) == ()


@pytest.mark.parametrize(
    "module",
    [
        TwoHeads(),
        Returns(lambda x: [x, x]),
        Returns(lambda x: {"logits": x, "features": x}),
        Returns(lambda x: {"out": x}),
    ],
)
def test_of_several_outputs_the_main_one_is_taken_and_that_is_said(module):
    (note,) = examine_module(module, SHAPE, 3)
    assert "several outputs; the first is trained" in note
    assert main_logits(run_once(module, SHAPE, training=True)).shape == (2, 3)


def test_lazy_layers_get_their_shapes_in_the_mode_they_were_in():
    module = nn.Sequential(
        nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(3)
    )
    module[1].eval()
    assert has_lazy_layers(module)
    before = torch.random.get_rng_state()
    give_shapes(module, SHAPE)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not has_lazy_layers(module)
    assert [each.training for each in module] == [True, False, True, True]
    assert module[1].num_batches_tracked == 0
    assert examine_module(module.train(), SHAPE, 3) == ()


def state(module):
    """All that a person could look at afterwards."""
    return [
        (
            path,
            each.training,
            sorted(vars(each)),
            [(name, p.requires_grad, p.clone(), p._version) for name, p in each.named_parameters()],
            [(name, b.clone()) for name, b in each.named_buffers()],
        )
        for path, each in module.named_modules()
    ]


def test_with_shapes_leaves_the_caller_s_lazy_layers():
    module = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(3))
    assert not has_lazy_layers(with_shapes(module, SHAPE))
    assert has_lazy_layers(module)
    whole = Net()
    assert with_shapes(whole, SHAPE) is whole


def test_the_module_is_left_as_found():
    module = Net(nn.Sequential(nn.BatchNorm2d(4), nn.Dropout()))
    module.middle[0].eval()
    module.conv.weight.requires_grad_(requires_grad=False)
    kept = []
    module.conv.register_forward_hook(lambda *_: None)
    module.kept = kept
    before = state(module)
    assert examine_module(module, SHAPE, 3) == (
        "Kept in evaluation mode while Net is trained, as they were given: middle.0.",
    )
    assert str(state(module)) == str(before)
    assert module.kept is kept
    keeps = Keeps()
    examine_module(keeps, SHAPE, 3)
    assert not hasattr(keeps, "last")


def test_a_hundred_nested_modules():
    module = Net()
    for _ in range(200):
        module = nn.Sequential(module)
    assert examine_module(module, SHAPE, 3) == ()
    assert check_is_module(module) == "Sequential"
