"""Batches: their order, what is changed at random, and their parts.

Tests data/batches.py, data/batch_part.py.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.data.augmentation_settings import Augmentation
from convscope.data.batch_part import BatchPart
from convscope.data.batches import WHOLE, Batches, Normalization
from convscope.data.image_set import ImageSet
from convscope.errors import UsageError

UNIT = Normalization((0.0,), (1.0,))
UNIT_COLOUR = Normalization((0.0,) * 3, (1.0,) * 3)
EVERYTHING = Augmentation(flip=True, crop=2, colour=0.2, cutout=3, mixup=0.3)


def numbered(count=10, channels=1, side=4):
    """Image i is filled with i, and has the label i modulo 3."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (count, channels, side, side)).copy()
    return ImageSet(images, np.arange(count) % 3, ["a", "b", "c"])


def noisy(count=20, channels=3, side=8):
    images = np.random.default_rng(0).integers(0, 256, (count, channels, side, side))
    return ImageSet(images.astype(np.uint8), np.arange(count) % 3, ["a", "b", "c"])


def numbers(batches, epoch=0, first_step=0):
    """The numbers of the images of each batch."""
    return [
        (images[:, 0, 0, 0] * 255).round().int().tolist()
        for images, _ in batches.epoch(epoch, first_step)
    ]


def same(first, second):
    return all(
        torch.equal(a, c) and torch.equal(b, d)
        for (a, b), (c, d) in zip(first, second, strict=True)
    )


def test_evaluation_keeps_the_order_and_every_image():
    batches = Batches(numbered(10), 4, normalization=UNIT, train=False, augmentation=EVERYTHING)
    assert len(batches) == 3
    assert numbers(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert torch.cat([labels for _, labels in batches.epoch(5)]).tolist() == [
        number % 3 for number in range(10)
    ]


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5))
def test_an_epoch_has_each_image_once(count, batch_size, epoch):
    batches = Batches(numbered(count), batch_size, normalization=UNIT, train=True)
    found = numbers(batches, epoch)
    assert len(found) == len(batches)
    single = count % batch_size == 1 and 1 < batch_size < count
    numbers_found = [number for each in found for number in each]
    assert len(set(numbers_found)) == len(numbers_found) == count - single
    assert all(len(each) == batch_size for each in found[:-1])


def test_a_single_image_at_the_end_is_left_out_of_training_only():
    images = numbered(9)
    assert [len(each) for each in numbers(Batches(images, 4, normalization=UNIT, train=True))] == [
        4,
        4,
    ]
    assert [len(each) for each in numbers(Batches(images, 4, normalization=UNIT, train=False))] == [
        4,
        4,
        1,
    ]


def test_images_and_labels_stay_together():
    batches = Batches(numbered(30), 7, normalization=UNIT, train=True)
    for images, labels in batches.epoch(0):
        assert images.dtype == torch.float32
        assert labels.dtype == torch.int64
        assert ((images[:, 0, 0, 0] * 255).round().long() % 3).tolist() == labels.tolist()


def test_order_depends_on_seed_and_epoch_only():
    def order(seed, epoch):
        return numbers(Batches(numbered(50), 8, normalization=UNIT, train=True, seed=seed), epoch)

    assert order(1, 2) == order(1, 2)
    orders = [order(seed, epoch) for seed in range(3) for epoch in range(3)]
    assert all(a != b for i, a in enumerate(orders) for b in orders[:i])


@pytest.mark.parametrize("augmentation", [None, EVERYTHING])
def test_any_step_can_be_made_again_without_those_before(augmentation):
    def batches(seed=3):
        return Batches(
            noisy(), 6, normalization=UNIT_COLOUR, train=True, seed=seed, augmentation=augmentation
        )

    whole = list(batches().epoch(4))
    assert len(whole) == 4
    torch.manual_seed(123)  # what others draw does not matter
    np.random.seed(5)  # noqa: NPY002
    for first in range(5):
        assert same(whole[first:], list(batches().epoch(4, first)))
    assert not same(whole, list(batches().epoch(5)))
    assert not same(whole, list(batches(seed=4).epoch(4)))


def test_steps_and_epochs_are_augmented_differently():
    images = ImageSet(np.repeat(noisy(1).images, 40, axis=0), [0] * 40, ["a"])
    batches = Batches(
        images, 10, normalization=UNIT_COLOUR, train=True, augmentation=Augmentation(crop=3)
    )
    made = [batch for epoch in range(2) for batch, _ in batches.epoch(epoch)]
    assert all(not torch.equal(a, b) for i, a in enumerate(made) for b in made[:i])


def test_order_and_augmentation_do_not_share_their_numbers():
    # Seed, epoch and step 0 must not give the generator that shuffled the epoch.
    from convscope.data.batches import AUGMENTING, SHUFFLING, _generator

    made = [
        tuple(_generator(*key).integers(0, 1 << 60, 2))
        for key in [(0, SHUFFLING, 0), (0, AUGMENTING, 0, 0), (0, AUGMENTING, 0, 1),
                    (0, AUGMENTING, 1, 0), (1, AUGMENTING, 0, 0), (1, SHUFFLING, 0)]
    ]  # fmt: skip
    assert len(set(made)) == len(made)


def test_mixup_gives_shares_of_classes():
    batches = Batches(
        noisy(), 8, normalization=UNIT_COLOUR, train=True, augmentation=Augmentation(mixup=0.5)
    )
    for _, labels in batches.epoch(0):
        assert labels.shape[1] == 3
        assert torch.allclose(labels.sum(1), torch.ones(len(labels)))


@pytest.mark.parametrize("size", [12, 96, 5])
def test_batches_are_resized_like_pillow_does(size):
    images = noisy(4, side=28)
    normalization = Normalization((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    batches = Batches(images, 4, normalization=normalization, train=False, size=size)
    ((result, _),) = batches.epoch(0)
    mean, std = (
        torch.tensor(each).view(3, 1, 1) for each in (normalization.mean, normalization.std)
    )
    levels = (result * std + mean) * 255
    for row, image in enumerate(images.images):
        drawn = Image.fromarray(image.transpose(1, 2, 0))
        expected = np.asarray(drawn.resize((size, size), Image.Resampling.BILINEAR), dtype=float)
        assert np.abs(levels[row].numpy() - expected.transpose(2, 0, 1)).max() <= 1.01


def test_normalization_is_the_formula():
    normalization = Normalization((0.5, 0.25, 0.1), (0.5, 0.25, 2.0))
    images = torch.from_numpy(noisy().images)
    mean, std = (
        torch.tensor(each).view(3, 1, 1) for each in (normalization.mean, normalization.std)
    )
    assert torch.allclose(normalization.apply(images), (images / 255 - mean) / std, atol=1e-5)
    as_float = images.float()
    assert torch.equal(normalization.apply(as_float), normalization.apply(images))
    assert torch.equal(as_float, images.float())


def test_normalization_of_a_set_gives_mean_0_and_deviation_1():
    images = noisy()
    ((batch, _),) = Batches(images, 20, normalization=Normalization.of(images), train=False).epoch(
        0
    )
    assert torch.allclose(batch.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(batch.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5)
    flat = ImageSet(np.full((3, 1, 2, 2), 51, np.uint8), [0, 0, 0], ["a"])
    assert Normalization.of(flat) == Normalization((pytest.approx(0.2),), (1.0,))


@pytest.mark.parametrize("train", [True, False])
def test_memory_format(train):
    batches = Batches(
        noisy(), 6, normalization=UNIT_COLOUR, train=train, memory_format=torch.channels_last
    )
    plain = Batches(noisy(), 6, normalization=UNIT_COLOUR, train=train)
    for (images, _), (reference, _) in zip(batches.epoch(0), plain.epoch(0), strict=True):
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert reference.is_contiguous()
        assert torch.equal(images, reference)


def test_images_are_neither_copied_nor_changed(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, noisy().images)
    for mode in ("r", "c"):
        images = ImageSet(np.load(path, mmap_mode=mode), noisy().labels, noisy().classes)
        batches = Batches(images, 7, normalization=UNIT_COLOUR, train=True, augmentation=EVERYTHING)
        assert batches._images.data_ptr() == images.images.ctypes.data
        list(batches.epoch(0))
    assert np.array_equal(np.load(path), noisy().images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1; given 0"),
        ({"normalization": UNIT}, r"has 1 channels, but the images of arrays have 3\. Use Norm"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(UsageError, match=message):
        Batches(
            **{"images": noisy(), "batch_size": 4, "normalization": UNIT_COLOUR, "train": True}
            | arguments
        )


@pytest.mark.parametrize(("mean", "std"), [((0.5,), (0.0,)), ((0.5,), (1.0, 1.0)), ((0.5,), (-1,))])
def test_normalizations_are_checked(mean, std):
    with pytest.raises(UsageError, match="a standard deviation above 0 for each channel"):
        Normalization(mean, std)


@pytest.mark.gpu
def test_a_gpu_gets_the_same_batches():
    def made(device):
        batches = Batches(
            noisy(), 6, normalization=UNIT_COLOUR, train=True, device=device, size=12,
            augmentation=EVERYTHING,
        )  # fmt: skip
        return [(images.cpu(), labels.cpu()) for images, labels in batches.epoch(0)]

    for (a, b), (c, d) in zip(made("cpu"), made("cuda"), strict=True):
        assert torch.allclose(a, c, atol=1e-4)
        assert torch.allclose(b, d)


def test_what_is_put_beside_an_image_is_black_before_normalization():
    images = ImageSet(np.full((2, 1, 4, 8), 255, np.uint8), [0, 1], ("a", "b"))
    scale = Normalization((0.5,), (0.25,))
    batches = Batches(images, 2, normalization=scale, train=False, size=8, fit="pad")
    ((pixels, _),) = batches.epoch(0)
    assert pixels.shape == (2, 1, 8, 8)
    assert pixels[0, 0, :, 0].tolist() == [-2.0, -2.0, 2.0, 2.0, 2.0, 2.0, -2.0, -2.0]


def test_balanced_batches_show_every_class_equally_often_and_go_on_in_the_middle():
    labels = np.repeat([0, 1], [24, 8])
    pixels = np.arange(32, dtype=np.uint8)[:, None, None, None].repeat(4, 2).repeat(4, 3)
    images = ImageSet(pixels, labels, ["a", "b"])
    batches = Batches(
        images, 8, normalization=Normalization((0.0,), (1.0,)), train=True, seed=3, balance=True
    )
    seen = [drawn for _, drawn in batches.epoch(0)]
    assert torch.bincount(torch.cat(seen)).tolist() == [16, 16]
    for first, second in zip(seen[2:], batches.epoch(0, 2), strict=True):
        assert first.equal(second[1])
    assert [each.tolist() for each in seen] != [each.tolist() for _, each in batches.epoch(1)]


@given(st.integers(1, 30), st.integers(1, 5))
def test_parts_of_a_batch_are_the_batch(length, count):
    parts = [BatchPart(number, count).rows(length) for number in range(count)]
    sizes = [part.stop - part.start for part in parts]
    assert [row for part in parts for row in range(length)[part]] == list(range(length))
    assert max(sizes) - min(sizes) <= 1
    assert sizes[0] > 0


@pytest.mark.parametrize(
    "augmentation", [None, EVERYTHING, EVERYTHING.model_copy(update={"mixup": 0.0})]
)
@pytest.mark.parametrize("count", [2, 3, 4])
def test_parts_are_changed_as_in_the_whole(augmentation, count):
    def batches(part):
        return Batches(
            noisy(), 6, normalization=UNIT_COLOUR, train=True, seed=3, augmentation=augmentation,
            size=5, part=part,
        )  # fmt: skip

    parts = [batches(BatchPart(number, count)).epoch(4) for number in range(count)]
    for (images, labels), *taken in zip(batches(WHOLE).epoch(4), *parts, strict=True):
        assert torch.equal(torch.cat([each for each, _ in taken]), images)
        assert torch.equal(torch.cat([each for _, each in taken]), labels)
