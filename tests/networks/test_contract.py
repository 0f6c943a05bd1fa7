"""What every network of the catalog must do. A new entry is tested by being entered.

Tests networks/alexnet.py, networks/dense.py, networks/densenet.py, networks/googlenet.py,
networks/lenet.py, networks/mobilenet_v1.py, networks/mobilenet_v2.py, networks/nin.py,
networks/resnet.py, networks/resnet9.py, networks/small.py, networks/stack.py, networks/vgg.py.
"""

import copy

import pytest
import safetensors.torch
import torch
from torch.nn.functional import cross_entropy

from convscope.networks.catalog import build, check_image_size, entry, list_networks
from convscope.networks.pixels import OutOfPixelsError
from convscope.runtime.execution import Execution
from tests.networks.deterministic import fill, waves

NATIVE = [name for name in list_networks() if name.endswith("-32px") or name == "resnet9"]
LEAST = {  # pixels; the others run on a single one
    "small": 10,
    "lenet": 12,
    "lenet-bn": 12,
    "alexnet": 65,
    "alexnet-torchvision": 63,
    **{f"vgg{depth}{norm}": 32 for depth in (11, 13, 16, 19) for norm in ("", "-bn")},
    "nin": 67,
    "googlenet-torchvision": 15,
    "resnet9": 8,
    **{f"densenet{depth}": 29 for depth in ("", 121, 169, 201)},
    **{f"densenet{depth}-32px": 8 for depth in ("", 121, 169, 201)},
}
TWINS = ("vgg11", "resnet18-32px", "densenet")  # like vgg11-32px, resnet18 and densenet-32px
HEAVY = (  # take seconds each and are marked slow
    *("alexnet-torchvision", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn", "vgg19"),
    *("vgg19-bn", "vgg13-32px", "vgg13-bn-32px", "vgg16-32px", "vgg16-bn-32px", "vgg19-32px"),
    *("vgg19-bn-32px", "googlenet-torchvision", "googlenet-32px", "resnet34", "resnet50"),
    *("resnet101", "resnet152", "resnet34-32px", "resnet50-32px", "resnet101-32px"),
    *("resnet152-32px", "densenet121", "densenet169", "densenet201", "densenet121-32px"),
    *("densenet169-32px", "densenet201-32px", "mobilenet-v2"),
    *TWINS,
)
LIGHT = [name for name in list_networks() if name not in HEAVY]


def cases(names):
    return [pytest.param(n, marks=[] if n in LIGHT else [pytest.mark.slow]) for n in names]


def settings(name):
    """Arguments that make the network cheap: narrow, for few pixels."""
    arguments = entry(name).arguments
    narrow = {"width": 8 if name in ("resnet9", "stack") else 0.25} if "width" in arguments else {}
    return narrow | ({"size": size_for(name)} if "size" in arguments else {})


def size_for(name):
    return max(28, LEAST.get(name, 1))


def build_cheap(name):
    return build(name, entry(name).image[0], **settings(name)).eval()


@pytest.fixture(scope="module", params=cases(list_networks()))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def network(name):
    """In evaluation; the tests leave it as it is."""
    return fill(build_cheap(name))


@pytest.fixture(scope="module")
def images(name):
    return waves(2, entry(name).image[0], size_for(name))


@pytest.fixture(scope="module")
def logits(network, images):
    with torch.no_grad():
        return network(images)


def difference(found, expected):
    """The norm of the difference, as a share of the norm of the expected."""
    return float((found.float() - expected).norm() / expected.norm())


def test_gives_finite_logits_that_depend_on_the_image(logits):
    assert logits.shape == (2, 10)
    assert logits.isfinite().all()
    assert not torch.equal(logits[0], logits[1])


def test_gradients_reach_every_parameter(network, images):
    cross_entropy(network(images), torch.tensor([1, 7])).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    network.zero_grad()
    assert without == []


def test_state_goes_through_a_file_into_another_of_its_kind(name, network, images, logits):
    state = safetensors.torch.load(safetensors.torch.save(network.state_dict()))
    other = build_cheap(name)
    with torch.no_grad():
        assert not torch.equal(other(images), logits)
        other.load_state_dict(state)
        assert torch.equal(other(images), logits)


def test_bfloat16_is_near(network, images, logits):
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        # numbers are rounded to 0.4 % some fifty times in the deep ones
        assert difference(network(images), logits) < 0.15


def test_channels_last_is_the_same_computation(network, images, logits):
    rearranged = copy.deepcopy(network).to(memory_format=torch.channels_last)
    with torch.no_grad():
        found = rearranged(images.to(memory_format=torch.channels_last))
    assert difference(found, logits) < 1e-4


def test_every_map_of_a_grey_image_has_the_layout_that_was_chosen(name):
    # Kernels of one channel look laid out in either way; a layer that falls back to the other
    # layout makes all behind it up to twice as slow.
    execution = Execution(torch.device("cpu"), "bfloat16")
    network = execution.place(build(name, 1, **settings(name))).eval()
    strayed = []

    def look(module, _, output):
        if output.ndim == 4 and not output.is_contiguous(memory_format=torch.channels_last):
            strayed.append((type(module).__name__, tuple(output.shape)))

    for module in network.modules():
        if not any(module.children()):
            module.register_forward_hook(look)
    with torch.no_grad(), execution.forward_pass():
        network(execution.lay_out(waves(2, 1, size_for(name))))
    assert strayed == []


def test_trains_and_draws_random_numbers_only_for_dropout(name, network):
    training = copy.deepcopy(network).train()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    logits = training(waves(3, entry(name).image[0], size_for(name)))
    drops = any(isinstance(m, torch.nn.Dropout) and m.p > 0 for m in training.modules())
    assert logits.isfinite().all()
    assert torch.equal(before, torch.get_rng_state()) != drops


@pytest.mark.parametrize("name", cases(list_networks()))
def test_takes_its_own_images_with_other_channels_and_classes(name):
    _, height, width = entry(name).image
    with torch.device("meta"):
        network = build(name, in_channels=5, classes=7).eval()
        assert network(torch.empty(2, 5, height, width)).shape == (2, 7)


@pytest.mark.parametrize("size", [28, 32])
@pytest.mark.parametrize("name", cases(NATIVE))
def test_native_variants_take_small_images_of_both_sizes(name, size):
    with torch.no_grad():
        logits = fill(build_cheap(name))(waves(2, 3, size))
    assert logits.shape == (2, 10)
    assert not torch.equal(logits[0], logits[1])


@pytest.mark.parametrize("name", cases(list_networks()))
def test_too_small_a_image_is_explained(name):
    least = LEAST.get(name, 1)
    check_image_size(name, least)
    if least == 1:
        return
    with pytest.raises(OutOfPixelsError) as caught:
        check_image_size(name, least - 1)
    words = str(caught.value)
    assert words.startswith(f"Images of {least - 1}×{least - 1} are too small for {name}: ")
    assert f"The least size that works is {least}×{least}." in words
    assert "Pool2d) is left with" in words
    native = entry(name).native
    assert (f"For images of 28 to 32 pixels there is {native!r}." in words) == (native is not None)
