"""What can't be given as data says how images can be given."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from convscope.data.given import check_is_data
from convscope.data.image_set import ImageSet
from convscope.data.load import load
from convscope.errors import UsageError
from convscope.runs.choose_recipe import choose_recipe

ARRAYS = np.zeros((4, 1, 8, 8), np.uint8), np.array([0, 1, 0, 1])
IMAGES = ImageSet(*ARRAYS, ("a", "b"))
DATASET = TensorDataset(torch.zeros(4, 1, 8, 8), torch.zeros(4))


@pytest.mark.parametrize("data", ["digits", IMAGES, {"train": IMAGES, "test": IMAGES}])
def test_what_is_accepted(data):
    check_is_data(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (DATASET, r"given a Dataset of PyTorch \(TensorDataset\)\. Read its images once"),
        (DataLoader(DATASET), "given a DataLoader. Convscope makes batches itself"),
        (ARRAYS, "given a tuple of 2. Arrays are given as"),
        (list(ARRAYS), "given a list of 2"),
        (ARRAYS[0], "given a ndarray"),
        (torch.zeros(4, 1, 8, 8), "given a Tensor"),
        (None, "given a NoneType"),
        ({"train": DATASET}, r"data\['train'\] must be an ImageSet, not a Dataset of PyTorch"),
        ({"train": ARRAYS}, r"data\['train'\] must be an ImageSet, not a tuple of 2"),
    ],
)
def test_anything_else_says_how_arrays_are_given(data, said):
    for job in (check_is_data, load):
        with pytest.raises(UsageError, match=said) as error:
            job(data)
        assert "ImageSet(images, labels, classes)" in str(error.value)


def test_a_recipe_is_not_chosen_for_anything_else():
    with pytest.raises(UsageError, match="given a DataLoader"):
        choose_recipe("lenet", DataLoader(DATASET), None, {})
    with pytest.raises(UsageError, match="network is the class Linear; give an instance"):
        choose_recipe(torch.nn.Linear, IMAGES, None, {})
    with pytest.raises(UsageError, match="given a int"):
        choose_recipe(3, IMAGES, None, {})


def test_a_path_that_no_folder_can_have():
    with pytest.raises(UsageError, match="holds a NUL"):
        choose_recipe("lenet", "images\0", None, {})
