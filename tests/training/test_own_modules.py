"""Modules as people write them, trained, resumed, planned, traced and exported.

Each works; what doesn't, says in a sentence what to change (tests/runs/test_own_module.py).
"""

import json
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.planning.workload import make_workload
from convscope.runs.choose_recipe import choose_recipe
from tests.conftest import slow

pytestmark = pytest.mark.forecasts


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(F.relu(self.conv(x)).mean((2, 3)))


class Views(nn.Module):
    """x.view behind a convolution, as most tutorials have it."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.head = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 3, 3), nn.Linear(192, 3)

    def forward(self, x):
        return self.head(F.relu(self.two(F.relu(self.one(x)))).view(-1, 192))


class Bilinear(Net):
    """An operation that has no form in bfloat16."""

    def __init__(self):
        super().__init__()
        self.between = nn.Bilinear(3, 3, 3)

    def forward(self, x):
        x = super().forward(x)
        return self.between(x, x)


class Auxiliary(Net):
    """A second head while training."""

    def __init__(self):
        super().__init__()
        self.side = nn.Linear(3, 3)

    def forward(self, x):
        main = super().forward(x)
        return (main, self.side(main)) if self.training else main


class Named(Net):
    def forward(self, x):
        return {"features": x, "logits": super().forward(x)}


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)
        )

    def forward(self, x):
        return self.layers(x)


class OnTheFly(Net):
    """A weight that is computed in every forward pass."""

    def __init__(self):
        super().__init__()
        self.raw, self.mask = nn.Parameter(torch.randn(3, 4)), nn.Parameter(torch.zeros(3, 4))

    def forward(self, x):
        x = F.relu(self.conv(x)).mean((2, 3))
        return F.linear(x, self.raw * torch.sigmoid(self.mask))


class OldWeightNorm(Net):
    def __init__(self):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self.conv = nn.utils.weight_norm(self.conv)


class Frozen(nn.Module):
    """A pretrained part whose statistics shall stay."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 3)
        self.norm.eval()
        for part in (self.conv, self.norm):
            part.requires_grad_(requires_grad=False)

    def forward(self, x):
        return self.head(F.relu(self.norm(self.conv(x))).mean((2, 3)))


class Keeps(Net):
    """Keeps activations, nested, and has a hook that collects."""

    def __init__(self):
        super().__init__()
        self.cache = {"last": []}
        self.seen = seen = []
        self.conv.register_forward_hook(lambda _, __, output: seen.append(output))

    def forward(self, x):
        self.last = F.relu(self.conv(x))
        self.cache["last"][:] = [self.last]
        return self.head(self.last.mean((2, 3)))


class Skipped(Net):
    """Stochastic depth: a layer that some steps leave out."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.conv(x))
        if not self.training or torch.rand(1) < 0.5:
            x = x + self.inner(x)
        return self.head(x.mean((2, 3)))


class Deep(Net):
    """A convolution of three dimensions, whose kernels have no layout of images."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 4, (1, 3, 3))

    def forward(self, x):
        return self.head(F.relu(self.conv(x[:, :, None])).mean((2, 3, 4)))


class Closures(Net):
    """Its layers are called by functions that it keeps, which a copy must not share."""

    def __init__(self):
        super().__init__()
        self.steps = [lambda x: F.relu(self.conv(x)).mean((2, 3)), lambda x: self.head(x)]

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x


class Slope(Net):
    """Its forward pass computes a gradient."""

    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            slope = torch.autograd.grad(self.conv(x).square().sum(), x, create_graph=True)[0]
        return super().forward(slope)


def nested():
    module = Net()
    for _ in range(200):
        module = nn.Sequential(module)
    return module


ZOO = {
    kind.__name__: kind
    for kind in (
        Views, Bilinear, Auxiliary, Named, Lazy, OnTheFly, OldWeightNorm, Frozen, Keeps, nested,
        Skipped, Deep, Closures, Slope,
    )
}  # fmt: skip


def image_set(count, seed):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, 1, 12, 12)).astype(np.uint8)
    return cs.ImageSet(images, np.arange(count) % 3, ("a", "b", "c"))


DATA = {"train": image_set(36, 0), "validation": image_set(9, 1), "test": image_set(12, 2)}
SETTINGS = {"epochs": 1, "batch_size": 12, "threads": 1}


def settings_of(module):
    """What training must not change: modes, what is frozen, names of attributes."""
    return [
        (path, each.training, [p.requires_grad for p in each.parameters(recurse=False)])
        for path, each in module.named_modules()
    ]


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(
    "name",
    [
        *("Views", "Auxiliary", "Keeps"),
        *slow("Bilinear", "Named", "Lazy", "OnTheFly", "OldWeightNorm", "Frozen", "nested"),
    ],
)
def test_a_module_is_trained_and_goes_on(name, tmp_path):
    module = ZOO[name]()
    before = settings_of(module)
    run = cs.train(module, DATA, "fast", out=tmp_path / "run", quiet=True, **SETTINGS)
    assert settings_of(module) == before
    assert cs.trace(module, (1, 12, 12)).parameters == sum(p.numel() for p in module.parameters())
    other = ZOO[name]()
    before = None if name == "Lazy" else settings_of(other)
    evaluated = cs.evaluate(run, module=other, data=DATA, quiet=True)
    written = json.loads(run.evaluation_file.read_text())
    assert evaluated.accuracy == written["accuracy"]
    assert name == "Lazy" or settings_of(other) == before


QUICK = {"Views", "Keeps", "Skipped", "Closures"}


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("name", [*sorted(QUICK), *slow(*sorted(ZOO.keys() - QUICK))])
def test_a_module_is_planned_traced_and_left_alone(name, capfd):
    module = ZOO[name]()
    names = {path: sorted(vars(each)) for path, each in module.named_modules()}
    before = settings_of(module)
    planned = cs.plan(module, DATA, **SETTINGS)
    assert planned.step.value > 0
    decides = any("decides by the numbers" in note for note in planned.notes)
    assert decides is (name == "Skipped")
    assert cs.trace(module, (1, 12, 12)).layers
    assert settings_of(module) == before
    if name != "OldWeightNorm":
        assert {path: sorted(vars(each)) for path, each in module.named_modules()} == names
    if name == "Keeps":
        assert module.cache == {"last": []}
        assert module.seen == []  # and so no fake tensors in what the hook collects
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZOO)
def test_a_module_is_exported(name, tmp_path):
    run = cs.train(ZOO[name](), DATA, "fast", out=tmp_path / "run", quiet=True, **SETTINGS)
    for label, wanted in enumerate("abc"):
        (tmp_path / "images" / wanted).mkdir(parents=True)
        for row in range(label, 12, 3):
            image = Image.fromarray(DATA["test"].images[row][0])
            image.save(tmp_path / "images" / wanted / f"{row}.png")

    def export():
        return cs.export(
            run, tmp_path / "m.onnx", module=ZOO[name](), images=tmp_path / "images", quiet=True
        )

    if name == "Slope":  # ONNX has no gradient of a convolution
        with pytest.raises(ConvscopeError, match=r"can't be exported.*aten\.convolution_backward"):
            export()
    else:
        assert export().file.is_file()


@pytest.mark.slow
def test_the_layout_is_kept_with_the_run(tmp_path):
    run = cs.train(
        Views(), DATA, "fast", out=tmp_path / "run", quiet=True, precision="float32", **SETTINGS
    )
    environment = json.loads(run.environment_file.read_text())
    assert environment["layout"] == "contiguous"
    assert (
        "channels first, since the network fails on channels last"
        in (environment["execution_reason"])
    )
    text = (run.folder / "recipe.toml").read_text()
    (run.folder / "recipe.toml").write_text(text.replace("epochs = 1", "epochs = 2"))
    module = Views()
    cs.resume(run, module=module, data=DATA, quiet=True)
    assert len(cs.Run(run.folder).metrics("epoch")) == 2


def test_views_are_planned_with_channels_first():
    recipe = choose_recipe(Views(), DATA, "fast", SETTINGS)
    assert make_workload(Views(), DATA, recipe).execution.layout == "contiguous"
    assert make_workload(Net(), DATA, recipe).execution.layout == "channels_last"


def test_frozen_parts_stay_as_they_are(tmp_path, capsys):
    module = Frozen()
    fixed = {n: t.clone() for n, t in module.state_dict().items() if not n.startswith("head")}
    head = module.head.weight.clone()
    cs.train(module, DATA, "fast", out=tmp_path / "run", **SETTINGS)
    assert "Kept in evaluation mode while Frozen is trained" in capsys.readouterr().err
    state = module.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in fixed.items())
    assert not torch.equal(module.head.weight, head)


@pytest.mark.slow
def test_without_a_form_in_bfloat16(tmp_path):
    run = cs.train(Bilinear(), DATA, "fast", out=tmp_path / "run", quiet=True, **SETTINGS)
    assert run.recipe.precision == "float32"
    assert "no form in bfloat16" in run.environment["execution_reason"]
    planned = cs.plan(Bilinear(), DATA, **SETTINGS)
    assert any("Training computes in float32: an operation" in note for note in planned.notes)
    for job in (
        lambda: cs.plan(Bilinear(), DATA, precision="bfloat16", **SETTINGS),
        lambda: cs.train(
            Bilinear(), DATA, out=tmp_path / "x", quiet=True, precision="bfloat16", **SETTINGS
        ),
    ):
        with pytest.raises(UsageError, match="the module Bilinear has an operation without a form"):
            job()


@pytest.mark.slow
def test_several_outputs_are_mentioned(tmp_path, capsys):
    cs.train(Auxiliary(), DATA, "fast", out=tmp_path / "run", **SETTINGS)
    assert "Auxiliary returns several outputs; the first is trained" in capsys.readouterr().err
    planned = cs.plan(Auxiliary(), DATA, **SETTINGS)
    assert any("several outputs" in note for note in planned.notes)


@pytest.mark.slow
def test_lazy_layers_elsewhere(tmp_path):
    module = Lazy()
    assert cs.explain(module, torch.rand(1, 12, 12)).attributions
    cs.plan(module, DATA, **SETTINGS)
    assert torch.nn.parameter.is_lazy(module.layers[0].weight)
    run = cs.train(module, DATA, "fast", out=tmp_path / "run", quiet=True, **SETTINGS)
    fresh = Lazy()
    cs.load_weights(fresh, run.model_file)
    given = torch.rand(2, 1, 12, 12)
    assert fresh.eval()(given).shape == (2, 3)


@pytest.mark.parametrize(
    ("network", "data", "said"),
    [
        (Net, DATA, r"network is the class Net; give an instance of it: Net\(\)"),
        (Net(), (DATA["train"].images, DATA["train"].labels), r"tuple of 2\. .*ImageSet\(images"),
        (Net(), [DATA["train"]], "given a list of 1"),
        (Net().requires_grad_(requires_grad=False), DATA, "only frozen"),
    ],
)
def test_what_can_not_be_trained_is_said_by_all(network, data, said, tmp_path):
    for job in (
        lambda: cs.train(network, data, out=tmp_path / "run", quiet=True),
        lambda: cs.plan(network, data),
    ):
        with pytest.raises(UsageError, match=said):
            job()
    assert not (tmp_path / "run").exists()
