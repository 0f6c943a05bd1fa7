"""What does not fit is said in words, before or after the computation, and costs it nothing."""

import copy

import pytest
import torch
from torch import nn

from convscope.errors import UsageError
from convscope.networks.catalog import build
from convscope.networks.network import at_least_one, scale_channels
from tests.networks.deterministic import fill, waves


def message(call):
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


def test_a_image_without_batch_axis():
    network = build("small")
    assert message(lambda: network(torch.zeros(1, 32, 32))) == (
        "small takes a batch of images (N, channels, height, width) and got one of shape "
        "(1, 32, 32). Give it a batch axis: image[None], which is image.unsqueeze(0)."
    )
    assert network(torch.zeros(1, 32, 32)[None]).shape == (1, 10)


@pytest.mark.parametrize("shape", [(32, 32), (1, 1, 1, 32, 32)])
def test_a_wrong_number_of_axes(shape):
    words = message(lambda: build("nin-32px")(torch.zeros(shape)))
    assert words.endswith(f"(N, channels, height, width) and got a tensor of shape {shape}.")


def test_a_wrong_number_of_channels():
    assert message(lambda: build("resnet18")(torch.zeros(2, 3, 32, 32))) == (
        "resnet18 was built for images with in_channels=1 and got 3 channels (shape "
        "(2, 3, 32, 32)). Build it with build('resnet18', in_channels=3)."
    )


def test_channels_that_would_flatten_to_the_right_number_of_pixels():
    words = message(lambda: build("softmax-regression")(torch.zeros(2, 4, 14, 14)))
    assert "in_channels=1 and got 4 channels" in words


def test_whole_numbers():
    assert message(lambda: build("lenet")(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))) == (
        "lenet computes with floating-point numbers and got uint8 images. Convert them first: "
        "images.float() / 255, then normalized as for training."
    )


def test_too_few_pixels_name_the_layer_the_least_size_and_the_native_variant():
    assert message(lambda: build("vgg11", width=0.1)(torch.zeros(1, 1, 28, 20))) == (
        "Images of 28×20 are too small for vgg11: features.20 (MaxPool2d) is left with 51×1×1. "
        "The least size that works is 32×32. For images of 28 to 32 pixels there is 'vgg11-32px'."
    )


def test_a_convolution_that_runs_out_of_pixels():
    assert message(lambda: build("small", size=9)) == (
        "Images of 9×9 are too small for small: features.pool2 (MaxPool2d) is left with 16×1×1. "
        "The least size that works is 10×10."
    )
    assert "features.0.0 (Conv2d) is left with 1×8×8" in message(
        lambda: build("nin")(torch.zeros(1, 1, 8, 8))
    )


def test_another_size_than_the_dense_layers_were_built_for():
    network = build("lenet")
    assert message(lambda: network(torch.zeros(1, 1, 32, 32))) == (
        "lenet was built for images of 28×28 and got 32×32. Resize the images, or build it "
        "with size=32."
    )
    assert message(lambda: network(torch.zeros(1, 1, 32, 48))).endswith("Resize the images.")
    assert build("lenet", size=32)(torch.zeros(1, 1, 32, 32)).shape == (1, 10)


def test_the_size_can_be_checked_before_anything_is_computed():
    network = build("densenet-32px")
    network.check_image_size(28, 32)
    assert message(lambda: network.check_image_size(7, 32)) == (
        "Images of 7×32 are too small for densenet-32px: features.transition3.pool (AvgPool2d) "
        "is left with 120×1×8. The least size that works is 8×8."
    )


def test_one_image_is_too_few_to_train_with_batch_norm():
    network = build("lenet-bn").train()
    assert message(lambda: network(torch.zeros(1, 1, 28, 28))) == (
        "lenet-bn cannot train on a batch of 1 image(s) of this size: batch norm needs more than "
        "one value per channel. Use a larger batch, or network.eval() to predict."
    )
    assert network.eval()(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


def test_other_failures_are_left_as_they_are():
    network = build("lenet")
    with pytest.raises(RuntimeError, match="should be the same") as caught:
        network(torch.zeros(1, 1, 28, 28, dtype=torch.float64))
    assert not isinstance(caught.value, UsageError)


def test_explaining_leaves_hooks_weights_and_mode_as_they_were():
    network = build("vgg11", width=0.1).train()
    seen = []
    handle = network.features[0].register_forward_hook(lambda *_: seen.append(1))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    message(lambda: network(torch.zeros(1, 1, 16, 16)))
    assert seen == [1]  # by the call, not by the replay
    handle.remove()
    assert network.training
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


def test_whole_numbers_of_at_least_one():
    assert message(lambda: build("mlp", classes=0)) == (
        "Network 'mlp': classes must be a whole number of at least 1, not 0."
    )
    assert message(lambda: build("lenet", in_channels=-1)).startswith(
        "Network 'lenet': in_channels"
    )
    assert message(lambda: at_least_one("hidden", 1.5)).endswith("at least 1, not 1.5.")
    at_least_one("hidden", 1)


def test_a_width_multiplier_leaves_at_least_one_channel():
    assert [scale_channels(64, 1.0), scale_channels(64, 0.25), scale_channels(6, 0.01)] == [
        64,
        16,
        1,
    ]
    assert (
        message(lambda: scale_channels(64, 0))
        == "width must be above 0 (1.0 is the paper's), not 0."
    )


def test_a_copy_computes_the_same():
    network = fill(build("resnet18-32px", 3)).eval()
    images = waves(1, 3, 16)
    with torch.no_grad():
        assert torch.equal(copy.deepcopy(network)(images), network(images))


@pytest.mark.slow
@pytest.mark.parametrize("strict", [True, False])
def test_exports_with_a_free_batch_size(strict):
    network = fill(build("lenet")).eval()
    exported = torch.export.export(
        network,
        (waves(2, 1, 28),),
        dynamic_shapes={"images": {0: torch.export.Dim.DYNAMIC}},
        strict=strict,
    )
    images = waves(5, 1, 28)
    assert torch.allclose(exported.module()(images), network(images), atol=1e-6)


def test_can_be_traced_and_compiled_as_a_part_of_another_module():
    network = fill(build("lenet")).eval()
    images = waves(2, 1, 28)
    whole = nn.Sequential(network, nn.Softmax(dim=1))
    expected = whole(images)
    assert torch.allclose(torch.fx.symbolic_trace(whole)(images), expected)
    compiled = torch.compile(whole, backend="eager", fullgraph=True)
    assert torch.allclose(compiled(images), expected)
