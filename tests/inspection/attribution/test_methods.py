"""What holds for every attribution method.

Tests inspection/attribution/attribution.py.
"""

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.inspection.attribution.attribution import freeze, logits_of
from convscope.inspection.attribution.methods import METHODS, choose_methods
from convscope.networks.catalog import build
from tests.inspection import peculiar


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", peculiar.LAST_MAPS, ids=lambda kind: kind.__name__)
def test_works_on_peculiar_networks(method, kind):
    network, image = peculiar.made(kind), peculiar.images()
    before = image.clone()
    found = METHODS[method](network, image, 1, torch.zeros_like(image))
    assert found.method == method
    assert found.heat.shape == (12, 12)
    assert found.heat.dtype == "float32"
    assert (found.heat != 0).any() or "Nowhere does their sum speak" in found.note
    assert found.signed or (found.heat >= 0).all()
    torch.testing.assert_close(image, before, rtol=0, atol=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_works_on_grey_and_colour_and_images_that_are_not_square(method, channels):
    network = build("resnet9", in_channels=channels, width=8).eval()
    image = torch.randn(1, channels, 24, 40)
    found = METHODS[method](network, image, 0, torch.zeros_like(image))
    assert found.heat.shape == (24, 40)


@pytest.mark.parametrize("method", METHODS)
def test_works_within_no_grad_and_inference_mode(method):
    network, image = peculiar.made(peculiar.ReusedActivation), peculiar.images()
    expected = METHODS[method](network, image, 0, torch.zeros_like(image)).heat
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            found = METHODS[method](network, image, 0, torch.zeros_like(image))
        assert (found.heat == expected).all()


@pytest.mark.parametrize("method", METHODS)
def test_uses_evaluation_mode(method):
    network, image = peculiar.made(peculiar.Busy), peculiar.images()
    black = torch.zeros_like(image)
    expected = METHODS[method](network, image, 0, black).heat
    assert (METHODS[method](network.train(), image, 0, black).heat == expected).all()


def test_chosen_methods():
    assert choose_methods("all") == ["saliency", "integrated-gradients", "occlusion", "grad-cam"]
    assert choose_methods("grad-cam") == ["grad-cam"]
    with pytest.raises(UsageError, match="Unknown method 'gradcam'. Did you mean 'grad-cam'?"):
        choose_methods("gradcam")


class Returns(nn.Module):
    def __init__(self, wrap):
        super().__init__()
        self.flatten, self.wrap = nn.Flatten(), wrap

    def forward(self, x):
        return self.wrap(self.flatten(x))


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (lambda x: x.sum(), "returned a tensor of shape () for 2 image"),
        (lambda x: x[:1], "returned a tensor of shape (1, 144) for 2 image"),
    ],
)
def test_what_is_no_logits_is_explained(wrap, words):
    with pytest.raises(UsageError, match="must return logits") as error:
        logits_of(Returns(wrap), peculiar.images(2))
    assert words in str(error.value)
    assert "Wrap it in a module that returns its class scores alone." in str(error.value)


def test_of_several_outputs_the_main_one_is_explained():
    given = peculiar.images(2)
    assert torch.equal(logits_of(Returns(lambda x: (x, x + 1)), given), given.flatten(1))
    with pytest.raises(UsageError, match="this one returns a str"):
        logits_of(Returns(lambda _: "logits"), given)


def test_logits_that_hang_on_nothing_are_explained():
    with pytest.raises(UsageError, match="don't hang on the image by operations of PyTorch"):
        logits_of(Returns(torch.Tensor.detach), peculiar.images(2).requires_grad_())


def test_frozen_lets_gradients_reach_images_only():
    network = peculiar.made(peculiar.EndsInFunctions)
    image = peculiar.images().requires_grad_()
    with freeze(network):
        assert not any(p.requires_grad for p in network.parameters())
        logits_of(network, image).sum().backward()
    assert image.grad is not None
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
