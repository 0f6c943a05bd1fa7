import re

import numpy as np
import pytest
import torch

from convscope.errors import ConvscopeError
from convscope.runs.model import Model
from convscope.runs.model_file import Rejection
from convscope.shipping.export import agreement
from convscope.shipping.export.agreement import check_agreement
from convscope.shipping.export.assemble import onnx_bytes
from convscope.shipping.export.originals import Original
from convscope.shipping.export.session import Session
from tests.data.image_files import encoded, noise
from tests.shipping.export.models import card_for, made


@pytest.fixture(scope="module")
def tried_on():
    """Images of many sizes."""
    shapes = np.random.default_rng(0).integers(10, 90, (20, 2))
    contents = [
        encoded(noise(height, width, seed=number)) for number, (height, width) in enumerate(shapes)
    ]
    return [Original(f"{number}.png", lambda c=c: c) for number, c in enumerate(contents)]


@pytest.fixture(scope="module")
def model():
    return made("lenet")


@pytest.fixture(scope="module")
def session(model):
    return Session(onnx_bytes(model))


def test_same(model, session, tried_on):
    found = check_agreement(session, model, tried_on, quiet=True)
    assert (found.images, found.batches, found.same_top, found.same_unknown) == (
        20,
        (2, 7, 64),
        20,
        20,
    )
    assert found.largest_difference < 1e-5


def test_other_preprocessing_is_noticed(model, session, tried_on):
    network, card = model.network, model.card
    shifted = card.model_copy(update={"mean": (0.3, 0.4, 0.9)})
    with pytest.raises(ConvscopeError) as error:
        check_agreement(session, Model(network, shifted), tried_on, quiet=True)
    assert re.fullmatch(
        r"The exported file predicts otherwise, so it isn't written: on \d+ of 20 images. "
        r"Worst is '\d+.png' by itself: '.*' 0.\d{5} by the file, '.*' 0.\d{5} by the run. The "
        r"network must treat each image by itself, and the same every time.",
        str(error.value),
    )


@pytest.mark.slow
def test_a_network_that_mixes_images_is_noticed(tried_on):
    class Mixing(torch.nn.Module):
        def forward(self, images):
            means = images.mean(dim=(2, 3))
            return 50 * (means - means.mean(dim=0))

    mixing = Model(Mixing(), card_for(network=""))
    with pytest.raises(ConvscopeError, match="by itself: "):
        check_agreement(Session(onnx_bytes(mixing)), mixing, tried_on, quiet=True)


def test_another_threshold_is_noticed(model, session, tried_on):
    network, card = model.network, model.card
    rejecting = card.model_copy(
        update={"rejection": Rejection(score="max_probability", threshold=1.5, rate=1)}
    )
    with pytest.raises(ConvscopeError, match=r"by the file, unknown \('.*' 0\.\d+\) by the run"):
        check_agreement(session, Model(network, rejecting), tried_on, quiet=True)


@pytest.mark.slow
def test_at_the_threshold_either_answer_is_right(model, tried_on):
    network, card = model.network, model.card
    session = Session(onnx_bytes(model))
    expected = agreement._expect(
        model, ["0.png"], np.full((1, 3, card.size, card.size), 7, np.uint8)
    )
    assert not expected.is_close.any()
    logits = torch.from_numpy(expected.probabilities).log() * card.temperature
    threshold = logits.softmax(dim=1).max().item() + 5e-5
    rejecting = card.model_copy(
        update={"rejection": Rejection(score="max_probability", threshold=threshold, rate=1)}
    )
    grey = [Original("0.png", lambda: encoded(np.full((40, 40, 3), 7, np.uint8)))]
    found = check_agreement(session, Model(network, rejecting), grey, quiet=True)
    assert (found.images, found.same_unknown) == (1, 0)


@pytest.mark.slow
def test_other_names_are_noticed(model, tried_on):
    network, card = model.network, model.card
    other = card.model_copy(update={"classes": ("a", "b", "c")})
    renamed = Session(onnx_bytes(Model(network, other)))
    with pytest.raises(ConvscopeError, match="on 20 of 20 images"):
        check_agreement(renamed, model, tried_on, quiet=True)


def test_nan_is_a_difference(model, session, tried_on, monkeypatch):
    said = session.run(noise(30, 30)[None])
    broken = type(said)(said.labels, said.probabilities * np.float32("nan"), said.unknown)
    monkeypatch.setattr(session, "run", lambda images: broken)
    with pytest.raises(ConvscopeError, match="predicts otherwise"):
        check_agreement(session, model, tried_on[:1], quiet=True)
