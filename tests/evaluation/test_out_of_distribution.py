"""Out-of-distribution images: which are shown, in which form, and what is counted."""

import numpy as np
import pytest
from PIL import Image

from convscope.data.load import load_splits
from convscope.errors import UsageError
from convscope.evaluation.calibrate import calibrate
from convscope.evaluation.evaluate import evaluate
from convscope.evaluation.out_of_distribution import (
    out_of_distribution_images,
    usual_out_of_distribution,
)
from convscope.runs.model_file import ModelCard


def card(classes=("cat", "dog"), channels=3):
    return ModelCard(
        network="lenet", classes=classes, channels=channels, size=12,
        mean=(0.5,) * channels, std=(0.2,) * channels,
    )  # fmt: skip


def test_noise_has_the_size_of_the_model_and_is_the_same_every_time():
    noise = out_of_distribution_images("noise", card())
    assert noise.images.shape == (1000, 3, 12, 12)
    assert noise.images.std() == pytest.approx(256 / 12**0.5, rel=0.01)
    assert np.array_equal(noise.images, out_of_distribution_images("noise", card()).images)


def test_digits_are_shown_in_the_channels_of_the_model_unless_it_knows_them():
    noise, digits = usual_out_of_distribution(card())
    assert (noise.name, digits.name) == ("noise", "digits")
    assert digits.images.shape[:2] == (1000, 3)
    (only,) = usual_out_of_distribution(card(classes=tuple("0123456789")))
    assert only.name == "noise"


def test_classes_that_the_model_knows_are_left_out(images):
    out_of_distribution = out_of_distribution_images(images, card())
    assert len(out_of_distribution) == 10
    assert all("/emu/" in path for path in out_of_distribution.paths)
    assert out_of_distribution.images.shape[1:] == (3, 12, 12)


def test_images_of_known_classes_alone_are_refused(images):
    with pytest.raises(UsageError) as caught:
        out_of_distribution_images(images, card(classes=("emu", "dog", "cat")))
    assert str(caught.value) == (
        f"--out-of-distribution {str(images)!r}: there are no images, or the model knows all of "
        "their classes, so that they aren't out-of-distribution. Give images of other things, "
        "or noise."
    )


def test_a_data_set_is_taken_by_its_name_without_the_known_classes():
    digits = out_of_distribution_images("digits", card(classes=("1", "2"), channels=1))
    counts = load_splits("digits")["test"].counts()
    assert len(digits) == sum(counts.values()) - counts["1"] - counts["2"]
    assert not digits.labels.any()  # a model of two classes could do nothing with others
    with pytest.raises(UsageError, match="'digit'.*[Dd]id you mean 'digits'"):
        out_of_distribution_images("digit", card())


def test_what_is_no_image_is_left_out(images):
    (images / "emu" / "notes.txt").write_text("hello")
    assert len(out_of_distribution_images(images, card())) == 10


def test_a_folder_is_met_and_counted(make_run, images, tmp_path):
    for number in range(4):
        folder = tmp_path / "others" / "black"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 40)).save(folder / f"{number}.png")
    run = make_run(images)
    calibrate(run, 0.2)
    found = evaluate(run, out_of_distribution=[tmp_path / "others", "noise"])
    assert [each.data for each in found.out_of_distribution] == ["others", "noise"]
    assert found.out_of_distribution[0].images == 4
    assert found.out_of_distribution[0].false_acceptance in (0, 1)  # all four are the same image
