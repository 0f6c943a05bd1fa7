"""The bench's output once more, by PyTorch, in the same precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.definitions.arrays import FloatArray
from convscope.studio.bench.compute import padded_image, partial_maps
from convscope.studio.bench.settings import Setting


def check(setting: Setting) -> dict[str, Any]:
    """The largest difference between PyTorch's output and the definitions', and its size."""
    asked = setting.asked
    partial = partial_maps(setting, padded_image(setting))
    ours = partial if asked.pools else partial.sum(axis=0, keepdims=True) + asked.bias
    if asked.relu:
        ours = np.maximum(ours, 0)
    theirs = torch_output(setting)
    return {
        "difference": float(np.abs(ours - theirs).max()),
        "largest": float(np.abs(theirs).max()),
    }


def torch_output(setting: Setting) -> FloatArray:
    """The output by the layers that a person would write: (1 or channels, height, width)."""
    import torch
    from torch import nn

    asked = setting.asked
    image = torch.from_numpy(setting.image.copy())[None]
    window, around = setting.kernel.shape[1:], setting.after
    layer: nn.Module
    if asked.operation == "max":
        layer = nn.MaxPool2d(window, asked.stride, around)
    elif asked.operation == "average":
        layer = nn.AvgPool2d((window[0], window[1]), asked.stride, (around[0], around[1]))
    else:
        convolution = nn.Conv2d(
            len(setting.image), 1, window, asked.stride, asked.padding, asked.dilation,
            padding_mode=asked.mode, dtype=torch.float64,
        )  # fmt: skip
        with torch.no_grad():
            convolution.weight.copy_(torch.from_numpy(setting.slid.copy())[None])
            assert convolution.bias is not None, "the default"  # noqa: S101
            convolution.bias.fill_(asked.bias)
        layer = convolution
    with torch.no_grad():
        output = layer(image)[0]
        found: FloatArray = (output.relu() if asked.relu else output).numpy()
    return found
