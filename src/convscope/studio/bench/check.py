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
    """The output by PyTorch's own padding and sliding: (1 or channels, height, width)."""
    import torch
    import torch.nn.functional as F

    asked = setting.asked
    image = torch.from_numpy(setting.image.copy())[None]
    kernel = torch.from_numpy(setting.slid.copy())[None]
    window, around = setting.kernel.shape[1:], setting.after
    if asked.operation == "max":
        output = F.max_pool2d(image, window, asked.stride, around)
    elif asked.operation == "average":
        output = F.avg_pool2d(image, window, asked.stride, around)
    else:
        (top, left), (bottom, right) = setting.before, setting.after
        mode = "constant" if asked.mode == "zeros" else asked.mode
        padded = F.pad(image, (left, right, top, bottom), mode)
        bias = torch.tensor([asked.bias], dtype=torch.float64)
        output = F.conv2d(padded, kernel, bias, asked.stride, 0, asked.dilation)
    found: FloatArray = (output.relu() if asked.relu else output)[0].numpy()
    return found
