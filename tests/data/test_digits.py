import numpy as np

from convscope.data.digits import read


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    splits = read()
    train, test = splits["train"], splits["test"]
    assert (len(train), len(test)) == (1438, 359)
    assert train.image_shape == (1, 8, 8)
    assert train.classes == tuple("0123456789")
    assert train.images.max() == 255  # 16 in the file
    original = load_digits()
    row = int(test.paths[7].removeprefix("digits[").removesuffix("]"))
    assert np.allclose(test.images[7, 0] / 255 * 16, original.images[row], atol=0.04)
    assert test.labels[7] == original.target[row]


def test_digits_are_always_split_alike():
    first, second = read(), read()
    assert first["test"].paths == second["test"].paths
    assert not set(first["test"].paths) & set(first["train"].paths)
