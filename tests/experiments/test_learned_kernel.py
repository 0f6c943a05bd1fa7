"""Learning a kernel: the worked example, what stripes hide, and PyTorch's gradient."""

import numpy as np
import pytest
import torch

from convscope.errors import UsageError
from convscope.experiments.drawn_images import edge_image, noise_images, striped_images
from convscope.experiments.learned_kernel import learn_kernel
from tests.experiments.results import check_result

LAPLACE = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]


def test_ten_steps_of_the_textbook():
    found = learn_kernel(edge_image(), [[1, -1]])
    assert found.learned.tolist() == pytest.approx(
        np.array([[1 - 0.64**10, 0.64**10 - 1]]), abs=1e-12
    )
    assert len(found.losses) == len(found.kernels) == 11
    assert found.difference == pytest.approx(0.64**10)
    assert "Learned from images alone" in check_result(found)


def test_the_steps_are_those_of_pytorch():
    images, start = noise_images(2, 6), np.full((2, 3), 0.5)
    found = learn_kernel(images, [[1, 2, 3], [4, 5, 6]], steps=3, rate=0.002, start=start)
    x = torch.from_numpy(images)[:, None]
    target = torch.nn.functional.conv2d(x, torch.tensor([[[[1.0, 2, 3], [4, 5, 6]]]]).double())
    weight = torch.from_numpy(start)[None, None].requires_grad_()
    optimizer = torch.optim.SGD([weight], 0.002)
    for loss in found.losses[:3]:
        ours = ((torch.nn.functional.conv2d(x, weight) - target) ** 2).sum()
        assert loss == pytest.approx(float(ours.detach()))
        optimizer.zero_grad()
        ours.backward()
        optimizer.step()
    assert np.allclose(found.learned, weight.detach().numpy()[0, 0])


@pytest.mark.slow
def test_stripes_show_only_the_sums_of_columns():
    found = learn_kernel(striped_images("vertical"), LAPLACE, steps=150, rate=None)
    assert found.free == 6
    assert np.allclose(found.learned, [[1 / 3, -2 / 3, 1 / 3]] * 3, atol=1e-4)
    assert found.error_on(striped_images("vertical", seed=9)) < 1e-4
    assert found.error_on(striped_images("horizontal")) == pytest.approx(1)
    assert "6 of 9 directions" in check_result(found)
    with pytest.raises(UsageError, match="only zeros"):
        found.error_on(np.ones((5, 5)))


def test_noise_shows_the_whole_kernel():
    found = learn_kernel(noise_images(), LAPLACE, steps=200, rate=None)
    assert (found.free, found.difference < 0.01) == (0, True)


def test_another_start_finds_another_kernel_that_fits():
    start = np.random.default_rng(0).normal(size=(3, 3))
    found = learn_kernel(striped_images("vertical"), LAPLACE, steps=200, rate=None, start=start)
    assert found.losses[-1] < 1e-6
    assert found.difference > 1


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="one shape"):
        learn_kernel(edge_image(), [[1, -1]], start=[[1]])
    with pytest.raises(UsageError, match="images must be"):
        learn_kernel([1, 2], [[1, -1]])
