"""Teaching a kernel: the steps of gradient descent, against PyTorch's."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.studio.conftest import received, sent

RANDOM = np.random.default_rng(0)
WANTED = np.array([[[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]])
IMAGE = RANDOM.integers(0, 256, (1, 12, 12)).astype(np.uint8)


def request(rate=0.5, steps=20, kernel=None, top=255, wanted=WANTED, **changes):
    start = np.zeros((1, 3, 3)) if kernel is None else kernel
    settings = {"image": sent(IMAGE), "kernel": sent(start)} | changes
    return {"settings": settings, "wanted": sent(wanted), "top": top, "rate": rate, "steps": steps}


@pytest.mark.parametrize("operation", ["cross-correlation", "convolution"])
@pytest.mark.parametrize("sliding", [{}, {"stride": 2, "padding": 1, "dilation": 2}])
def test_steps_are_those_of_pytorch(ask, operation, sliding):
    start = RANDOM.normal(size=(1, 3, 3))
    found = ask("bench/teach", request(kernel=start, operation=operation, **sliding))
    turn = [-2, -1] if operation == "convolution" else []
    image = torch.tensor(IMAGE / 255)[None]
    weight = torch.tensor(start)[None].requires_grad_()
    goal = torch.tensor(WANTED)[None]
    kernels, losses = [], []
    for _ in range(21):
        output, wanted = (F.conv2d(image, each.flip(turn), **sliding) for each in (weight, goal))
        loss = ((output - wanted) ** 2).mean()
        (gradient,) = torch.autograd.grad(loss, weight)
        kernels.append(weight.detach()[0].numpy().copy())
        losses.append(loss.item())
        with torch.no_grad():
            weight -= 0.5 * gradient
    np.testing.assert_allclose(received(found["kernels"]), kernels, atol=1e-10)
    np.testing.assert_allclose(received(found["losses"]), losses, atol=1e-10)
    np.testing.assert_allclose(received(found["gradient"]), gradient[0].numpy(), atol=1e-10)
    assert found["gradient_difference"] < 1e-12


@pytest.mark.parametrize("operation", ["cross-correlation", "convolution"])
def test_a_drawn_output_is_come_close_to(ask, operation):
    drawn = RANDOM.integers(0, 2, (1, 10, 10)).astype(np.uint8)
    start = RANDOM.normal(size=(1, 3, 3))
    found = ask(
        "bench/teach",
        request(kernel=start, operation=operation, wanted=drawn, rate=0.02, steps=60)
        | {"is_output": True},
    )
    turn = [-2, -1] if operation == "convolution" else []
    image, output = torch.tensor(IMAGE / 255)[None], torch.tensor(drawn / 1.0)[None]
    kernels = torch.tensor(received(found["kernels"])).requires_grad_()
    losses = ((F.conv2d(image, kernels[:, None, 0].flip(turn)) - output) ** 2).mean((0, 2, 3))
    np.testing.assert_allclose(received(found["losses"]), losses.detach(), atol=1e-10)
    (gradients,) = torch.autograd.grad(losses.sum(), kernels)
    step = (kernels[:-1] - 0.02 * gradients[:-1] - kernels[1:]).detach()
    np.testing.assert_allclose(step, 0, atol=1e-10)
    windows = F.unfold(image, 3)[0].T
    best = torch.linalg.lstsq(windows, output.reshape(-1, 1), driver="gelsd").solution
    wanted = best.reshape(1, 3, 3).flip(turn)
    np.testing.assert_allclose(received(found["best"]), wanted, atol=1e-8)
    assert found["least"] == pytest.approx(((windows @ best - output.reshape(-1, 1)) ** 2).mean())
    assert found["gradient_difference"] < 1e-12


def test_the_largest_rate_is_where_it_runs_away(ask):
    largest = ask("bench/teach", request(steps=0))["largest_rate"]
    below = ask("bench/teach", request(rate=0.98 * largest, steps=300))
    above = ask("bench/teach", request(rate=1.02 * largest, steps=300))
    losses = received(below["losses"])
    assert (np.diff(losses) < 0).all()
    assert received(above["losses"])[-1] > losses[0]
    far = ask("bench/teach", request(rate=5 * largest, steps=500))
    assert far["ran_away"]
    assert np.isfinite(received(far["losses"])).all()
    assert len(received(far["losses"])) < 501


def test_nothing_to_learn_from(ask):
    """A black image says nothing: the loss is 0 whatever the kernel, and no rate is too large."""
    black = sent(np.zeros((1, 6, 6)))
    found = ask("bench/teach", request(image=black))
    assert received(found["losses"]).tolist() == [0] * 21
    assert found["largest_rate"] is None


@pytest.mark.parametrize(
    ("key", "asked"),
    [("rate", request(rate=0)), ("rate", request(rate=-1)), ("steps", request(steps=501)),
     ("wanted", request(wanted=np.ones((1, 5, 5)))),
     ("wanted_output", request(wanted=np.ones((1, 5, 5))) | {"is_output": True}),
     ("teach_pooling", request(operation="max"))],
)  # fmt: skip
def test_what_is_refused(ask, key, asked):
    assert ask("bench/teach", asked, status=422)["key"] == f"refused.bench.{key}"
