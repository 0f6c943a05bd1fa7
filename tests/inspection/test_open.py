"""A network and an image are made ready for each other, or it is said why not.

Tests inspection/open/image.py, inspection/open/network.py, inspection/open/unit.py.
"""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from convscope.errors import ConvscopeError, UsageError
from convscope.inspection.open.image import open_image
from convscope.inspection.open.unit import parse_unit
from convscope.networks.catalog import build


@pytest.fixture
def file(tmp_path):
    """A colour image, wider than high."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 44, 3), dtype=np.uint8)
    path = tmp_path / "wide.png"
    Image.fromarray(pixels).save(path)
    return path


def test_a_file_is_treated_as_for_training(digits_run, file):
    model = digits_run.model()
    network, card = model.network, model.card
    for given in (digits_run, digits_run.folder, str(digits_run.folder), digits_run.model_file):
        found = open_image(given, file)
        assert found.image.shape == (1, 28, 28)
        assert found.image_name == "wide.png"
        assert found.classes == card.classes
        expected = (found.image / 255 - card.mean[0]) / card.std[0]
        assert found.pixels[0].numpy() == pytest.approx(expected, abs=1e-5)
        assert not found.notes
    assert type(found.network) is type(network)


def test_pixels_are_treated_as_a_file(digits_run):
    pixels = np.full((3, 40, 40), 200, np.uint8)
    found = open_image(digits_run, pixels)
    assert found.image.shape == (1, 28, 28)
    assert (found.image == 200).all()
    assert torch.equal(found.pixels, open_image(digits_run, torch.from_numpy(pixels)).pixels)


@pytest.mark.parametrize("axes", [3, 4])
def test_the_networks_own_numbers_are_taken_as_they_are(axes):
    network = nn.Conv2d(2, 1, 3).double()
    image = torch.randn((1, 2, 5, 6)[4 - axes :])
    found = open_image(network, image)
    assert found.pixels.shape == (1, 2, 5, 6)
    assert found.pixels.dtype == torch.float64
    assert found.image is None


def test_a_network_of_the_catalog_has_the_same_weights_each_time(file):
    before = torch.get_rng_state()
    one, other = (
        open_image("lenet", file),
        open_image("lenet", file, size=32, channels=3, classes=4),
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert one.pixels.shape == (1, 1, 28, 28)
    assert other.pixels.shape == (1, 3, 32, 32)
    assert other.network(other.pixels).shape == (1, 4)
    again = open_image("lenet", file).network.state_dict()
    assert all(
        torch.equal(tensor, again[name]) for name, tensor in one.network.state_dict().items()
    )
    assert one.notes == (
        "lenet is not trained: its weights are random.",
        "The pixels were scaled to [0, 1] and not normalized.",
    )


def test_a_module_of_the_catalog_says_its_size(file):
    assert open_image(build("lenet", size=20), file).pixels.shape == (1, 1, 20, 20)
    assert open_image(build("resnet18-32px", 3), file).pixels.shape == (1, 3, 32, 32)


def test_a_file_for_a_module_of_ones_own(file):
    with pytest.raises(UsageError) as caught:
        open_image(nn.Conv2d(3, 1, 3), file)
    assert str(caught.value) == (
        "How Conv2d wants its images isn't known, so a file can't be made ready. Give a float "
        "tensor (channels, height, width), as the network takes it."
    )


@pytest.mark.parametrize("shape", [(28, 28), (2, 1, 28, 28), (1, 1, 1, 28, 28)])
def test_not_one_image(shape):
    with pytest.raises(UsageError) as caught:
        open_image("lenet", torch.zeros(shape))
    assert str(caught.value) == (
        "image must be one image (channels, height, width), or a file; given a tensor of shape "
        f"{shape}. From an ImageSet, take data.images[0]."
    )


def test_not_a_image(tmp_path):
    path = tmp_path / "notes.txt"
    with pytest.raises(ConvscopeError, match="notes.txt' can't be used: there is no such file."):
        open_image("lenet", path)
    path.write_text("not an image", encoding="utf-8")
    with pytest.raises(ConvscopeError, match="notes.txt' can't be used: not a readable JPEG"):
        open_image("lenet", path)


def test_not_a_network(file):
    with pytest.raises(UsageError, match="Unknown network or run folder 'lenot'. Did you mean"):
        open_image("lenot", file)
    with pytest.raises(UsageError, match="No run folder 'runs/lenet'"):
        open_image("runs/lenet", file)


@pytest.mark.parametrize("argument", ["channels", "classes"])
def test_a_run_keeps_its_channels_and_classes(digits_run, file, argument):
    with pytest.raises(
        UsageError, match=f"{argument} 7 does not fit '.*', which is there already, with"
    ):
        open_image(digits_run, file, **{argument: 7})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("features.conv1:2,10,12", ("features.conv1", (2, 10, 12))),
        ("dense3: 4 ", ("dense3", (4,))),
        ("odd:name:1,2,3", ("odd:name", (1, 2, 3))),
        (("layer2", [5, 3, np.int64(3)]), ("layer2", (5, 3, 3))),
    ],
)
def test_the_name_of_a_unit(text, meant):
    assert parse_unit(text) == meant


@pytest.mark.parametrize("text", ["conv1", ":1,2", "conv1:", "conv1:-1", "conv1:1,,2", "conv1:a"])
def test_not_the_name_of_a_unit(text):
    with pytest.raises(UsageError, match="unit must be LAYER:CHANNEL,ROW,COLUMN"):
        parse_unit(text)
