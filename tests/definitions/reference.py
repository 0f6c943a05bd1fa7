"""What the definitions are compared with: PyTorch in float64, and random cases to compare on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st

# The same arithmetic in another order: a few hundred sums of numbers near 1.
TOLERANCE = {"rtol": 1e-11, "atol": 1e-11}
# No deadline: the first call of a PyTorch function may take long.
SWEEP = settings(max_examples=150, deadline=None)

SEEDS = st.integers(0, 2**32 - 1)
MODES = st.sampled_from(["zeros", "reflect", "replicate", "circular"])


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Return numbers from the standard normal distribution."""
    return np.random.default_rng(seed).normal(size=shape)


def torch_pass(
    function: Callable[..., torch.Tensor], *arrays: np.ndarray, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return PyTorch's output, a random gradient in it, and the gradients in the inputs."""
    tensors = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays]
    output = function(*tensors)
    gradient = normal(*output.shape, seed=seed)
    output.backward(torch.tensor(gradient))
    return output.detach().numpy(), gradient, [tensor.grad.numpy() for tensor in tensors]


def torch_cross_correlation(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    padding: tuple[int, ...],
    padding_mode: str,
    **arguments: int | tuple[int, ...],
) -> torch.Tensor:
    """PyTorch's convolution in any dimension and padding mode."""
    if padding_mode != "zeros":
        both_sides = [margin for margin in reversed(padding) for _ in range(2)]
        x = torch.nn.functional.pad(x, both_sides, mode=padding_mode)
        padding = (0,) * len(padding)
    convolve = getattr(torch.nn.functional, f"conv{x.ndim - 2}d")
    return convolve(x, weight, bias, padding=padding, **arguments)


class Case(NamedTuple):
    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    settings: dict[str, object]
    seed: int


@st.composite
def sliding_cases(draw: st.DrawFn, groups: st.SearchStrategy[int] = st.integers(1, 3)) -> Case:  # noqa: B008
    """Draw a cross-correlation that fits: data, kernels and all settings, in 1 to 3 dimensions."""
    axes = draw(st.integers(1, 3))
    mode, group_count, seed = draw(MODES), draw(groups), draw(SEEDS)

    def numbers(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes)))

    kernel, stride, dilation, padding = numbers(1, 4), numbers(1, 3), numbers(1, 3), numbers(0, 3)
    extra = numbers(0, 4)
    size = tuple(
        max(
            dilation[a] * (kernel[a] - 1) + 1 - 2 * padding[a] + extra[a],
            # PyTorch mirrors and wraps around once at most.
            {"zeros": 1, "reflect": padding[a] + 1, "replicate": 1, "circular": padding[a]}[mode],
            1,
        )
        for a in range(axes)
    )
    examples, per_group_in, per_group_out = (draw(st.integers(1, 3)) for _ in range(3))
    generator = np.random.default_rng(seed)
    return Case(
        x=generator.normal(size=(examples, group_count * per_group_in, *size)),
        weight=generator.normal(size=(group_count * per_group_out, per_group_in, *kernel)),
        bias=generator.normal(size=group_count * per_group_out),
        settings={
            "stride": stride,
            "padding": padding,
            "padding_mode": mode,
            "dilation": dilation,
            "groups": group_count,
        },
        seed=seed,
    )
