"""Exercises of lesson 16: residual and dense blocks."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

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

LEAST_RIGHT = 0.96  # of the digits held out

NO_DIGITS = Words(
    "The network doesn't give 10 logits for each image of 1 × 8 × 8.",
    "网络没有为每幅 1 × 8 × 8 的图像给出 10 个输出。",
)
TOO_MUCH = Words(
    "It keeps too much. Fewer channels where the maps are large, or halve the maps earlier.",
    "保存得太多。在特征图大的地方少用通道，或者早些把特征图减半。",
)
TOO_OFTEN_WRONG = Words(
    "It is too often wrong. Memory is left: more channels, another layer, or batch norm.",
    "错得太多。内存还有余：多用通道，再加一层，或者用批量规范化。",
)


def relu(values: np.ndarray) -> np.ndarray:
    """Values below 0 become 0."""
    return np.asarray(np.maximum(values, 0))


def residual_by_definition(
    x: np.ndarray, first: np.ndarray, second: np.ndarray, projection: np.ndarray | None
) -> np.ndarray:
    """relu(shortcut + second · relu(first · x)), the shortcut x itself or projection · x."""
    shortcut = x if projection is None else projection @ x
    return relu(shortcut + second @ relu(first @ x))


def _draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    inputs, within, outputs = (int(random.integers(2, 7)) for _ in range(3))
    is_projected = bool(random.integers(2))
    outputs = outputs if is_projected else inputs
    shapes = [(inputs,), (within, inputs), (outputs, within)]
    x, first, second = (random.normal(size=shape) for shape in shapes)
    return x, first, second, random.normal(size=(outputs, inputs)) if is_projected else None


def _shortcut_too_late(x: Any, first: Any, second: Any, projection: Any) -> Any:
    return (x if projection is None else projection @ x) + relu(second @ relu(first @ x))


def _no_relu_at_the_end(x: Any, first: Any, second: Any, projection: Any) -> Any:
    return (x if projection is None else projection @ x) + second @ relu(first @ x)


def _no_relu_within(x: Any, first: Any, second: Any, projection: Any) -> Any:
    return relu((x if projection is None else projection @ x) + second @ first @ x)


def _no_shortcut(x: Any, first: Any, second: Any, projection: Any) -> Any:
    return relu(second @ relu(first @ x))


def count_dense_channels() -> list[int]:
    """Channels that the sixth layer sees, behind the block and behind its transition."""
    from convscope.networks.densenet import DenseBlock

    block = DenseBlock(6, 64, 32)
    sixth = [*block.children()][-1].norm1.num_features  # type: ignore[union-attr]
    return [int(sixth), block.out_channels, block.out_channels // 2]  # type: ignore[arg-type]


def measure_kept_ratio() -> str:
    """What training keeps for DenseNet-121 over what it keeps for ResNet-50."""
    from convscope.experiments.network_footprints import compare_footprints

    ratio = compare_footprints(["resnet50", "densenet121"]).ratio("kept", "densenet121", "resnet50")
    return "a" if ratio < 0.5 else "b" if ratio < 1 else "c"


def _measure_thrift(answer: Any) -> Outcome:
    import torch

    from convscope.experiments.dense_network import build_dense_network
    from convscope.experiments.short_training import compare_short_trainings
    from convscope.experiments.step_footprint import measure_footprint
    from convscope.networks.initialization import initialize

    with torch.no_grad():
        shape = tuple(copy.deepcopy(answer).eval()(torch.zeros(2, 1, 8, 8)).shape)
    if shape != (2, 10):
        return Outcome(False, Words(f"gives {shape}", f"给出 {shape}"), NO_DIGITS)
    kept = measure_footprint(answer, (1, 8, 8)).kept
    most = measure_footprint(build_dense_network(), (1, 8, 8)).kept / 2
    if kept > most:
        return Outcome(
            False,
            Words(
                f"keeps {kept / 1000:.0f} kB for an image; allowed are {most / 1000:.0f}",
                f"每幅图像保存 {kept / 1000:.0f} kB；允许 {most / 1000:.0f}",
            ),
            TOO_MUCH,
        )

    def build() -> Any:
        network = copy.deepcopy(answer)
        initialize(network, "default")
        return network

    (right,) = compare_short_trainings({"answer": build}, seeds=1).accuracies["answer"]
    said = Words(
        f"keeps {kept / 1000:.0f} kB for an image, {100 * right:.1f} % of the digits right",
        f"每幅图像保存 {kept / 1000:.0f} kB，认对 {100 * right:.1f} % 的数字",
    )
    is_right = right >= LEAST_RIGHT
    return Outcome(is_right, said, None if is_right else TOO_OFTEN_WRONG)


def _wrong_designs() -> list[WrongAnswer]:
    from torch import nn

    from convscope.experiments.dense_network import build_dense_network

    small = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 10))
    blank = nn.Sequential(nn.Conv2d(1, 10, 3), nn.AdaptiveAvgPool2d(1))
    return [
        WrongAnswer(build_dense_network(), TOO_MUCH),
        WrongAnswer(small, TOO_OFTEN_WRONG),
        WrongAnswer(blank, NO_DIGITS),
    ]


EXERCISES: list[Exercise] = [
    function(
        "16.1",
        oracle=residual_by_definition,
        cases=_draw_case,
        mistakes=[
            WrongAnswer(
                _no_shortcut,
                Words(
                    "That is a plain block: x itself never reaches the output.",
                    "这是没有捷径的块：x 本身没有到达输出。",
                ),
            ),
            WrongAnswer(
                _shortcut_too_late,
                Words(
                    "You add the shortcut behind the last ReLU. It is added before: "
                    "otherwise a block could only make things larger.",
                    "你在最后一个 ReLU 之后才加捷径。应在它之前相加：否则块只能使数值变大。",
                ),
            ),
            WrongAnswer(
                _no_relu_at_the_end,
                Words(
                    "The last ReLU is missing, behind the sum.", "漏了最后的 ReLU，它在相加之后。"
                ),
            ),
            WrongAnswer(
                _no_relu_within,
                Words(
                    "The ReLU between first and second is missing: without it, the branch is "
                    "one matrix.",
                    "漏了 first 与 second 之间的 ReLU：没有它，支路只是一个矩阵。",
                ),
            ),
        ],
        hints=[
            Words(
                "Two ways lead from x to the sum: a long one with two matrices, and a short one.",
                "从 x 到求和有两条路：一条长路经过两个矩阵，一条是捷径。",
            ),
            Words(
                "relu(shortcut + second @ relu(first @ x)); shortcut is x, or projection @ x.",
                "relu(shortcut + second @ relu(first @ x))；shortcut 是 x，或 projection @ x。",
            ),
        ],
    ),
    number(
        "16.2",
        expected=count_dense_channels,
        tolerance=0.5,
        mistakes=[
            WrongAnswer(
                [160, 192, 96],
                Words(
                    "You left out the 64 channels of the input: they are carried on as well.",
                    "你漏了输入的 64 个通道：它们也一直被传下去。",
                ),
            ),
            WrongAnswer(
                [256, 256, 128],
                Words(
                    "A layer doesn't see its own output: the sixth sees what five have added.",
                    "一层看不到自己的输出：第六层看到的是前五层加上的。",
                ),
            ),
            WrongAnswer(
                [224, 256, 256],
                Words(
                    "The transition halves height and width, and the channels as well.",
                    "过渡层把高和宽减半，也把通道减半。",
                ),
            ),
        ],
        hints=[
            Words("Each layer adds 32 to what is there.", "每一层在已有的之上加 32。"),
            Words(
                "64 + 5 · 32, 64 + 6 · 32, and half of that.",
                "64 + 5 · 32，64 + 6 · 32，再取一半。",
            ),
        ],
    ),
    prediction(
        "16.3",
        options=("a", "b", "c"),
        measure=measure_kept_ratio,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "That would be so if memory went with the weights. What is kept are the maps.",
                    "若内存取决于权重，就会是这样。而保存的是特征图。",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "Neither does it go with the operations. How many layers keep the maps of the "
                    "first one?",
                    "也不取决于运算量。第一层的特征图，有多少层各保存一份？",
                ),
            ),
        ],
        hints=[
            Words(
                "For the backward pass each layer keeps its input.",
                "为了反向传播，每一层都要保存自己的输入。",
            ),
            Words(
                "The input of the tenth layer of a dense block are the maps of nine others.",
                "稠密块第十层的输入，是前九层的特征图。",
            ),
        ],
    ),
    design(
        "16.4",
        measure=_measure_thrift,
        mistakes=_wrong_designs(),
        hints=[
            Words(
                "What is kept is, for each layer, about channels × height × width.",
                "每层保存的大约是通道数 × 高 × 宽。",
            ),
            Words(
                "Three times convolution (3×3, 16 channels, padding 1), batch norm and ReLU, then "
                "AdaptiveMaxPool2d(2), Flatten, Linear.",
                "三组卷积（3×3、16 通道、填充 1）、批量规范化和 ReLU，再接 AdaptiveMaxPool2d(2)、"
                "Flatten、Linear。",
            ),
        ],
    ),
]
