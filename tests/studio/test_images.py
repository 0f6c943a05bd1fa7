"""The images of all views, and files that people bring."""

import io

import numpy as np
import pytest
from PIL import Image

from convscope.studio.images import DIGITS, DRAWN, SIDES, image_names
from tests.studio.conftest import TOKEN, received


@pytest.mark.parametrize("name", [*DRAWN, "digit-0", "digit-9"])
def test_small_images_have_small_whole_numbers(ask, name):
    found = ask(f"bench/image?name={name}")
    image = received(found["image"])
    assert image.dtype == np.uint8
    assert image.shape[0] == 1
    assert max(image.shape) <= 12
    assert image.max() <= found["top"] <= 16
    assert name in DIGITS or image.max() == found["top"]


def test_digits_are_what_they_are_called(ask):
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, name in enumerate(DIGITS):
        image = received(ask(f"bench/image?name={name}")["image"])[0]
        assert digits.target[(digits.images == image).all(axis=(1, 2))].tolist() == [number]


@pytest.mark.parametrize("side", SIDES)
def test_photographs_come_in_sizes_and_colour(ask, side):
    grey = received(ask(f"bench/image?name=china&side={side}")["image"])
    colour = received(ask(f"bench/image?name=china&side={side}&colour=true")["image"])
    assert grey.shape == (1, side, side)
    assert colour.shape == (3, side, side)
    luma = np.tensordot([0.299, 0.587, 0.114], colour.astype(float), axes=1)
    assert abs(luma - grey[0]).max() <= 1


def test_what_there_is_not(ask):
    assert ask("bench/image?name=x", status=422)["key"] == "refused.bench.image_name"
    assert ask("bench/image?name=china&side=47", status=422)["key"] == "refused.bench.side"


def bring(studio, content, query="side=16"):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/png"}
    return studio.post(f"/api/bench/image?{query}", content=content, headers=headers)


def test_a_file_is_cut_to_a_square_and_made_small(studio):
    buffer = io.BytesIO()
    wide = Image.new("RGB", (90, 60), (0, 0, 0))
    wide.paste((200, 100, 50), (10, 0, 80, 60))  # its middle, which is kept
    wide.save(buffer, "PNG")
    found = bring(studio, buffer.getvalue(), "side=16&colour=true").json()
    image = received(found["image"])
    assert image.shape == (3, 16, 16)
    assert (image == np.array([200, 100, 50])[:, None, None]).all()
    assert received(bring(studio, buffer.getvalue()).json()["image"]).shape == (1, 16, 16)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n", b"<svg></svg>"])
def test_what_is_no_image_is_refused_in_words(studio, content):
    answer = bring(studio, content)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_every_image_has_a_name_in_the_words():
    from convscope.studio.refusals import english_words

    for name in image_names():
        assert name.startswith("digit-") or f"bench.image.{name}" in english_words()
