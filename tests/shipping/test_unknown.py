"""The same images are unknown to `predict`, to the exported file and to the server."""

import base64
import json
import shutil
from pathlib import Path

import pytest
import torch

import convscope as cs
from convscope.evaluation.unknown import familiarity
from convscope.runs.model import Model, load_model
from convscope.runs.model_file import Rejection, write_card
from convscope.shipping.export.reader import read
from convscope.shipping.export.session import Session
from convscope.shipping.server.engines import make_engine
from tests.data.image_files import encoded, noise
from tests.shipping.server.serving import post, served


@pytest.fixture
def images(tmp_path):
    """Digits, and what no digit is; colour, grey and transparent, of several sizes."""
    digits = cs.load("digits", "test", size=28).images
    files = {f"digit {number}.png": encoded(digits[number, 0]) for number in range(12)}
    for number, (size, channels) in enumerate(((28, 1), (60, 3), (1, 3), (200, 1))):
        files[f"noise {number}.png"] = encoded(noise(size, size + number, channels, seed=number))
    folder = tmp_path / "images"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.slow
def test_all_three_say_unknown_of_the_same_images(digits_run, images, tmp_path):
    model = tmp_path / "model.safetensors"
    shutil.copy(digits_run.model_file, model)
    loaded = load_model(model)
    network, card = loaded.network, loaded.card
    logits = cs.evaluate(digits_run, quiet=True).logits.values
    threshold = familiarity(logits, "max_logit").median().item()
    rejection = Rejection(score="max_logit", threshold=threshold, rate=0.5)
    card = card.model_copy(update={"rejection": rejection})
    write_card(model, card)

    predictions = cs.predict(model, images).predictions
    unknown = [each.unknown for each in predictions]
    assert 0 < sum(unknown) < len(predictions) == 16

    cs.export(model, tmp_path / "m.onnx", images=images, quiet=True)
    session = Session((tmp_path / "m.onnx").read_bytes())
    engine = make_engine("float32", Model(network, card), torch.device("cpu"))
    with served(engine, card=card) as (address, _):
        contents = [Path(each.path).read_bytes() for each in predictions]
        texts = [base64.b64encode(content).decode() for content in contents]
        answer = post(
            address,
            json.dumps({"images": texts}).encode(),
            {"Content-Type": "application/json"},
        )
    for prediction, served_one in zip(predictions, answer.json()["predictions"], strict=True):
        said = session.run(read(prediction.path, card.size))
        first = prediction.top[0]
        assert bool(said.unknown[0]) == served_one["unknown"] == prediction.unknown
        assert said.labels[0] == ("unknown" if prediction.unknown else first.label)
        assert served_one["label"] == first.label
        assert said.probabilities.max() == pytest.approx(first.probability, abs=1e-5)
        assert served_one["probability"] == pytest.approx(first.probability, abs=1e-5)
