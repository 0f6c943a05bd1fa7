"""The images that excite a channel most are those that a plain loop finds.

Tests inspection/open/data.py.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.data.batches import Normalization
from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.inspection.excitation.excitation import _Best, most_exciting
from convscope.inspection.open import data
from convscope.inspection.open.data import OpenedData
from convscope.inspection.receptive_field.unit_field import Box

NORMALIZATION = Normalization((0.0,), (1.0,))


def opened(images, size=None):
    return OpenedData(images, size, NORMALIZATION, torch.device("cpu"))


@pytest.fixture
def images():
    """Dark noise; image 4 has a bright spot, image 9 a brighter one, image 2 a faint one."""
    pixels = np.random.default_rng(0).integers(0, 4, (12, 1, 10, 14), dtype=np.uint8)
    for image, brightness, row, column in ((4, 200, 3, 5), (9, 250, 8, 12), (2, 90, 0, 0)):
        pixels[image, 0, row, column] = brightness
    return ImageSet(pixels, [0] * 12, ["one"])


@pytest.fixture
def network():
    """Channel 0 answers to brightness, channel 1 to darkness, in windows of 3 × 3 by steps of 2."""
    conv = nn.Conv2d(1, 2, 3, stride=2, padding=1)
    with torch.no_grad():
        conv.weight[0] = 1.0
        conv.weight[1] = -1.0
        conv.bias.zero_()
    return nn.Sequential(conv, nn.Flatten(), nn.Linear(2 * 5 * 7, 1))


def test_the_images_the_place_and_what_it_sees(network, images):
    found = most_exciting(network, opened(images), "0", [0], count=3)[0]
    assert [each.index for each in found] == [9, 4, 2]
    assert found[0].unit == (0, 4, 6)
    assert found[0].box == Box(top=7, left=11, bottom=9, right=13)
    np.testing.assert_array_equal(found[0].patch, images.images[9][:, 7:10, 11:14])
    assert found[2].box == Box(top=0, left=0, bottom=1, right=1)  # cut at the border
    assert found[2].patch.shape == (1, 2, 2)
    with torch.no_grad():
        maps = network[0](torch.from_numpy(images.images[9:10]).float() / 255)
    assert found[0].value == pytest.approx(float(maps[0, 0].max()))


def test_a_dense_unit_sees_the_whole_image(network, images):
    found = most_exciting(network, opened(images), "2", count=2)
    assert list(found) == [0]
    assert found[0][0].unit == (0,)
    assert found[0][0].patch.shape == (1, 10, 14)


def test_batches_don_t_change_the_result(network, images, monkeypatch):
    expected = most_exciting(network, opened(images), "0", count=5)
    monkeypatch.setattr(data, "IMAGES_AT_ONCE", 5)
    found = most_exciting(network, opened(images), "0", count=5)
    for channel in (0, 1):
        assert [(e.index, e.unit) for e in found[channel]] == [
            (e.index, e.unit) for e in expected[channel]
        ]


def test_fewer_images_than_wanted_and_another_size(network, images):
    found = most_exciting(network[:1], opened(images, 20), "0", [1], count=50)[1]
    assert len(found) == 12
    assert sorted(each.index for each in found) == list(range(12))
    assert found[0].image.shape == (1, 20, 20)
    assert [each.value for each in found] == sorted((e.value for e in found), reverse=True)


def test_unknown_channel(network, images):
    with pytest.raises(UsageError, match="0 has no channel 2; its channels are 0 to 1."):
        most_exciting(network, opened(images), "0", [2])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 999))
def test_the_best_over_batches_are_the_best_of_all(count, sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    batches = [torch.randn(size, 3, 4, generator=generator) for size in sizes]
    best = _Best(count)
    for batch in batches:
        best.add(batch)
    strongest, places = torch.cat(batches).max(dim=2)
    values, order = strongest.sort(dim=0, descending=True)
    assert torch.equal(best.values, values[:count])
    assert torch.equal(best.images, order[:count])
    assert torch.equal(best.positions, places.gather(0, order[:count]))
