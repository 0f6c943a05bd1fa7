"""The figures of the curriculum, section D: shapes layer by layer, and counts.

Shapes are (channels, height, width) or (units,), for one image. Nothing is computed where shapes
are all that counts: the networks stand on the meta device.
"""

import pytest
import torch
from torch import nn

from convscope.networks.catalog import build
from convscope.networks.googlenet import Inception

SHAPING = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Flatten, nn.Linear)


def on_meta(name, in_channels=1, classes=10, **arguments):
    with torch.device("meta"):
        return build(name, in_channels, classes, **arguments).eval()


def outputs(network, image, wanted):
    """(module, output) of the modules for which wanted(path, module), as they are computed."""
    seen = []
    for path, module in network.named_modules():
        if wanted(path, module):
            module.register_forward_hook(lambda m, _, output: seen.append((m, output)))
    device = next(network.parameters()).device
    with torch.no_grad():
        network(torch.zeros(1, *image, device=device))
    return seen


def layer_shapes(network, image):
    """Output shapes of the layers that can change them, in order."""
    seen = outputs(network, image, lambda _, module: isinstance(module, SHAPING))
    return [tuple(output.shape[1:]) for _, output in seen]


def stage_shapes(network, image, *paths):
    """Output shapes of the modules at `paths`, in order."""
    seen = outputs(network, image, lambda path, _: path in paths)
    assert len(seen) == len(paths)
    return [tuple(output.shape[1:]) for _, output in seen]


def count(module, kind):
    return sum(isinstance(part, kind) for part in module.modules())


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def macs(name, image):
    """Of convolutions and dense layers, for one image and 1000 classes."""
    network = on_meta(name, image[0], classes=1000)
    seen = outputs(network, image, lambda _, module: isinstance(module, nn.Conv2d | nn.Linear))
    return sum(output.numel() * module.weight[0].numel() for module, output in seen)


# D2


def test_small_net():
    shapes = layer_shapes(build("small"), (1, 32, 32))
    assert shapes[:4] == [(6, 30, 30), (6, 15, 15), (16, 13, 13), (16, 6, 6)]
    assert shapes[4:] == [(16 * 6 * 6,), (120,), (84,), (10,)]


# D3 and D8


@pytest.mark.parametrize("name", ["lenet", "lenet-bn"])
def test_lenet(name):
    network = build(name).eval()
    assert layer_shapes(network, (1, 28, 28)) == [
        *[(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5)],
        *[(400,), (120,), (84,), (10,)],
    ]
    assert count(network, nn.Sigmoid) == 4
    assert count(network, nn.AvgPool2d) == 2
    assert count(network, nn.BatchNorm1d | nn.BatchNorm2d) == (4 if name == "lenet-bn" else 0)


# D4


def test_alexnet():
    network = on_meta("alexnet")
    assert layer_shapes(network, (1, 224, 224)) == [
        *[(96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (384, 12, 12)],
        *[(256, 12, 12), (256, 5, 5), (6400,), (4096,), (4096,), (10,)],
    ]
    dropped = [module.p for module in network.modules() if isinstance(module, nn.Dropout)]
    assert dropped == [0.5, 0.5]


# D5


@pytest.mark.parametrize(("name", "layers"), [(f"vgg{n}", n) for n in (11, 13, 16, 19)])
def test_vgg_is_named_after_its_layers(name, layers):
    network = on_meta(name)
    assert count(network, nn.Conv2d) == layers - 3
    assert count(network, nn.Linear) == 3
    assert count(on_meta(f"{name}-bn"), nn.BatchNorm2d) == layers - 3


@pytest.mark.parametrize("width", [1, 0.25])
def test_vgg_halves_height_and_width_in_each_block(width):
    seen = outputs(
        on_meta("vgg11", width=width), (1, 224, 224), lambda _, m: isinstance(m, nn.MaxPool2d)
    )
    channels = [int(c * width) for c in (64, 128, 256, 512, 512)]
    assert [tuple(output.shape[1:]) for _, output in seen] == [
        (c, side, side) for c, side in zip(channels, (112, 56, 28, 14, 7), strict=True)
    ]


# D6


def test_nin():
    network = on_meta("nin")
    shapes = layer_shapes(network, (1, 224, 224))
    assert shapes[0] == (96, 54, 54)
    assert shapes[3:5] == [(96, 26, 26), (256, 26, 26)]
    assert shapes[7:9] == [(256, 12, 12), (384, 12, 12)]
    assert shapes[-5:] == [(10, 5, 5), (10, 5, 5), (10, 5, 5), (10, 1, 1), (10,)]
    assert count(network, nn.Linear) == 0
    assert (parameters(network), parameters(on_meta("alexnet"))) == (1_992_166, 46_764_746)


# D7


def test_googlenet():
    network = on_meta("googlenet")
    stages = ("maxpool1", "maxpool2", "maxpool3", "maxpool4", "flatten", "fc")
    assert stage_shapes(network, (1, 96, 96), *stages) == [
        *[(64, 24, 24), (192, 12, 12), (480, 6, 6), (832, 3, 3), (1024,), (10,)],
    ]
    assert count(network, Inception) == 9


# D9


def test_resnet18():
    network = on_meta("resnet18")
    stages = ("maxpool", "layer1", "layer2", "layer3", "layer4", "flatten", "fc")
    assert stage_shapes(network, (1, 96, 96), *stages) == [
        *[(64, 24, 24), (64, 24, 24), (128, 12, 12), (256, 6, 6), (512, 3, 3), (512,), (10,)],
    ]


@pytest.mark.parametrize("layers", [18, 34, 50, 101, 152])
@pytest.mark.parametrize("variant", ["", "-32px"])
def test_resnet_is_named_after_its_layers(layers, variant):
    network = on_meta(f"resnet{layers}{variant}")
    projections = sum(
        isinstance(part, nn.Conv2d)
        for path, part in network.named_modules()
        if "downsample" in path
    )
    assert count(network, nn.Conv2d) - projections + count(network, nn.Linear) == layers


def test_resnet18_has_four_stages_of_four_convolutions():
    network = on_meta("resnet18")
    for i in (1, 2, 3, 4):
        stage = network.get_submodule(f"layer{i}")
        paths = [p for p, part in stage.named_modules() if isinstance(part, nn.Conv2d)]
        assert sum("downsample" not in path for path in paths) == 4


def test_resnet9():
    network = on_meta("resnet9", in_channels=3)
    assert count(network, nn.Conv2d) + count(network, nn.Linear) == 9


# D10


def test_densenet():
    network = on_meta("densenet")
    blocks = [f"features.denseblock{i}" for i in (1, 2, 3, 4)]
    between = [f"features.transition{i}" for i in (1, 2, 3)]
    assert stage_shapes(
        network, (1, 96, 96), "features.pool0", *blocks, "flatten", "classifier"
    ) == [
        *[(64, 24, 24), (192, 24, 24), (224, 12, 12), (240, 6, 6), (248, 3, 3), (248,), (10,)],
    ]
    assert stage_shapes(network, (1, 96, 96), *between) == [(96, 12, 12), (112, 6, 6), (120, 3, 3)]


@pytest.mark.parametrize("layers", [121, 169, 201])
def test_densenet_is_named_after_its_layers(layers):
    network = on_meta(f"densenet{layers}")
    assert count(network, nn.Conv2d) + count(network, nn.Linear) == layers


# D11


@pytest.mark.parametrize(
    ("name", "millions_of_parameters", "millions_of_macs"),
    [  # with 1000 classes on (3, 224, 224), as the papers count them
        ("vgg16", 138.4, 15_470),
        ("resnet18", 11.7, 1_814),
        ("resnet34", 21.8, 3_664),
        ("googlenet-torchvision", 6.6, 1_498),
        ("densenet121", 8.0, 2_834),
        ("mobilenet-v1", 4.2, 569),
        ("mobilenet-v2", 3.5, 301),
    ],
)
def test_parameters_and_operations(name, millions_of_parameters, millions_of_macs):
    found = parameters(on_meta(name, 3, classes=1000)) / 1e6
    assert found == pytest.approx(millions_of_parameters, abs=0.05)
    found = macs(name, (3, 224, 224)) / 1e6
    assert found == pytest.approx(millions_of_macs, rel=0.002)


# the small-image variants keep the number of layers and have a stem that loses no pixels


@pytest.mark.parametrize(
    "name",
    [
        *("alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "googlenet", "resnet18", "resnet50"),
        *("densenet121", "mobilenet-v1", "mobilenet-v2", "nin"),
    ],
)
def test_native_variants_look_at_every_pixel(name):
    network = on_meta(f"{name}-32px", in_channels=3)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    stem = convolutions[0]
    assert stem.stride == (1, 1)
    assert stem.kernel_size == ((5, 5) if name == "nin" else (3, 3))  # 5×5 is the paper's own
    if name != "nin":
        assert len(convolutions) == count(on_meta(name, 3), nn.Conv2d)
