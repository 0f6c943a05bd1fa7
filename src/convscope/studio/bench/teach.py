"""Teaching a kernel what another kernel does, or what was drawn: the smallest training there is.

The loss is the mean square of what the output lacks. It is a quadratic function of the kernel's
entries, L(w) = (w − w*)ᵀ A (w − w*) + L(w*) with A the mean product of every two pixels of a window
and w* the best kernel: the wanted one, which reaches 0, or by least squares for a drawn output. So
gradient descent can be followed exactly, and the rate is known from which on it runs away: 1 / λ
with λ the largest eigenvalue of A (LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998,
section 5.1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pydantic

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import cross_correlation, cross_correlation_backward
from convscope.studio.bench.compute import padded_image
from convscope.studio.bench.settings import BenchSettings, Setting
from convscope.studio.numbers import SentArray, send_array
from convscope.studio.refusals import refuse

MOST_STEPS = 500
RUN_AWAY = 1e12
"""A loss above this won't come back."""


class TeachRequest(pydantic.BaseModel, extra="forbid", allow_inf_nan=False):
    """A kernel that learns, and what it is to learn.

    Attributes:
        settings: As for the bench; its kernel is the one that learns. Bias and activation don't
            take part.
        wanted: (channels, height, width), the kernel whose output is wanted; with `is_output`,
            (1, rows, columns), the wanted output itself, where 1 stands for `top`.
        is_output: Whether `wanted` is an output.
        top: The image's largest possible value: pixels are divided by it.
        rate: The learning rate.
        steps: How many to go.
    """

    settings: BenchSettings
    wanted: SentArray
    is_output: bool = False
    top: float = pydantic.Field(gt=0)
    rate: float
    steps: int


def teach(request: TeachRequest) -> dict[str, Any]:
    """Go some steps of gradient descent.

    Returns:
        `kernels` (steps + 1, channels, height, width) and `losses`, the first of each before any
        step; `gradient` at the last one; `gradient_difference`, how far the first gradient is from
        that of the definitions; `largest_rate`, from which on it runs away; `best`, the kernel that
        comes closest, and `least`, its loss.

    Raises:
        Refused: The rate or the number of steps is none, or pooling has nothing to learn.
    """
    setting = Setting(request.settings)
    if request.settings.pools:
        raise refuse("refused.bench.teach_pooling")
    if not 0 < request.rate < 1e6:
        raise refuse("refused.bench.rate", given=request.rate)
    if not 0 <= request.steps <= MOST_STEPS:
        raise refuse("refused.bench.steps", given=request.steps, most=MOST_STEPS)
    turned = request.settings.operation == "convolution"
    wanted, output = _wanted(request, setting)
    seen = windows_of(setting) / request.top  # (channels · height · width, outputs)
    products = seen @ seen.T / seen.shape[1]
    shape = setting.kernel.shape
    if request.is_output:
        goal = as_float(np.linalg.lstsq(seen.T, output.ravel(), rcond=None)[0])
        least = float(((seen.T @ goal - output.ravel()) ** 2).mean())
    else:
        goal, least = _slid(wanted, turned).ravel(), 0.0
    entries = setting.slid.ravel().copy()
    kernels, losses = [entries], [_loss(entries - goal, products) + least]
    while len(losses) <= request.steps and losses[-1] < RUN_AWAY:
        entries = entries - request.rate * 2 * products @ (entries - goal)
        kernels.append(entries)
        losses.append(_loss(entries - goal, products) + least)
    gradient = (2 * products @ (entries - goal)).reshape(shape)
    _, by_definition = loss_and_gradient(setting, output, request.top)
    start = _slid((2 * products @ (kernels[0] - goal)).reshape(shape), turned)
    eigenvalue = float(np.linalg.eigvalsh(products)[-1])
    return {
        "kernels": send_array(np.stack([_slid(k.reshape(shape), turned) for k in kernels])),
        "losses": send_array(as_float(losses)),
        "gradient": send_array(_slid(gradient, turned)),
        "gradient_difference": float(np.abs(start - by_definition).max()),
        "largest_rate": 1 / eigenvalue if eigenvalue > 1e-12 else None,
        "ran_away": losses[-1] >= RUN_AWAY,
        "best": send_array(_slid(goal.reshape(shape), turned)),
        "least": least,
    }


def _wanted(request: TeachRequest, setting: Setting) -> tuple[FloatArray, FloatArray]:
    """What is wanted, checked, and the output (rows, columns) that it means.

    Raises:
        Refused: Its shape isn't that of the kernel, or of the output.
    """
    wanted = as_float(request.wanted.array())
    padded = padded_image(setting)[None] / request.top
    if request.is_output:
        needed = cross_correlation(padded, setting.slid[None], **setting.sliding)[0].shape
    else:
        needed = setting.kernel.shape
    if wanted.shape != needed:
        raise refuse(
            "refused.bench.wanted_output" if request.is_output else "refused.bench.wanted",
            wanted=" × ".join(map(str, wanted.shape)),
            kernel=" × ".join(map(str, needed)),
        )
    if request.is_output:
        return wanted, as_float(wanted[0])
    goal = _slid(wanted, request.settings.operation == "convolution")[None]
    return wanted, as_float(cross_correlation(padded, goal, **setting.sliding)[0, 0])


def windows_of(setting: Setting) -> FloatArray:
    """All windows side by side: (channels · height · width, outputs)."""
    padded = padded_image(setting)
    channels, height, width = setting.kernel.shape
    dilation, stride = setting.asked.dilation, setting.asked.stride
    view = np.lib.stride_tricks.sliding_window_view(padded, setting.span, axis=(1, 2))
    view = view[:, ::stride, ::stride, ::dilation, ::dilation]  # (C, rows, columns, height, width)
    return as_float(view.transpose(0, 3, 4, 1, 2).reshape(channels * height * width, -1))


def loss_and_gradient(setting: Setting, output: FloatArray, top: float) -> tuple[float, FloatArray]:
    """The loss and its gradient in the kernel by the definitions, for a wanted output."""
    padded = padded_image(setting)[None] / top
    turned = setting.asked.operation == "convolution"
    now = setting.slid[None]
    lack = as_float(cross_correlation(padded, now, **setting.sliding) - output)
    gradients = cross_correlation_backward(2 * lack / lack.size, padded, now, **setting.sliding)
    return float((lack**2).mean()), _slid(gradients.weight[0], turned)


def _slid(kernel: FloatArray, turned: bool) -> FloatArray:
    """The kernel as it is slid, or back again."""
    return np.ascontiguousarray(kernel[:, ::-1, ::-1]) if turned else kernel


def _loss(away: FloatArray, products: FloatArray) -> float:
    return float(away @ products @ away)
