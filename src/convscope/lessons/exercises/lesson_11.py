"""Exercises of lesson 11: receptive fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.lessons.exercise import (
    Exercise,
    Outcome,
    Words,
    WrongAnswer,
    design,
    function,
    prediction,
)

Layers = list[tuple[int, int]]
SIZE, CHANNELS = 64, 8
MOST_MACS, LEAST_FIELD, LEAST_MAP, LARGEST_KERNEL = 350_000, 31, 8, 3

TOO_DEAR = Words(
    "Too many multiply–adds: fifteen layers at full size see far enough, but each is computed at "
    "4,096 places. Make the maps smaller first.",
    "乘加次数过多：十五层全尺寸卷积看得够远，但每层都要算 4,096 个位置。先把特征图变小。",
)
TOO_NEAR = Words(
    "It doesn't see far enough: with steps of 8 pixels, a kernel of 3 adds 16. Another stride, or "
    "a layer behind the last one?",
    "看得还不够远：每步 8 个像素时，大小为 3 的核能多看 16 个像素。再加一次步幅，或在最后加一层？",
)
TOO_SMALL = Words(
    "The last map is too small: three halvings leave 8 × 8 of 64 × 64, four leave 4 × 4.",
    "最后的特征图太小：64 × 64 减半三次剩 8 × 8，四次只剩 4 × 4。",
)
TOO_LARGE = Words(
    "A kernel or window is larger than 3. Reach farther by strides.",
    "有的核或窗口大于 3。用步幅来看得更远。",
)


def field_by_definition(layers: Layers) -> int:
    """The receptive field of a chain of layers, by the library's definition."""
    from convscope.definitions.counting import Window, receptive_field

    return receptive_field([Window(kernel, stride) for kernel, stride in layers]).size


def _draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    count = int(random.integers(1, 7))
    return ([(int(random.integers(1, 8)), int(random.integers(1, 4))) for _ in range(count)],)


def _without_strides(layers: Layers) -> int:
    return field_by_definition([(kernel, 1) for kernel, _ in layers])


def _own_stride(layers: Layers) -> int:
    size, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        size += (kernel - 1) * step
    return size


def _whole_kernels(layers: Layers) -> int:
    size, step = 1, 1
    for kernel, stride in layers:
        size += kernel * step
        step *= stride
    return size


def _measure_share() -> str:
    from convscope.experiments.effective_growth import measure_effective_growth

    (field,) = measure_effective_growth([10]).fields
    pixels = field.share * field.effective.size
    return "c" if pixels < 200 else "b" if pixels < 350 else "a"


def _measure_far_sight(answer: Any) -> Outcome:
    from convscope.experiments.field_methods import compare_field_methods
    from convscope.inspection.trace.trace import trace

    shown = trace(answer, (1, SIZE, SIZE))
    macs, output = shown.macs, shown.layers[-1].output_shape
    (last,) = compare_field_methods(answer, SIZE, [_last_layer(answer)], images=2).layers
    said = Words(
        f"sees {last.formula} pixels, {macs:,} multiply–adds, last map {output[1]} × {output[2]}",
        f"能看到 {last.formula} 个像素，{macs:,} 次乘加，最后的特征图 {output[1]} × {output[2]}",
    )
    hint = None
    if _largest_kernel(answer) > LARGEST_KERNEL:
        hint = TOO_LARGE
    elif macs > MOST_MACS:
        hint = TOO_DEAR
    elif min(output[1:]) < LEAST_MAP:
        hint = TOO_SMALL
    elif last.formula < LEAST_FIELD:
        hint = TOO_NEAR
    elif any(channels != CHANNELS for channels in _channels(answer)):
        return Outcome(
            False,
            Words("a convolution has other than 8 output channels", "有卷积的输出通道数不是 8"),
        )
    return Outcome(hint is None, said, hint)


def _windowed(network: Any) -> dict[str, Any]:
    return {name: m for name, m in network.named_modules() if hasattr(m, "kernel_size")}


def _last_layer(network: Any) -> str:
    return [*_windowed(network)][-1]


def _largest_kernel(network: Any) -> int:
    return max(int(np.max(module.kernel_size)) for module in _windowed(network).values())


def _channels(network: Any) -> list[int]:
    return [m.out_channels for m in _windowed(network).values() if hasattr(m, "out_channels")]


def _chain(*strides: int, kernel: int = 3) -> Any:
    from torch import nn

    inputs = [1, *[CHANNELS] * (len(strides) - 1)]
    return nn.Sequential(
        *(
            nn.Conv2d(c, CHANNELS, kernel, s, kernel // 2)
            for c, s in zip(inputs, strides, strict=True)
        )
    )


EXERCISES: list[Exercise] = [
    function(
        "11.1",
        oracle=field_by_definition,
        cases=_draw_case,
        mistakes=[
            WrongAnswer(
                _without_strides,
                Words(
                    "You leave out the strides. Behind a stride of 2, each step is two pixels.",
                    "你漏掉了步幅。步幅 2 之后，每一步是两个像素。",
                ),
            ),
            WrongAnswer(
                _own_stride,
                Words(
                    "A layer's own stride moves its windows apart but doesn't make them larger: "
                    "multiply it in after the layer.",
                    "一层自己的步幅只把窗口拉开，并不使窗口变大：应在这一层之后再乘。",
                ),
            ),
            WrongAnswer(
                _whole_kernels,
                Words(
                    "A kernel of k adds k − 1 steps: the first pixel is there already.",
                    "大小为 k 的核只增加 k − 1 步：第一个像素已经算过了。",
                ),
            ),
        ],
        hints=[
            Words(
                "Keep two numbers: the size, from 1 on, and the step, from 1 on.",
                "记住两个数：大小和步长，都从 1 开始。",
            ),
            Words(
                "For each layer: size += (kernel − 1) · step, then step *= stride.",
                "对每一层：size += (kernel − 1) · step，然后 step *= stride。",
            ),
        ],
    ),
    design(
        "11.2",
        measure=_measure_far_sight,
        mistakes=[
            WrongAnswer(_chain(*[1] * 15), TOO_DEAR),
            WrongAnswer(_chain(2, 2, 2), TOO_NEAR),
            WrongAnswer(_chain(2, 2, 2, 2), TOO_SMALL),
            WrongAnswer(_chain(2, 2, 2, kernel=5), TOO_LARGE),
        ],
        hints=[
            Words(
                "A stride early on makes every later layer cheaper and farther-sighted.",
                "越早用步幅，后面的每一层就越便宜、看得越远。",
            ),
            Words(
                "Three convolutions of stride 2, and one of stride 1 behind them.",
                "三层步幅为 2 的卷积，后面再加一层步幅为 1 的。",
            ),
        ],
    ),
    prediction(
        "11.3",
        options=("a", "b", "c"),
        measure=_measure_share,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "So it would be if all pixels counted alike. How many paths lead from a corner "
                    "pixel to the unit?",
                    "若所有像素同样重要，就会是这样。从角上的像素到该单元有几条路径？",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "Fewer. The width is a bell's, in rows and in columns: shares multiply.",
                    "还要少。行和列上都是钟形：比例要相乘。",
                ),
            ),
        ],
        hints=[
            Words(
                "A middle pixel has thousands of paths to the unit, a corner pixel has one.",
                "中间的像素到该单元有成千上万条路径，角上的只有一条。",
            ),
            Words(
                "cs.experiments.measure_effective_growth([10]).fields[0].share tells it.",
                "cs.experiments.measure_effective_growth([10]).fields[0].share 会告诉你。",
            ),
        ],
    ),
]
