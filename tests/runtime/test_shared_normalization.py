"""Batch normalization over parts is that over the whole: outputs, gradients, running statistics."""

import threading

import pytest
import torch
from torch import nn

from convscope.runtime.shared_normalization import is_batch_norm, normalizing_together


class Adding:
    """Adds numbers up over threads, as processes do."""

    def __init__(self, count):
        self.barrier = threading.Barrier(count)
        self.given = []

    def __call__(self, numbers):
        self.given.append(numbers.clone())
        self.barrier.wait()
        total = torch.stack(self.given).sum(0)
        if self.barrier.wait() == 0:
            self.given.clear()
        self.barrier.wait()
        numbers.copy_(total)


def together(layer_of, parts, gradients, left_out=()):
    """Outputs, gradients of inputs and layers, after a thread for each part."""
    adding, layers = Adding(len(parts)), [layer_of() for _ in parts]
    outputs = [None] * len(parts)

    def run(number):
        x = parts[number].clone().requires_grad_()
        with normalizing_together(layers[number], adding, lambda: number not in left_out):
            y = layers[number](x)
            y.backward(gradients[number])
        outputs[number] = y.detach(), x.grad

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(parts))]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return outputs, layers


@pytest.mark.parametrize("sizes", [(3, 2), (1, 4, 2)])
@pytest.mark.parametrize("shape", [(3,), (3, 4, 5)])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_parts_are_normalized_as_the_whole(sizes, shape, affine, momentum):
    torch.manual_seed(0)
    x, dy = 5 + 3 * torch.randn(sum(sizes), *shape), torch.randn(sum(sizes), *shape)
    kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d

    def layer_of():
        layer = kind(3, affine=affine, momentum=momentum)
        if affine:
            nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(1))
        return layer

    whole, given = layer_of(), x.clone().requires_grad_()
    expected = whole(given)
    expected.backward(dy)
    outputs, layers = together(layer_of, x.split(sizes), dy.split(sizes))
    torch.testing.assert_close(torch.cat([y for y, _ in outputs]), expected.detach())
    torch.testing.assert_close(torch.cat([dx for _, dx in outputs]), given.grad)
    for layer in layers:
        assert "forward" not in vars(layer)
        for name, buffer in whole.named_buffers():
            torch.testing.assert_close(dict(layer.named_buffers())[name], buffer)
    for name, parameter in whole.named_parameters():
        summed = sum(dict(layer.named_parameters())[name].grad for layer in layers)
        torch.testing.assert_close(summed, parameter.grad)


def test_what_is_left_out_changes_nothing():
    torch.manual_seed(0)
    x, dy = torch.randn(4, 3, 2, 2), torch.randn(4, 3, 2, 2)
    nothing = torch.zeros(1, 3, 2, 2)
    made_up = 100 * torch.randn(1, 3, 2, 2)
    plain, _ = together(lambda: nn.BatchNorm2d(3), x.split(2), dy.split(2))
    parts, gradients = [*x.split(2), made_up], [*dy.split(2), nothing]
    more, layers = together(lambda: nn.BatchNorm2d(3), parts, gradients, left_out={2})
    for (y, dx), (z, dz) in zip(plain, more, strict=False):
        torch.testing.assert_close(y, z)
        torch.testing.assert_close(dx, dz)
    assert not more[2][1].any()
    assert not layers[2].weight.grad.any()


def test_evaluation_and_layers_of_ones_own_are_left_as_they_are():
    layer = nn.BatchNorm2d(3).eval()
    x = torch.randn(2, 3, 4, 4)
    with normalizing_together(layer, pytest.fail, lambda: True):
        torch.testing.assert_close(layer(x), x / (1 + 1e-5) ** 0.5)

    class Own(nn.BatchNorm2d):
        def forward(self, x):
            return x

    assert is_batch_norm(layer)
    assert not is_batch_norm(Own(3))
    assert not is_batch_norm(nn.GroupNorm(1, 3))
