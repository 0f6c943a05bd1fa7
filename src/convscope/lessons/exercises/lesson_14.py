"""Exercises of lesson 14: inception blocks, depthwise convolutions, a small network."""

from __future__ import annotations

import copy
from typing import Any

from convscope.lessons.exercise import (
    Exercise,
    Outcome,
    Words,
    WrongAnswer,
    design,
    number,
    prediction,
)

MOST_PARAMETERS, MOST_MACS, LEAST_RIGHT = 4_000, 200_000, 0.95

NO_DIGITS = Words(
    "The network doesn't give 10 logits for each image of 1 × 8 × 8.",
    "网络没有为每幅 1 × 8 × 8 的图像给出 10 个输出。",
)
TOO_LARGE = Words(
    "Too many parameters. Where do they lie: in the dense layer, or in wide convolutions?",
    "参数太多。它们在哪里：在全连接层，还是在宽的卷积里？",
)
TOO_DEAR = Words(
    "Too many multiply–adds. Halve the maps before the wide layers, or make those separable.",
    "乘加太多。在宽的层之前把特征图减半，或改用可分离卷积。",
)
TOO_OFTEN_WRONG = Words(
    "It is too often wrong. Use up what is allowed: more channels, another layer, batch norm.",
    "错得太多。把余量用足：多用通道，再加一层，加批量规范化。",
)


def count_second_block() -> list[int]:
    """Channels of GoogLeNet's block 3b, and the multiply–adds of its second path."""
    from convscope.experiments.inception_paths import follow_inception
    from convscope.networks.googlenet import INCEPTION

    block = follow_inception(256, INCEPTION["3b"])
    return [block.output[0], block.paths[1].macs]


def measure_speed_ratio() -> str:
    """What is left of the time of a 3×3 convolution of 16 channels, if it is made separable."""
    from convscope.experiments.separable_times import time_separable

    (pair,) = time_separable([16]).pairs
    return "b" if pair.time < 0.12 else "a" if pair.time <= 0.3 else "c"


def _measure_small(answer: Any) -> Outcome:
    import torch

    from convscope.experiments.short_training import compare_short_trainings
    from convscope.inspection.trace.trace import trace
    from convscope.networks.initialization import initialize

    with torch.no_grad():
        shape = tuple(copy.deepcopy(answer).eval()(torch.zeros(2, 1, 8, 8)).shape)
    if shape != (2, 10):
        return Outcome(False, Words(f"gives {shape}", f"给出 {shape}"), NO_DIGITS)
    traced = trace(answer, (1, 8, 8))
    size = Words(
        f"{traced.parameters:,} parameters, {traced.macs:,} multiply–adds",
        f"{traced.parameters:,} 个参数，{traced.macs:,} 次乘加",
    )
    if traced.parameters > MOST_PARAMETERS:
        return Outcome(False, size, TOO_LARGE)
    if traced.macs > MOST_MACS:
        return Outcome(False, size, TOO_DEAR)

    def build() -> Any:
        network = copy.deepcopy(answer)
        initialize(network, "default")
        return network

    (right,) = compare_short_trainings({"answer": build}, seeds=1).accuracies["answer"]
    said = Words(
        f"{size.en}, {100 * right:.1f} % of the digits right",
        f"{size.zh}，认对 {100 * right:.1f} % 的数字",
    )
    is_right = right >= LEAST_RIGHT
    return Outcome(is_right, said, None if is_right else TOO_OFTEN_WRONG)


def _wrong_designs() -> list[WrongAnswer]:
    from torch import nn

    wide = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    dear = nn.Sequential(
        nn.Conv2d(1, 19, 3, padding=1), nn.ReLU(), nn.Conv2d(19, 19, 3, padding=1), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(19, 10),
    )  # fmt: skip
    narrow = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 10)
    )
    return [
        WrongAnswer(wide, TOO_LARGE),
        WrongAnswer(dear, TOO_DEAR),
        WrongAnswer(narrow, TOO_OFTEN_WRONG),
        WrongAnswer(nn.Conv2d(1, 10, 3), NO_DIGITS),
    ]


EXERCISES: list[Exercise] = [
    number(
        "14.1",
        expected=count_second_block,
        tolerance=0.5,
        mistakes=[
            WrongAnswer(
                [640, 36_569_088],
                Words(
                    "You stacked what the narrowing 1×1 give as well. They lie within their paths.",
                    "你把起缩减作用的 1×1 的输出也拼进去了。它们在路径内部。",
                ),
            ),
            WrongAnswer(
                [480, 31_850_496],
                Words(
                    "The channels are right. The 1×1 in front computes as well: 256 · 128 for "
                    "each pixel.",
                    "通道对了。前面的 1×1 也要计算：每个像素 256 · 128。",
                ),
            ),
            WrongAnswer(
                [480, 63_700_992],
                Words(
                    "You left out the narrowing: the 3×3 sees 128 channels, not 256.",
                    "你漏了缩减：3×3 看到的是 128 个通道，不是 256 个。",
                ),
            ),
            WrongAnswer(
                [480, 253_952],
                Words(
                    "That is for one pixel. There are 12 · 12 of them.",
                    "这是一个像素的。一共有 12 · 12 个像素。",
                ),
            ),
        ],
        hints=[
            Words(
                "Only the last convolution of each path is stacked.",
                "拼接的只是每条路径最后一个卷积的输出。",
            ),
            Words(
                "128 + 192 + 96 + 64; and (256 · 128 + 128 · 192 · 9) · 144.",
                "128 + 192 + 96 + 64；以及 (256 · 128 + 128 · 192 · 9) · 144。",
            ),
        ],
    ),
    prediction(
        "14.2",
        options=("a", "b", "c"),
        measure=measure_speed_ratio,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "That would be so if time were operations. How often is each pixel used?",
                    "若运算量就是时间，就会是这样。每个像素被用了多少次？",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "Two layers in place of one, and less work for each number that is fetched: "
                    "what should make that faster still?",
                    "一层变成两层，每取一个数做的工作更少：怎么会比运算量省得还多？",
                ),
            ),
        ],
        hints=[
            Words(
                "The maps between the two must be written to memory and read again.",
                "两层之间的特征图要写入内存，再读回来。",
            ),
            Words("Look at the depthwise layer of lesson 9.", "想想第 9 课里的逐通道层。"),
        ],
    ),
    design(
        "14.3",
        measure=_measure_small,
        mistakes=_wrong_designs(),
        hints=[
            Words(
                "A pooling after the first layer makes the later ones cost a quarter.",
                "第一层之后汇聚一次，后面各层的代价就只有四分之一。",
            ),
            Words(
                "Convolution 3×3 to 12 channels, batch norm, ReLU, MaxPool2d(2), then 3×3 to 24, "
                "batch norm, ReLU, AdaptiveMaxPool2d(2), Flatten, Linear.",
                "3×3 卷积到 12 个通道、批量规范化、ReLU、MaxPool2d(2)，再 3×3 到 24、"
                "批量规范化、ReLU、AdaptiveMaxPool2d(2)、Flatten、Linear。",
            ),
        ],
    ),
]
