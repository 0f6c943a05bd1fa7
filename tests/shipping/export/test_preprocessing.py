import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convscope.data.decode import decode
from convscope.shipping.export.preprocessing import preprocessing
from tests.data.image_files import encoded, noise
from tests.shipping.export.models import card_for

SIZES = (1, 8, 28, 64)


@pytest.fixture(scope="module")
def sessions():
    """For every number of channels and every size, the part of the graph before the network."""
    made = {}
    for channels in (1, 3):
        for size in SIZES:
            model = preprocessing(card_for(channels, size), 18)
            onnx.checker.check_model(model, full_check=True)
            made[channels, size] = onnxruntime.InferenceSession(model.SerializeToString())
    return made


def check(session, images, size, channels):
    """`images` (N, H, W, 3) become what `decode` makes of the same files, bit by bit."""
    (pixels,) = session.run(None, {"images": images})
    wanted = [decode(encoded(each), size=size, channels=channels) for each in images]
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, np.stack(wanted))


@pytest.mark.slow
@settings(max_examples=150)
@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(1, 3),
    st.sampled_from((1, 3)),
    st.sampled_from(SIZES),
    st.integers(0, 2**32),
)
@example(1, 1, 1, 3, 64, 0)
@example(64, 64, 3, 3, 64, 0)
@example(28, 28, 2, 1, 28, 0)
@example(56, 56, 1, 3, 28, 0)  # every sum lies halfway between two grey levels or on one
@example(9, 200, 2, 1, 28, 0)
def test_equals_pillow_to_the_bit(sessions, height, width, count, channels, size, seed):
    images = np.stack([noise(height, width, seed=seed + number) for number in range(count)])
    check(sessions[channels, size], images, size, channels)


@pytest.mark.slow
def test_large_photo(sessions):
    check(sessions[3, 64], noise(3000, 4000)[None], 64, 3)


@pytest.mark.parametrize("size", [96, 224])
@pytest.mark.parametrize("shape", [(28, 28), (100, 130), (500, 375), (640, 480), (1024, 1024)])
def test_sizes_of_textbooks(size, shape):
    model = preprocessing(card_for(3, size), 18)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    check(session, noise(*shape)[None], size, 3)


def test_extremes_do_not_overflow(sessions):
    for value in (0, 255):
        check(sessions[3, 28], np.full((1, 150, 150, 3), value, np.uint8), 28, 3)


@pytest.mark.parametrize("shape", [(28, 28), (50, 40)])
@pytest.mark.parametrize("channels", [1, 3])
def test_no_images_at_all(sessions, shape, channels):
    (pixels,) = sessions[channels, 28].run(None, {"images": np.zeros((0, *shape, 3), np.uint8)})
    assert pixels.shape == (0, channels, 28, 28)


@pytest.fixture(scope="module")
def whole():
    """As `sessions`, for models whose images were padded or stretched."""
    made = {}
    for fit in ("pad", "stretch"):
        for channels in (1, 3):
            for size in SIZES:
                card = card_for(channels, size).model_copy(update={"fit": fit})
                model = preprocessing(card, 18)
                onnx.checker.check_model(model, full_check=True)
                session = onnxruntime.InferenceSession(model.SerializeToString())
                made[fit, channels, size] = session
    return made


@pytest.mark.slow
@settings(max_examples=150)
@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.sampled_from(("pad", "stretch")),
    st.sampled_from((1, 3)),
    st.sampled_from(SIZES),
    st.integers(0, 2**32),
)
@example(1, 1, "pad", 3, 64, 0)
@example(1, 200, "pad", 3, 64, 0)
@example(200, 1, "stretch", 1, 28, 0)
@example(28, 28, "stretch", 1, 28, 0)
@example(28, 56, "pad", 3, 28, 0)
def test_padding_and_stretching_equal_decoding_to_the_bit(
    whole, height, width, fit, channels, size, seed
):
    images = np.stack([noise(height, width, seed=seed + number) for number in range(2)])
    (pixels,) = whole[fit, channels, size].run(None, {"images": images})
    wanted = [decode(encoded(each), size=size, channels=channels, fit=fit) for each in images]
    np.testing.assert_array_equal(pixels, np.stack(wanted))
