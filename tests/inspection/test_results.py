"""What every result of the room promises: text, HTML, data, a figure written on demand."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

import convscope as cs
from convscope.data.load import load

VOID = {"br", "img", "meta"}


class Balanced(HTMLParser):
    """Collects tags, and complains of those that aren't closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags = [], set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def image():
    return load("digits", "test").images[3]


ASK = {
    "trace": lambda run, image: cs.trace(run),
    "draw": lambda run, image: cs.draw(run),
    "receptive_field": lambda run, image: cs.receptive_field(run, "features.conv2:1,2,3", image),
    "explain": lambda run, image: cs.explain(run, image),
    "feature_maps": lambda run, image: cs.feature_maps(run, image, "features.conv1"),
    "first_kernels": lambda run, image: cs.first_kernels(run),
    "filter_image": lambda run, image: cs.filter_image(image, "sobel-vertical"),
    "find_exciting_images": lambda run, image: cs.find_exciting_images(
        run, load("digits", "test").subset(range(40)), "features.conv1", [0, 2], quiet=True
    ),
    "compare_initializations": lambda run, image: cs.compare_initializations(run, "digits"),
    "describe_parameters": lambda run, image: cs.describe_parameters(run, "digits"),
}


@pytest.mark.parametrize("name", ASK)
def test_text_html_data_and_figure(name, digits_run, image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = ASK[name](digits_run, image)
    text = str(result)
    assert len(text.splitlines()) >= 1
    assert "\x1b" not in text
    assert "array(" not in text
    assert "tensor(" not in text
    assert type(result).__name__ + "(" not in text
    page = Balanced(result._repr_html_())
    assert page.tags & {"table", "svg", "div"}
    assert "script" not in page.tags
    assert json.loads(json.dumps(result.as_dict(), allow_nan=False)) == result.as_dict()
    assert isinstance(result.figure(), Figure)
    assert not [*tmp_path.iterdir()]  # nothing is written unasked
    assert isinstance(result.figure("f.png"), Figure)
    assert [path.name for path in tmp_path.iterdir()] == ["f.png"]


def test_a_name_a_module_a_run_its_folder_and_a_model_file_stand_for_a_network(digits_run):
    module = digits_run.model().network
    given = [digits_run, digits_run.folder, str(digits_run.folder), digits_run.model_file]
    kernels = [cs.first_kernels(each) for each in given]
    for each in [*kernels, cs.first_kernels(module)]:
        np.testing.assert_array_equal(each.weights, kernels[0].weights)
    assert {str(cs.trace(each)) for each in [*given, "lenet"]} == {str(cs.trace("lenet"))}
    assert cs.read_parameters(digits_run, "features.conv1.bias").shape == (6,)


def test_what_is_no_network():
    with pytest.raises(cs.UsageError, match=r"Unknown network or run folder"):
        cs.describe_parameters("lenot")
    with pytest.raises(cs.UsageError, match="network must be a name of the catalog, a module"):
        cs.describe_parameters(7)


def test_an_explanation_of_a_module_with_its_own_numbers(digits_run):
    import torch

    module = digits_run.model().network
    numbers = torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(0))
    found = cs.explain(module, numbers, method="saliency", label=3)
    assert found.label == "class 3"
    assert found.image.shape == (1, 28, 28)
    assert found.image.min() == 0
    assert found.image.max() == 255
    with torch.no_grad():
        expected = module(numbers[None]).softmax(1)[0, 3]
    assert found.probability == pytest.approx(float(expected), rel=1e-5)


def test_filter_image_takes_a_matrix_and_refuses_what_is_none(image):
    found = cs.filter_image(image, np.array([[1.0, -1.0]]))
    values = image[0].astype(float)
    np.testing.assert_allclose(found.results[0].values[0], values[:, :-1] - values[:, 1:])
    with pytest.raises(cs.UsageError, match="kernel must be a matrix of numbers"):
        cs.filter_image(image, np.zeros((2, 2)))
    with pytest.raises(cs.UsageError, match="image must be a file or uint8"):
        cs.filter_image(image[0], "sobel-vertical")
