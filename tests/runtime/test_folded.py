"""Folding batch normalization changes speed, and nothing else."""

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from convscope.networks.catalog import build
from convscope.runtime.folded import fold_batch_norms


def lived(network, images):
    """The network with statistics that batch normalization doesn't start with."""
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(images)
    return network.eval()


def count(network, kind):
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("resnet9", 0),
        pytest.param("resnet18-32px", 0, marks=pytest.mark.slow),
        ("mobilenet-v2-32px", 0),
        ("vgg11-32px", 0),
        ("densenet-32px", None),
    ],
)
def test_answers_stay_the_same(name, left):
    torch.manual_seed(1)
    images = torch.randn(4, 3, 32, 32)
    network = lived(build(name, 3, 5), images)
    quicker = fold_batch_norms(network)
    with torch.no_grad():
        torch.testing.assert_close(quicker(images), network(images), atol=1e-4, rtol=1e-4)
    if left is not None:
        assert count(quicker, nn.BatchNorm2d) == left
    assert count(network, nn.BatchNorm2d) == count(build(name, 3, 5), nn.BatchNorm2d)


class Shared(nn.Module):
    """A convolution whose output is used twice, and one that is called twice."""

    def __init__(self):
        super().__init__()
        self.first, self.twice = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 1)
        self.normal, self.other, self.third = (nn.BatchNorm2d(2) for _ in range(3))

    def forward(self, images):
        first = self.first(images)
        both = self.normal(first) + first
        return self.third(self.twice(self.other(self.twice(both)))).mean(dim=(2, 3))


def test_what_is_used_elsewhere_stays():
    torch.manual_seed(2)
    images = torch.randn(3, 1, 9, 9)
    network = lived(Shared(), images)
    quicker = fold_batch_norms(network)
    assert count(quicker, nn.BatchNorm2d) == 3
    with torch.no_grad():
        torch.testing.assert_close(quicker(images), network(images))


class Deciding(nn.Module):
    """Python that depends on the numbers, which can't be traced."""

    def __init__(self):
        super().__init__()
        self.layer, self.normal = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)

    def forward(self, images):
        features = self.normal(self.layer(images))
        return features.mean(dim=(2, 3)) if features.mean() > 0 else features.amax(dim=(2, 3))


def test_what_cannot_be_traced_is_copied():
    network = Deciding().eval()
    copied = fold_batch_norms(network)
    assert type(copied) is Deciding
    assert copied is not network
    images = torch.randn(2, 1, 6, 6)
    assert torch.equal(copied(images), network(images))


def test_the_original_keeps_its_weights_and_mode():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fold_batch_norms(network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def normalized():
    """A convolution that batch normalization follows, and nothing else happens between them."""
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)
    )
    return lived(network, torch.randn(4, 1, 8, 8))


def patched(module):
    forward = module.forward
    module.forward = lambda x: 7 * forward(x)


class Called(nn.Sequential):
    def __call__(self, x):
        return 7 * super().__call__(x)


HAPPENS = {
    "a hook before all": lambda n: n.register_forward_pre_hook(lambda _, x: (x[0] - 3,)),
    "a hook behind all": lambda n: n.register_forward_hook(lambda _, x, y: 7 * y),
    "a hook behind the convolution": lambda n: n[0].register_forward_hook(lambda _, x, y: 7 * y),
    "a hook before the norm": lambda n: n[1].register_forward_pre_hook(lambda _, x: (7 * x[0],)),
    "a hook behind the norm": lambda n: n[1].register_forward_hook(lambda _, x, y: 7 * y),
    "old weight norm": lambda n: nn.utils.weight_norm(n[0]),
    "weight norm": lambda n: nn.utils.parametrizations.weight_norm(n[0]),
    "pruned": lambda n: prune.l1_unstructured(n[0], "weight", 0.5),
    "another forward": patched,
    "another forward of a layer": lambda n: patched(n[0]),
    "another call": lambda n: setattr(n, "__class__", Called),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("name", HAPPENS)
def test_whatever_happens_around_layers_still_happens(name):
    network, images = normalized(), torch.randn(4, 1, 8, 8)
    HAPPENS[name](network)
    quicker = fold_batch_norms(network)
    with torch.no_grad():
        torch.testing.assert_close(quicker(images), network(images), atol=1e-4, rtol=1e-4)


def test_what_tracing_drops_is_noticed_on_images():
    class Slope(nn.Module):
        """Needs gradients for its forward pass, and says so by a context that tracing drops."""

        def __init__(self):
            super().__init__()
            self.inner = normalized()

        def forward(self, x):
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                return torch.autograd.grad(self.inner(x).sum(), x)[0].flatten(1)

    network, images = Slope().eval(), torch.randn(2, 1, 8, 8)
    generator = torch.get_rng_state()
    quicker = fold_batch_norms(network, images)
    assert torch.equal(torch.get_rng_state(), generator)
    with torch.no_grad():
        assert torch.equal(quicker(images), network(images))
    assert count(fold_batch_norms(normalized(), images), nn.BatchNorm2d) == 0
