import numpy as np
import pytest

import convscope as cs
from convscope.diagnosis.neighbours import sample, vote


def clusters(count, seed=0, classes=3):
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    images = (labels * 80)[:, None, None, None] + random.integers(0, 30, (count, 1, 4, 4))
    return cs.ImageSet(images.astype(np.uint8), labels, "abc"[:classes])


def relabelled(images, labels):
    return cs.ImageSet(images.images, labels, images.classes)


def test_labels_that_belong_to_the_images():
    found = vote(clusters(200))
    assert found.accuracy == 1
    assert found.contradicted == 0
    assert 0.2 < found.chance < 0.5
    assert found.is_informative
    assert not found.says_nothing


def test_shuffled_labels_say_nothing():
    images = clusters(200)
    found = vote(relabelled(images, np.random.default_rng(1).permutation(images.labels)))
    assert found.says_nothing
    assert not found.is_informative


def test_a_few_wrong_labels_are_contradicted():
    images = clusters(400)
    labels = images.labels.copy()
    labels[:40] = (labels[:40] + 1) % 3
    assert vote(relabelled(images, labels)).contradicted == pytest.approx(0.1, abs=0.03)


def test_other_images_are_labelled_by_the_training_images():
    train, other = clusters(200), clusters(150, seed=1)
    assert vote(train, other).accuracy == 1
    assert vote(train, other).images == 150
    turned = relabelled(other, (other.labels + 1) % 3)
    assert vote(train, turned).says_nothing


def test_few_images_prove_nothing():
    found = vote(clusters(20))
    assert not found.says_nothing
    assert not found.is_informative


@pytest.mark.parametrize("count", [1, 2, 5])
def test_tiny_sets_can_be_asked(count):
    assert vote(clusters(count)).images == count


def test_a_sample_keeps_the_order_of_the_set():
    images = clusters(50)
    chosen = sample(images, 10, np.random.default_rng(0))
    places = [images.paths.index(path) for path in chosen.paths]
    assert len(chosen) == 10
    assert places == sorted(places)
    assert sample(images, 50, np.random.default_rng(0)) is images
