"""All numbers of one setting of the bench, by the definitions in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.definitions.arrays import FloatArray, as_float
from convscope.definitions.cross_correlation import Sliding, cross_correlation
from convscope.definitions.pooling import average_pool, max_pool
from convscope.definitions.windows import output_size, pad
from convscope.studio.bench.settings import Setting
from convscope.studio.numbers import send_array

SYMMETRIC = 1e-12
"""A kernel that the flip changes by no more than this is called symmetric."""


def compute(setting: Setting) -> dict[str, Any]:
    """Everything the bench shows, as JSON holds it.

    `padded` is (channels, height, width) with what was added, `partial` what each channel adds to
    each output, `sums` their sum with the bias, `output` that after the activation.
    """
    asked = setting.asked
    padded = padded_image(setting)
    partial = partial_maps(setting, padded)
    sums = partial if asked.pools else partial.sum(axis=0, keepdims=True) + asked.bias
    output = np.maximum(sums, 0) if asked.relu else sums
    return {
        "padded": send_array(padded),
        "slid": send_array(setting.slid),
        "partial": send_array(partial),
        "sums": send_array(sums),
        "output": send_array(output),
        "before": list(setting.before),
        "after": list(setting.after),
        "span": list(setting.span),
        "size": [_size(setting, axis) for axis in (0, 1)],
        "read": _read_places(setting, padded.shape[1:]),
        "flip": _flip(setting, padded),
    }


def padded_image(setting: Setting) -> FloatArray:
    """The image with what is added around it: (channels, height, width).

    Max pooling adds −∞, which never wins.
    """
    asked = setting.asked
    mode = "zeros" if asked.pools else asked.mode
    outside = -np.inf if asked.operation == "max" else 0.0
    around = pad(setting.image[None], setting.after, mode, outside)[0]
    # "same" may add one row or column less above and on the left than below and on the right.
    top, left = (a - b for a, b in zip(setting.after, setting.before, strict=True))
    return np.ascontiguousarray(around[:, top:, left:])


def partial_maps(setting: Setting, padded: FloatArray) -> FloatArray:
    """What each channel contributes, (channels, height, width); of pooling, its whole output."""
    asked = setting.asked
    if asked.pools:
        pool = max_pool if asked.operation == "max" else average_pool
        window = setting.kernel.shape[1:]
        found = pool(setting.image[None], window, padding=setting.after, stride=asked.stride)
        return as_float(found[0])
    each = setting.slid[:, None]  # (channels, 1, height, width): every channel by itself
    sliding: Sliding = {**setting.sliding, "groups": len(padded)}
    found = cross_correlation(padded[None], each, **sliding)
    return as_float(found[0])


def _size(setting: Setting, axis: int) -> dict[str, int]:
    """What stands in the formula of the output's size."""
    side = setting.image.shape[1 + axis]
    total = setting.total_padding[axis]
    kernel = setting.kernel.shape[1 + axis]
    stride, dilation = setting.asked.stride, setting.asked.dilation
    out = output_size(side, kernel, total_padding=total, stride=stride, dilation=dilation)
    return {
        "n": side, "k": kernel, "span": setting.span[axis], "p": total, "s": stride,
        "d": dilation, "out": out,
    }  # fmt: skip


def _read_places(setting: Setting, sides: tuple[int, ...]) -> list[list[bool]]:
    """Of each row of the padded image, and of each column, whether any window reads it."""
    found = []
    for axis, side in enumerate(sides):
        outputs = _size(setting, axis)["out"]
        entries = np.arange(setting.kernel.shape[1 + axis]) * setting.asked.dilation
        places = (np.arange(outputs) * setting.asked.stride)[:, None] + entries
        found.append(np.isin(np.arange(side), places).tolist())
    return found


def _flip(setting: Setting, padded: FloatArray) -> dict[str, Any] | None:
    """How far correlation and convolution differ; None for pooling, which has no kernel."""
    if setting.asked.pools:
        return None
    turned = setting.kernel[:, ::-1, ::-1]
    one, other = (
        cross_correlation(padded[None], np.ascontiguousarray(kernel)[None], **setting.sliding)
        for kernel in (setting.kernel, turned)
    )
    return {
        "symmetric": bool(np.abs(setting.kernel - turned).max() <= SYMMETRIC),
        "difference": float(np.abs(one - other).max()),
    }
