"""What stands for a network, and what the results of the room take besides.

What every result promises is tested in tests/test_api.py.
"""

import numpy as np
import pytest

import convscope as cs
from convscope.data.load import load


@pytest.fixture(scope="module")
def image():
    return load("digits", "test").images[3]


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
