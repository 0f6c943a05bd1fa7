import numpy as np
import pytest
import torch

from convscope.data.augmentation_settings import Augmentation
from convscope.data.batches import Batches, Normalization
from convscope.data.feature_batches import FeatureBatches, create_feature_file
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError

COUNT = 13
FEATURES = np.arange(3 * COUNT * 2, dtype=np.float32).reshape(3, COUNT, 2)
LABELS = torch.arange(COUNT) % 3


def batches(train=True, size=4, seed=5):
    return FeatureBatches(FEATURES, LABELS, size, train=train, seed=seed)


def joined(found):
    features, labels = zip(*found, strict=True)
    return torch.cat(features), torch.cat(labels)


def test_for_evaluation_they_come_in_order():
    features, labels = joined(batches(train=False).epoch(0))
    assert torch.equal(features, torch.from_numpy(FEATURES[0]))
    assert torch.equal(labels, LABELS)


@pytest.mark.parametrize("epoch", range(5))
def test_an_epoch_takes_one_copy_of_every_image(epoch):
    """But for a last row alone, which no batch normalization could use."""
    features, labels = joined(batches().epoch(epoch))
    copy = torch.from_numpy(FEATURES[epoch % 3])
    rows = [copy[:, 0].tolist().index(each) for each in features[:, 0].tolist()]
    assert len(set(rows)) == len(rows) == COUNT - 1
    assert rows != sorted(rows)
    assert torch.equal(features, copy[rows])
    assert torch.equal(labels, LABELS[rows])


def test_an_epoch_goes_on_from_any_step():
    whole = list(batches().epoch(3))
    assert len(whole) == len(batches())
    for step in range(len(whole)):
        rest = list(batches().epoch(3, step))
        assert all(torch.equal(a[0], b[0]) for a, b in zip(rest, whole[step:], strict=True))


def test_they_are_as_many_and_in_the_order_of_batches_of_images():
    images = ImageSet(np.zeros((COUNT, 1, 2, 2), np.uint8), LABELS.numpy(), tuple("abc"))
    given = Normalization((0.0,), (1.0,))
    like = Batches(images, 4, normalization=given, train=True, seed=5)
    assert len(like) == len(batches())
    for (_, ours), (_, theirs) in zip(batches().epoch(2), like.epoch(2), strict=True):
        assert torch.equal(ours, theirs)


def test_images_in_order_are_changed_at_random_and_none_is_left_out():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (COUNT, 1, 6, 6), dtype=np.uint8)
    given = Normalization((0.0,), (1 / 255,))
    made = Batches(
        ImageSet(images, LABELS.numpy(), tuple("abc")),
        4,
        normalization=given,
        train=True,
        augmentation=Augmentation(flip=True),
    )
    first, labels = joined(made.in_order(0))
    again, other = joined(made.in_order(0))[0], joined(made.in_order(1))[0]
    assert torch.equal(labels, LABELS)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    mirrored = first.flip(-1)
    for row, image in enumerate(torch.from_numpy(images).float()):
        assert torch.allclose(first[row], image) or torch.allclose(mirrored[row], image)


def test_a_file_is_a_memory_map(tmp_path):
    made = create_feature_file(tmp_path / "features" / "train.npy", (2, 3))
    made[:] = 7
    made.flush()
    assert np.load(tmp_path / "features" / "train.npy", mmap_mode="r").sum() == 42


def test_where_there_is_no_room_it_is_said(tmp_path):
    (tmp_path / "features").write_text("in the way")
    with pytest.raises(ConvscopeError, match=r"Features of the frozen layers, 24 bytes.*copies=0"):
        create_feature_file(tmp_path / "features" / "train.npy", (2, 3))


def test_balanced_features_show_every_class_equally_often():
    labels = torch.tensor([0] * 10 + [1] * 2 + [2])
    found = FeatureBatches(FEATURES, labels, 4, train=True, balance=True)
    counts = torch.bincount(torch.cat([drawn for _, drawn in found.epoch(0)]))
    assert counts.max() - counts.min() <= 2
