import numpy as np
import pydantic
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.augmentation import colour, crop, cutout, flip, mixup
from convscope.data.augmentation_settings import Augmentation


def images(count=200, channels=3, height=6, width=7):
    values = np.random.default_rng(0).integers(1, 256, (count, channels, height, width))
    return torch.from_numpy(values.astype(np.uint8))


def random(seed=0):
    return np.random.default_rng(seed)


def test_nothing_is_changed_unless_asked():
    assert Augmentation().model_dump() == {
        "flip": False, "crop": 0, "colour": 0.0, "cutout": 0, "mixup": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"crop": -1}, {"colour": 1.5}, {"cutout": 2.5}, {"mixup": float("inf")}, {"flop": 1}]
)
def test_settings_are_checked(wrong):
    with pytest.raises(pydantic.ValidationError):
        Augmentation(**wrong)


def test_flip_mirrors_about_half():
    old = images(2000)
    new = flip(old, random())
    mirrored = (new == old.flip(-1)).flatten(1).all(1)
    same = (new == old).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert 900 < mirrored.sum() < 1100
    assert new.dtype == torch.uint8


@given(st.integers(1, 4), st.integers(0, 99))
def test_crop_shifts_each_image_and_blackens_what_comes_in(padding, seed):
    old = images(8)
    new = crop(old, padding, random(seed))
    assert new.shape == old.shape
    padded = torch.nn.functional.pad(old, [padding] * 4)
    for before, after in zip(padded, new, strict=True):
        places = [
            (top, left)
            for top in range(2 * padding + 1)
            for left in range(2 * padding + 1)
            if torch.equal(before[:, top : top + 6, left : left + 7], after)
        ]
        assert places


def test_crop_reaches_every_shift_alike():
    old = torch.zeros(5000, 1, 5, 5, dtype=torch.uint8)
    old[:, :, 2, 2] = 1
    where = crop(old, 1, random()).flatten(1).argmax(1)
    counts = torch.bincount(where, minlength=25).view(5, 5)
    assert bool((counts[1:4, 1:4] > 450).all())
    assert counts[1:4, 1:4].sum() == 5000


@given(st.integers(1, 9), st.integers(0, 99))
def test_cutout_fills_one_square_that_borders_may_cut(side, seed):
    old = images(10)
    new = cutout(old, side, torch.zeros(3, dtype=torch.uint8), random(seed))
    for before, after in zip(old, new, strict=True):
        gone = (after == 0).all(0)
        assert torch.equal(before[:, ~gone], after[:, ~gone])
        rows, columns = gone.any(1).nonzero().flatten(), gone.any(0).nonzero().flatten()
        assert 1 <= len(rows) <= side
        assert 1 <= len(columns) <= side
        assert gone.sum() == len(rows) * len(columns)  # a full rectangle …
        assert rows[-1] - rows[0] + 1 == len(rows)
        assert len(rows) == side or rows[0] == 0 or rows[-1] == 5  # … cut only at a border
        assert len(columns) == side or columns[0] == 0 or columns[-1] == 6


def test_cutout_takes_the_given_colour():
    fill = torch.tensor([10, 20, 30], dtype=torch.uint8)
    new = cutout(images(5), 50, fill, random())
    assert new.amax((0, 2, 3)).tolist() == [10, 20, 30]


def test_colour_changes_brightness_contrast_and_saturation_within_bounds():
    old = images(300).float() / 255
    new = colour(old, 0.2, random())
    assert new.shape == old.shape
    assert new.min() >= 0
    assert new.max() <= 1
    ratio = new.mean((1, 2, 3)) / old.mean((1, 2, 3))
    assert 0.75 < ratio.min() < 0.85
    assert 1.1 < ratio.max() < 1.3
    assert torch.allclose(colour(old, 0.0, random()), old, atol=1e-6)


def test_colour_leaves_grey_images_grey_and_saturation_works_on_colour():
    grey = images(4, channels=1).float() / 255
    assert colour(grey, 0.3, random()).shape == grey.shape
    uniform = torch.tensor([0.6, 0.4, 0.5]).view(1, 3, 1, 1).expand(400, 3, 4, 4)
    spread = colour(uniform, 0.3, random())[:, 0, 0, 0] - colour(uniform, 0.3, random())[:, 1, 0, 0]
    assert spread.max() > 0.24
    assert spread.min() < 0.15


def test_mixup_mixes_images_and_labels_in_the_same_share():
    old = torch.eye(10).view(10, 1, 1, 10).float()  # image i is the one-hot vector i
    labels = torch.arange(10)
    new, mixed = mixup(old, labels, 10, 0.4, random(3))
    assert torch.allclose(new.flatten(1), mixed)
    assert torch.allclose(mixed.sum(1), torch.ones(10))
    own = mixed[labels, labels]
    share = own.min()
    assert bool(((own - share).abs() < 1e-6).logical_or(own == 1).all())


def test_mixup_shares_follow_the_beta_distribution():
    shares = []
    for seed in range(400):
        _, mixed = mixup(torch.zeros(2, 1, 1, 1), torch.tensor([0, 1]), 2, 0.2, random(seed))
        if mixed[0, 1] > 0:
            shares.append(mixed[0, 0].item())
    # Beta(0.2, 0.2) lies mostly near 0 and 1; variance 1 / (4 (2·0.2 + 1)).
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)
    assert np.var(shares) == pytest.approx(1 / 5.6, abs=0.03)


@pytest.mark.parametrize(
    "change",
    [
        lambda x, g: flip(x, g),
        lambda x, g: crop(x, 2, g),
        lambda x, g: cutout(x, 3, torch.zeros(3, dtype=torch.uint8), g),
        lambda x, g: colour(x / 255, 0.2, g),
        lambda x, g: mixup(x.float(), torch.zeros(len(x), dtype=torch.int64), 2, 0.2, g)[0],
    ],
)
def test_changes_follow_the_generator_and_leave_their_input_alone(change):
    old = images(30)
    copy = old.clone()
    first, again, other = (change(old, random(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(old, copy)
