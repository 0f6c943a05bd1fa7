"""Exercises of lesson 9: several channels, counting, and a cheap way to look far."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.lessons.exercise import (
    Exercise,
    Outcome,
    Words,
    WrongAnswer,
    design,
    function,
    number,
    prediction,
)
from convscope.look.numbers import percent

Array = NDArray[np.float64]

CHANNELS, SIZE, KERNEL, SHARE = 64, 28, 5, 0.1  # of 9.4


def correlate_oracle(x: Array, weight: Array, bias: Array) -> Array:
    """The answer to 9.1."""
    from convscope.definitions.cross_correlation import cross_correlation

    return np.asarray(cross_correlation(x[None], weight, bias)[0])


def draw_layer(random: np.random.Generator) -> tuple[Array, Array, Array]:
    """A case of 9.1: whole numbers, so that they can be read; 2 or 3 channels in and out."""
    inputs, outputs = (int(value) for value in random.integers(2, 4, 2))
    k, height, width = int(random.integers(2, 4)), *(int(v) for v in random.integers(4, 6, 2))
    x = random.integers(-4, 5, (inputs, height, width)).astype(float)
    weight = random.integers(-4, 5, (outputs, inputs, k, k)).astype(float)
    return x, weight, random.integers(1, 5, outputs).astype(float)


def _without_bias(x: Array, weight: Array, bias: Array) -> Array:
    return correlate_oracle(x, weight, 0 * bias)


def _first_kernel_for_all(x: Array, weight: Array, bias: Array) -> Array:
    return correlate_oracle(x.sum(axis=0, keepdims=True), weight[:, :1], bias)


def _turned(x: Array, weight: Array, bias: Array) -> Array:
    return correlate_oracle(x, weight[:, :, ::-1, ::-1], bias)


def _mean_of_channels(x: Array, weight: Array, bias: Array) -> Array:
    return correlate_oracle(x, weight / len(x), bias)


def _bias_for_each_channel(x: Array, weight: Array, bias: Array) -> Array:
    return correlate_oracle(x, weight, len(x) * bias)


def measure_parameters() -> str:
    """The answer to 9.2."""
    from torch import nn

    layer = nn.Conv2d(64, 128, 3, device="meta")
    count = sum(parameter.numel() for parameter in layer.parameters())
    return {1_280: "a", 73_728: "b", 73_856: "c", 73_792: "d"}[count]


def count_alexnet_layer() -> list[int]:
    """The answer to 9.3: parameters, MACs, FLOPs."""
    from convscope.definitions.counting import convolution_macs, convolution_parameters
    from convscope.definitions.windows import output_size

    side = output_size(26, 5, total_padding=4)
    macs = convolution_macs(96, 256, (5, 5), (side, side))
    return [convolution_parameters(96, 256, (5, 5)), macs, 2 * macs]


def measure_cheap_layer(answer: Any) -> Outcome:
    """Shape, operations, field and mixing of a module, for 9.4."""
    import torch
    from torch import nn

    from convscope.definitions.counting import convolution_macs
    from convscope.inspection.trace.trace import trace

    if not isinstance(answer, nn.Module):
        return Outcome(
            False,
            Words(
                f"asks for a module, such as nn.Sequential(…); given {type(answer).__name__}",
                f"应给出一个模块，例如 nn.Sequential(…)；收到的是 {type(answer).__name__}",
            ),
        )
    shape = (CHANNELS, SIZE, SIZE)
    image = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    output = answer(image)
    full = convolution_macs(CHANNELS, CHANNELS, (KERNEL, KERNEL), (SIZE, SIZE))
    share = trace(answer, shape).macs / full
    if output.shape[1:] != shape:
        shown = " × ".join(map(str, output.shape[1:]))
        return _failed(f"the output is {shown}", f"输出为 {shown}", _design_hints["shape"])
    if share > SHARE:
        text = percent(share)
        return _failed(
            f"it does {text} of the operations of the full convolution",
            f"运算量是普通卷积的 {text}",
            _design_hints["dear"],
        )
    seen = _reach(output, image)
    channels, span = int(seen.any(dim=(1, 2)).sum()), int(seen.any(dim=(0, 1)).sum())
    if span < KERNEL:
        return _failed(
            f"an output sees {span} pixels along each axis",
            f"每个输出在一个方向只看到 {span} 个像素",
            _design_hints["near"],
        )
    if channels < CHANNELS:
        return _failed(
            f"an output sees {channels} of {CHANNELS} channels",
            f"每个输出只看到 {CHANNELS} 个通道中的 {channels} 个",
            _design_hints["apart"],
        )
    return Outcome(
        True,
        Words(
            f"{percent(share)} of the operations, {span}×{span} pixels, all channels",
            f"运算量为 {percent(share)}，{span}×{span} 像素，全部通道",
        ),
    )


def _reach(output: Any, image: Any) -> Any:
    """Which inputs change the middle of output channel 0: bool (C, H, W).

    Several images of noise would be needed where ReLUs are off; the gradients of two are joined.
    """
    import torch

    centre = output[0, :, SIZE // 2, SIZE // 2]
    (found,) = torch.autograd.grad(centre[0], image, retain_graph=True)
    return found[0] != 0


def _failed(english: str, chinese: str, hint: Words) -> Outcome:
    return Outcome(False, Words(english, chinese), hint)


_design_hints = {
    "shape": Words(
        "A kernel of k needs (k − 1) / 2 zeros on each side to keep 28×28, and the last layer "
        "64 channels.",
        "要保持 28×28，大小为 k 的核每侧需要 (k − 1) / 2 个零；最后一层应有 64 个通道。",
    ),
    "dear": Words(
        "Nearly all of the cost is channels times channels. Make it narrow before you look far: a "
        "1×1 convolution to fewer channels, then the 5×5, then back.",
        "代价几乎都来自通道数乘通道数。先变窄再看远：用 1×1 卷积减少通道，再做 5×5，然后变回来。",
    ),
    "near": Words(
        "A 1×1 convolution sees one pixel. Some layer has to look around.",
        "1×1 卷积只看一个像素。总要有一层去看四周。",
    ),
    "apart": Words(
        "Depthwise layers never mix channels. A 1×1 convolution does.",
        "逐通道卷积从不混合通道。1×1 卷积可以。",
    ),
}


def _wrong_designs() -> list[WrongAnswer]:
    from torch import nn

    return [
        WrongAnswer(nn.Conv2d(64, 64, 5), _design_hints["shape"]),
        WrongAnswer(
            nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1)),
            _design_hints["dear"],
        ),
        WrongAnswer(nn.Conv2d(64, 64, 1), _design_hints["near"]),
        WrongAnswer(nn.Conv2d(64, 64, 5, padding=2, groups=64), _design_hints["apart"]),
    ]


EXERCISES: list[Exercise] = [
    function(
        "9.1",
        oracle=correlate_oracle,
        cases=draw_layer,
        mistakes=[
            WrongAnswer(
                _without_bias,
                Words(
                    "The bias is missing: one number for each output channel.",
                    "缺了偏置：每个输出通道一个数。",
                ),
            ),
            WrongAnswer(
                _first_kernel_for_all,
                Words(
                    "You use one kernel for all input channels. Channel c has its own: "
                    "weight[o, c].",
                    "你对所有输入通道用了同一个核。通道 c 有自己的核：weight[o, c]。",
                ),
            ),
            WrongAnswer(
                _turned,
                Words(
                    "You turn the kernels by 180°. Layers don't (lesson 7).",
                    "你把核旋转了 180°。卷积层并不旋转（见第 7 课）。",
                ),
            ),
            WrongAnswer(
                _mean_of_channels,
                Words(
                    "The maps of the channels are added, not averaged.",
                    "各通道的图是相加，不是取平均。",
                ),
            ),
            WrongAnswer(
                _bias_for_each_channel,
                Words(
                    "You add the bias once for each input channel. It belongs to the output: once.",
                    "你对每个输入通道都加了一次偏置。它属于输出，只加一次。",
                ),
            ),
        ],
        hints=[
            Words(
                "Four loops do: outputs, rows, columns; and a sum over the window of all channels.",
                "用几重循环就够了：输出、行、列，再对所有通道的窗口求和。",
            ),
            Words(
                "y[o, i, j] = (x[:, i:i+k, j:j+k] * weight[o]).sum() + bias[o]",
                "y[o, i, j] = (x[:, i:i+k, j:j+k] * weight[o]).sum() + bias[o]，逐个计算。",
            ),
        ],
    ),
    prediction(
        "9.2",
        options=("a", "b", "c", "d"),
        measure=measure_parameters,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "That is one kernel for each output. Each has one for every input channel.",
                    "这是每个输出只有一个核。其实每个输出对每个输入通道都有一个核。",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "Those are the weights. Unless bias=False, biases come on top.",
                    "这只是权重。除非 bias=False，还要加上偏置。",
                ),
            ),
            WrongAnswer(
                "d",
                Words(
                    "There is a bias for each output channel, not for each input channel.",
                    "偏置是每个输出通道一个，不是每个输入通道一个。",
                ),
            ),
        ],
        hints=[
            Words(
                "How many kernels of 3×3? As many as pairs of an input and an output channel.",
                "有多少个 3×3 的核？与输入、输出通道的配对一样多。",
            ),
            Words(
                "Then add what each output channel adds to its sum.",
                "再加上每个输出通道在和上所加的那个数。",
            ),
        ],
    ),
    number(
        "9.3",
        expected=count_alexnet_layer,
        tolerance=0.5,
        mistakes=[
            WrongAnswer(
                [614_656, 297_369_600, 594_739_200],
                Words(
                    "With padding 2 a 5×5 kernel keeps 26×26; you counted 22×22 outputs.",
                    "填充 2 时，5×5 的核保持 26×26；你按 22×22 个输出来算了。",
                ),
            ),
            WrongAnswer(
                [614_400, 415_334_400, 830_668_800],
                Words(
                    "The operations are right. The parameters lack the biases.",
                    "运算量对了。参数缺了偏置。",
                ),
            ),
            WrongAnswer(
                [614_656, 415_334_400, 415_334_400],
                Words(
                    "A MAC is a product and an addition: two FLOPs where they count apart.",
                    "一次乘加是一次乘法和一次加法：分开计数时为两次浮点运算。",
                ),
            ),
            WrongAnswer(
                [614_656, 4_326_400, 8_652_800],
                Words(
                    "Each output sums over all 96 input channels; that factor is missing.",
                    "每个输出要对全部 96 个输入通道求和；漏了这个因子。",
                ),
            ),
        ],
        hints=[
            Words(
                "Weights first: 96 · 256 · 25. Every weight is used once for each output pixel.",
                "先算权重：96 · 256 · 25。每个权重对每个输出像素用一次。",
            ),
            Words(
                "Parameters: weights + 256. MACs: weights · 26 · 26. FLOPs: twice the MACs.",
                "参数：权重 + 256。乘加：权重 · 26 · 26。浮点运算：乘加的两倍。",
            ),
        ],
    ),
    design(
        "9.4",
        measure=measure_cheap_layer,
        mistakes=_wrong_designs(),
        hints=[
            Words(
                "Where do 64 · 64 · 25 operations for each pixel come from? "
                "Which factor can you lower?",
                "每个像素 64 · 64 · 25 次运算从何而来？哪个因子可以减小？",
            ),
            Words(
                "Either 1×1 to few channels, 5×5, 1×1 back; or depthwise 5×5 and then 1×1.",
                "或者 1×1 变窄、5×5、1×1 变回；或者逐通道 5×5 再接 1×1。",
            ),
        ],
    ),
]
