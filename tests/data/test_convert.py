import numpy as np
import pytest
import torch
from PIL import Image

from convscope.data.convert import change_channels, convert, resize
from convscope.data.decode import decode
from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from tests.data.image_files import encoded, noise


def set_of(*images):
    """An ImageSet of arrays (H, W[, 3])."""
    arrays = [each[None] if each.ndim == 2 else each.transpose(2, 0, 1) for each in images]
    return ImageSet(np.stack(arrays), [0] * len(arrays), ["a"], name="mine", split="test")


@pytest.mark.parametrize(("old", "new"), [(28, 96), (28, 224), (96, 28), (31, 32), (224, 28)])
def test_resizing_equals_pillows_within_one_level(old, new):
    image = noise(old, old, 1)
    expected = Image.fromarray(image).resize((new, new), Image.Resampling.BILINEAR)
    result = resize(torch.from_numpy(image)[None, None].float(), new)
    assert np.abs(result[0, 0].numpy() - np.asarray(expected, dtype=float)).max() <= 1


@pytest.mark.parametrize("shape", [(20, 30), (31, 20), (9, 40), (24, 24)])
@pytest.mark.parametrize("size", [None, 16, 40])
@pytest.mark.parametrize("channels", [None, 1, 3])
def test_arrays_and_files_are_treated_alike(shape, size, channels):
    for image in (noise(*shape), noise(*shape, 1)):
        expected = decode(encoded(image), size=size, channels=channels)
        result = convert(set_of(image), size=size, channels=channels).images[0]
        assert result.shape == expected.shape
        # Two roundings apart, after luma and after resizing.
        assert np.abs(result.astype(int) - expected).max() <= 2


def test_everything_else_is_kept():
    old = set_of(noise(8, 8), noise(8, 8, seed=1))
    new = convert(old, size=4, channels=1)
    assert new.images.shape == (2, 1, 4, 4)
    assert (new.name, new.split, new.classes) == ("mine", "test", ("a",))
    assert new.paths == old.paths
    assert convert(old, size=8, channels=3) is old
    assert convert(old, size=None, channels=None) is old


def test_luma():
    red, green, blue = (change_channels(torch.eye(3)[i].view(1, 3, 1, 1), 1) for i in range(3))
    assert [red.item(), green.item(), blue.item()] == pytest.approx([0.299, 0.587, 0.114])


@pytest.mark.slow
def test_many_images_are_converted_piece_by_piece():
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    whole = ImageSet(np.repeat(images, 60, axis=0), np.zeros(2400, int), ["a"])
    result = convert(whole, size=96, channels=3).images
    single = convert(whole.subset([2399]), size=96, channels=3).images
    assert np.array_equal(result[2399], single[0])


def test_other_channel_counts_cannot_be_converted():
    odd = ImageSet(np.zeros((2, 5, 8, 8), np.uint8), [0, 0], ["a"], name="odd")
    assert convert(odd, size=4, channels=None).image_shape == (5, 4, 4)
    with pytest.raises(UsageError, match=r"odd has 5 channels.*not 5 into 3"):
        convert(odd, size=None, channels=3)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize(("height", "width"), [(12, 40), (40, 12), (20, 20), (7, 100)])
def test_arrays_become_square_as_files_do(fit, height, width):
    image = noise(height, width)
    expected = decode(encoded(image), size=16, fit=fit).astype(int)
    array = torch.from_numpy(image.transpose(2, 0, 1)[None].astype(np.float32))
    found = resize(array, 16, fit).round().numpy()[0].astype(int)
    assert np.abs(found - expected).max() <= 1
