"""An explanation as a person asks for it: every method, its texts, its files, its page.

Tests inspection/explanation/explanation.py, inspection/explanation/page.py.
"""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image

from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.predict import predict
from convscope.inspection.explanation.explain import explain
from convscope.networks.catalog import build
from convscope.runs.model_file import ModelCard, save_model
from convscope.runs.open_model import open_model
from tests.evaluation.page.markup import undefined_variables
from tests.inspection import peculiar

CLASSES = ("Ankle boot", '<b>bag</b> & "co"', "大衣")
NAME = "a & b's &lt;.png"


def model(folder, name="small", channels=1, size=20, classes=CLASSES, network=None):
    """A model file of a network with random weights."""
    arguments = {"size": size} if name in ("small", "mlp") else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = network or build(name, channels, len(classes), **arguments)
    card = ModelCard(
        network=name, network_arguments=arguments, classes=classes, channels=channels, size=size,
        mean=(0.4,) * channels, std=(0.3,) * channels,
    )  # fmt: skip
    save_model(folder / "model.safetensors", network, card)
    return folder / "model.safetensors"


def saved(path):
    pixels = np.random.default_rng(1).integers(0, 256, (30, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def image(tmp_path):
    return saved(tmp_path / "shoe.png")


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """An image and classes with names that mean something in HTML, explained by every method."""
    folder = tmp_path_factory.mktemp("model")
    found = explain(model(folder), saved(folder / NAME), label=CLASSES[1])
    return found, found.save(folder / "explanations" / NAME.removesuffix(".png"))


@pytest.mark.slow
def test_every_method_layer_and_file(explained):
    found, files = explained
    assert found.image_name == NAME
    assert found.label == CLASSES[1]
    assert found.image.shape == (1, 20, 20)
    assert sum(share for _, share in found.guesses) == pytest.approx(1, abs=1e-5)
    assert dict(found.guesses)[found.label] == found.probability
    assert [each.method for each in found.attributions] == [
        "saliency", "integrated-gradients", "occlusion", "grad-cam",
    ]  # fmt: skip
    assert [each.layer for each in found.maps] == [
        "features.relu1", "features.pool1", "features.relu2", "features.pool2",
    ]  # fmt: skip
    folder = files["page"].parent
    assert (folder.parent.name, folder.name) == ("explanations", NAME.removesuffix(".png"))
    assert sorted(folder.iterdir()) == sorted(files.values())
    for what, path in files.items():
        if what != "page":
            with Image.open(path) as image:
                image.verify()


def test_another_class_and_one_method(tmp_path, image):
    found = explain(model(tmp_path, "mlp"), image, method="occlusion", label="大衣")
    found.save(tmp_path / "a" / "b")
    assert found.label == "大衣"
    assert [each.method for each in found.attributions] == ["occlusion"]
    assert (tmp_path / "a" / "b" / "occlusion.png").exists()
    assert not (tmp_path / "a" / "b" / "saliency.png").exists()


def test_a_image_in_memory_is_explained_like_its_file(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 256, (1, 20, 20), dtype=np.uint8)
    Image.fromarray(pixels[0]).save(tmp_path / "p.png")
    file = model(tmp_path, "mlp")
    from_memory = explain(file, pixels, method="saliency")
    from_file = explain(file, tmp_path / "p.png", method="saliency")
    assert from_memory.guesses == from_file.guesses


def test_colour(tmp_path, image):
    found = explain(model(tmp_path, channels=3), image, method="grad-cam")
    assert found.image.shape == (3, 20, 20)
    assert found.kernels.weights.shape == (6, 3, 3, 3)


def test_the_class_the_network_takes_it_for(digits_run, tmp_path):
    image = np.zeros((1, 28, 28), np.uint8)
    found = explain(digits_run, image, method="saliency")
    assert (found.label, found.probability) == found.guesses[0]
    assert len(found.guesses) == 5


def test_probabilities_are_those_of_predictions(tmp_path, image):
    file = model(tmp_path)
    found = open_model(file)
    warm = found.card.model_copy(update={"temperature": 2.5})
    save_model(file, found.network, warm)
    explained = explain(file, image, method="saliency")
    predicted = predict(file, [image], quiet=True).predictions[0]
    assert explained.label == predicted.top[0].label
    assert explained.probability == pytest.approx(predicted.top[0].probability, abs=1e-6)


def test_a_network_of_ones_own(tmp_path, image):
    own = peculiar.made(peculiar.Busy)
    file = model(tmp_path, "", 1, peculiar.SIZE, CLASSES, own)
    found = explain(file, image, module=peculiar.made(peculiar.Busy, seed=5))
    assert len(found.attributions) == 4


def test_without_maps_grad_cam_is_left_out_unless_asked_for(tmp_path, image):
    file = model(tmp_path, "mlp")
    found = explain(file, image)
    assert [each.method for each in found.attributions] == [
        "saliency", "integrated-gradients", "occlusion",
    ]  # fmt: skip
    assert found.notes == (
        "Left out grad-cam: Grad-CAM needs a layer whose output has a height and a width, and mlp "
        "has none. Use saliency, integrated-gradients or occlusion.",
    )
    assert found.kernels is None
    assert found.maps == ()
    with pytest.raises(UsageError, match="Grad-CAM needs a layer"):
        explain(file, image, method="grad-cam")


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.images = [], [], [], []
        self.feed(text)
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "img":
            self.images.append(dict(attributes))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def test_the_page_holds_everything_and_names_can_do_no_harm(explained):
    _, files = explained
    text = files["page"].read_text(encoding="utf-8")
    page = Page(text)
    words = " ".join(page.text)
    assert NAME in words
    assert CLASSES[1] in words
    assert "<b>" not in text
    assert "script" not in page.tags
    assert set(page.tags) == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "td",
        "div", "figure", "img", "figcaption",
    }  # fmt: skip
    figures = [path for what, path in files.items() if what != "page"]
    assert len(page.images) == len(figures) == 9
    for image, path in zip(page.images, figures, strict=True):
        assert image["alt"]
        kind, content = image["src"].split(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(content) == path.read_bytes()
        Image.open(io.BytesIO(base64.b64decode(content))).verify()
    assert not re.search(r"(https?:)?//|url\(|@import", re.sub(r"base64,[^\"]*", "", text))
    assert "prefers-color-scheme: dark" in text
    assert "color-scheme: light dark" in text
    assert undefined_variables(text) == set()
    assert "Check: the pixels add up to" in words


def test_as_json(explained):
    found = explained[0].as_dict()
    assert set(found) == {
        "image", "label", "probability", "guesses", "attributions", "notes",
    }  # fmt: skip
    assert set(found["attributions"]["integrated-gradients"]) == {
        "sum", "difference", "error", "steps", "complete",
    }  # fmt: skip
    assert found["attributions"]["grad-cam"] == {"layer": "features.pool2", "shape": [16, 3, 3]}


def test_mistakes_are_explained(tmp_path, image):
    file = model(tmp_path)
    with pytest.raises(UsageError, match="Unknown class 'Ankle boots'. There are|Did you mean"):
        explain(file, image, label="Ankle boots")
    with pytest.raises(UsageError, match="Unknown method 'salience'. Did you mean 'saliency'?"):
        explain(file, image, method="salience")
    with pytest.raises(ConvscopeError, match="none.png' can't be used: there is no such file."):
        explain(file, tmp_path / "none.png")
    with pytest.raises(UsageError, match=r"given a tensor of shape \(20, 20\). From an ImageSet"):
        explain(file, np.zeros((20, 20), np.uint8))
    with pytest.raises(UsageError, match="can't be made: File exists. Give another one."):
        explain(file, image, method="saliency").save(file)


def test_a_network_that_diverged_is_told(tmp_path, image):
    with torch.random.fork_rng():
        network = build("small", 1, 3, size=20)
    with torch.no_grad():
        network.classifier.dense3.bias.fill_(torch.nan)
    diverged = pytest.raises(
        ConvscopeError, match="not numbers .NaN or infinite.: its training diverged"
    )
    with pytest.warns(UserWarning, match="NaN or infinity: classifier.dense3.bias"), diverged:
        explain(model(tmp_path, network=network), image)
