"""A step equals plain PyTorch written out, whatever the recipe asks of it."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.runtime.execution import Execution
from convscope.runtime.training_step import take_step, training_loss, training_step
from convscope.runtime.weight_average import WeightAverage

CPU = torch.device("cpu")
RATE, SMOOTHING, LONGEST, DECAY = 0.1, 0.1, 0.05, 0.9
NUMBER = 1000  # steps before, so that the average keeps DECAY


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)
    ).train()


def batch(*, mixed):
    torch.manual_seed(1)
    images, labels = torch.randn(6, 1, 8, 8), torch.arange(6) % 3
    if mixed:
        shares = torch.rand(6, 1)
        labels = shares * F.one_hot(labels, 3) + (1 - shares) * F.one_hot(labels.flip(0), 3)
    return images, labels


def loss_by_hand(logits, labels):
    """Cross-entropy in float32 from its definition."""
    shares = labels if labels.ndim == 2 else F.one_hot(labels, 3).float()
    shares = (1 - SMOOTHING) * shares + SMOOTHING / 3
    return -(shares * logits.float().log_softmax(1)).sum(1).mean()


def step_by_hand(model, average, images, labels, precision):
    """Everything written out; returns logits, loss and the gradients after clipping."""
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        logits = model(images)
    loss = loss_by_hand(logits, labels)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    assert norm > LONGEST  # else nothing is clipped
    clipped = [g * LONGEST / (norm + 1e-6) for g in gradients]
    with torch.no_grad():
        for parameter, gradient in zip(model.parameters(), clipped, strict=True):
            parameter -= RATE * gradient
        for kept, new in zip(average.parameters(), model.parameters(), strict=True):
            kept.copy_(DECAY * kept + (1 - DECAY) * new)
        for kept, new in zip(average.buffers(), model.buffers(), strict=True):
            kept.copy_(new)
    return logits, loss, clipped


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_equals_a_step_written_out(precision, mixed):
    ours, plain = network(), network()
    average = WeightAverage(copy.deepcopy(ours), DECAY)
    plain_average = copy.deepcopy(plain)
    images, labels = batch(mixed=mixed)
    logits, loss, gradients = step_by_hand(plain, plain_average, images, labels, precision)

    execution = Execution(CPU, precision)
    our_loss, our_logits = training_loss(ours, images, labels, execution, label_smoothing=SMOOTHING)
    used = {}
    optimizer = torch.optim.SGD(ours.parameters(), RATE)
    optimizer.register_step_pre_hook(
        lambda *_: used.update({n: p.grad.clone() for n, p in ours.named_parameters()})
    )
    take_step(our_loss, ours, optimizer, clip_gradient=LONGEST, average=average, number=NUMBER)
    assert our_logits.dtype == (torch.bfloat16 if precision == "bfloat16" else torch.float32)
    assert our_loss.dtype == torch.float32
    torch.testing.assert_close(our_logits, logits)
    torch.testing.assert_close(our_loss, loss)
    for gradient, expected in zip(used.values(), gradients, strict=True):
        torch.testing.assert_close(gradient, expected)
    for got, expected in ((ours, plain), (average.network, plain_average)):
        for name, value in expected.state_dict().items():
            torch.testing.assert_close(got.state_dict()[name], value)
    assert all(parameter.grad is None for parameter in ours.parameters())


@pytest.mark.parametrize("mixed", [False, True])
def test_whole_and_in_halves_it_is_the_same(mixed):
    settings = {"clip_gradient": LONGEST, "number": NUMBER}
    images, labels = batch(mixed=mixed)
    execution = Execution(CPU, "float32")
    results = []
    for in_halves in (False, True):
        ours = network()
        average = WeightAverage(copy.deepcopy(ours), DECAY)
        optimizer = torch.optim.SGD(ours.parameters(), RATE, momentum=0.9)
        for _ in range(2):
            if in_halves:
                loss, _ = training_loss(ours, images, labels, execution, label_smoothing=SMOOTHING)
                take_step(loss, ours, optimizer, average=average, **settings)
            else:
                loss = training_step(
                    ours, images, labels, execution, optimizer,
                    label_smoothing=SMOOTHING, average=average, **settings,
                )  # fmt: skip
                assert loss.grad_fn is None
        results.append([loss, *ours.state_dict().values(), *average.network.state_dict().values()])
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


def test_gradients_are_shown_before_they_are_clipped():
    ours = network()
    seen = []
    loss, _ = training_loss(ours, *batch(mixed=False), Execution(CPU, "float32"))

    def look():
        seen.append(torch.cat([p.grad.flatten() for p in ours.parameters()]).norm())

    optimizer = torch.optim.SGD(ours.parameters(), RATE)
    before = torch.cat([p.detach().flatten() for p in ours.parameters()])
    take_step(loss, ours, optimizer, clip_gradient=LONGEST, on_gradients=look)
    after = torch.cat([p.detach().flatten() for p in ours.parameters()])
    assert seen[0] > 2 * LONGEST
    torch.testing.assert_close(
        (after - before).norm(), torch.tensor(RATE * LONGEST), rtol=1e-3, atol=0
    )


def test_a_short_gradient_is_not_clipped():
    one, other = network(), network()
    for model, longest in ((one, None), (other, 1e6)):
        optimizer = torch.optim.SGD(model.parameters(), RATE)
        training_step(
            model, *batch(mixed=False), Execution(CPU, "float32"), optimizer, clip_gradient=longest
        )
    assert all(map(torch.equal, one.parameters(), other.parameters()))
