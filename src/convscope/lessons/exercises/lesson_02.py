"""Exercises of lesson 2: parameters of nested blocks, spread through depth, and an initializer."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.lessons.exercise import (
    Exercise,
    Words,
    WrongAnswer,
    function,
    number,
    prediction,
)


def _counts() -> list[int]:
    from torch import nn

    def block() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU())

    four = nn.Sequential(*(block() for _ in range(4)), nn.Linear(4, 1))
    one = nn.Sequential(*[block()] * 4, nn.Linear(4, 1))
    return [sum(each.numel() for each in network.parameters()) for network in (four, one)]


def _left_by_xavier() -> str:
    from convscope.experiments.activation_depth import follow_signal

    kept = follow_signal("relu", ("xavier",)).kept("xavier")
    return "c" if kept > 1 else "a" if kept > 1 / 3 else "b"


def _case(random: np.random.Generator) -> tuple[Any, ...]:
    units, inputs = random.integers(1, 9, size=2)
    return (random.random((units, inputs)),)


def _draw_weights(uniform: Any) -> Any:
    return (2 * uniform - 1) * np.sqrt(6 / uniform.shape[1])


def _variance_as_limit(uniform: Any) -> Any:
    return (2 * uniform - 1) * np.sqrt(2 / uniform.shape[1])


def _not_centred(uniform: Any) -> Any:
    return uniform * np.sqrt(6 / uniform.shape[1])


def _by_units(uniform: Any) -> Any:
    return (2 * uniform - 1) * np.sqrt(6 / uniform.shape[0])


def _without_root(uniform: Any) -> Any:
    return (2 * uniform - 1) * 6 / uniform.shape[1]


EXERCISES: list[Exercise] = [
    number(
        "2.1",
        expected=_counts,
        tolerance=0,
        mistakes=[
            WrongAnswer(
                [260, 68],
                Words(
                    "You left out the biases: each layer has one for each output.",
                    "漏了偏置：每层的每个输出各有一个。",
                ),
            ),
            WrongAnswer(
                [309, 309],
                Words(
                    "The same block four times is one block: its parameters count once.",
                    "同一个块用四次仍是一个块：它的参数只算一次。",
                ),
            ),
            WrongAnswer(
                [304, 76],
                Words(
                    "The last layer, Linear(4, 1), has parameters, too.",
                    "最后的 Linear(4, 1) 也有参数。",
                ),
            ),
        ],
        hints=[
            Words("Count one block first; ReLU has no parameters.", "先数一个块；ReLU 没有参数。"),
            Words(
                "(4·8 + 8) + (8·4 + 4) = 76 for a block.",
                "一个块有 (4·8 + 8) + (8·4 + 4) = 76 个。",
            ),
        ],
    ),
    prediction(
        "2.2",
        options=("a", "b", "c"),
        measure=_left_by_xavier,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "That is so with tanh. ReLU cuts off half of every layer's outputs.",
                    "那是 tanh 的情形。ReLU 把每层输出的一半截掉。",
                ),
            ),
            WrongAnswer(
                "c",
                Words(
                    "ReLU cuts off and never adds: what is the mean square of what is left?",
                    "ReLU 只截去，从不增加：剩下部分的均方是多少？",
                ),
            ),
        ],
        hints=[
            Words(
                "The mean square behind ReLU is half of that before it.",
                "经过 ReLU，均方变为之前的一半。",
            ),
            Words(
                "What is the square root of 1/2 to the power of 20?",
                "1/2 的平方根的 20 次方是多少？",
            ),
        ],
    ),
    function(
        "2.3",
        oracle=_draw_weights,
        cases=_case,
        mistakes=[
            WrongAnswer(
                _variance_as_limit,
                Words(
                    "Your variance is a third of what was asked: numbers from −1 to 1 have 1/3.",
                    "方差只有要求的三分之一：−1 到 1 之间均匀分布的数，方差是 1/3。",
                ),
            ),
            WrongAnswer(
                _not_centred,
                Words(
                    "Your weights are all positive: first move 0 … 1 to −1 … 1.",
                    "你的权重全是正数：先把 0 … 1 变换到 −1 … 1。",
                ),
            ),
            WrongAnswer(
                _by_units,
                Words(
                    "You divided by the number of units. Inputs are the second axis.",
                    "你除以了单元数。输入是第二个轴。",
                ),
            ),
            WrongAnswer(
                _without_root,
                Words(
                    "A factor multiplies the variance by its square: take the root.",
                    "乘上一个因子，方差就乘上它的平方：要开方。",
                ),
            ),
        ],
        hints=[
            Words(
                "From 0 … 1 to −1 … 1, then times a limit.", "先从 0 … 1 变到 −1 … 1，再乘以界限。"
            ),
            Words(
                "limit² / 3 = 2 / inputs, and inputs = uniform.shape[1].",
                "界限² / 3 = 2 / 输入数，其中输入数 = uniform.shape[1]。",
            ),
        ],
    ),
]
