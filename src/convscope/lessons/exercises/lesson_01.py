"""Exercises of lesson 1: one step of the perceptron, merged layers, rates, and XOR."""

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
    number,
    prediction,
)

ENOUGH = 9  # of 10 starts
TOO_FEW = Words(
    "Too few starts succeed. Let `learn_xor` try several numbers of units at once.",
    "成功的起点太少。可以让 `learn_xor` 一次试几种单元数。",
)
TOO_MANY = Words(
    "That many succeed, but it isn't the smallest number. Try one unit less.",
    "这么多单元确实成功，但不是最小的数目。再少一个试试。",
)
NO_LAYER = Words(
    "Without a hidden layer the model is linear, and no line separates these cases.",
    "没有隐藏层的模型是线性的，而这些情形不是直线可分的。",
)


def _case(random: np.random.Generator) -> tuple[Any, ...]:
    inputs = int(random.integers(1, 6))
    # Whole numbers: the sum is often 0, where the step answers 0.
    weight, x = random.integers(-2, 3, inputs), random.integers(-2, 3, inputs)
    return weight.astype(float), float(random.integers(-2, 3)), x.astype(float), int(
        random.integers(2)
    )  # fmt: skip


def _learn_one(weight: Any, bias: float, x: Any, target: int) -> Any:
    from convscope.definitions.neuron import neuron

    error = target - float(neuron(x, weight, bias))
    return np.array([*(weight + error * x), bias + error])


def _without_bias(weight: Any, bias: float, x: Any, target: int) -> Any:
    return np.array([*_learn_one(weight, bias, x, target)[:-1], bias])


def _wrong_sign(weight: Any, bias: float, x: Any, target: int) -> Any:
    right = _learn_one(weight, bias, x, target)
    return 2 * np.array([*weight, bias]) - right


def _at_zero(weight: Any, bias: float, x: Any, target: int) -> Any:
    error = target - float(weight @ x + bias >= 0)
    return np.array([*(weight + error * x), bias + error])


def _no_step(weight: Any, bias: float, x: Any, target: int) -> Any:
    error = target - (weight @ x + bias)
    return np.array([*(weight + error * x), bias + error])


def _merged() -> list[float]:
    import torch
    from torch import nn

    from convscope.experiments.affine import merge_affine_layers

    layers = []
    for slope, shift in ((2.0, 1.0), (-3.0, 2.0), (0.5, -1.0)):
        layer = nn.Linear(1, 1)
        with torch.no_grad():
            layer.weight.fill_(slope)
            layer.bias.fill_(shift)
        layers.append(layer)
    merged = merge_affine_layers(layers)
    return [merged.weight.item(), merged.bias.item()]


def _at_a_large_rate() -> str:
    from convscope.experiments.activation_race import race_activations

    race = race_activations(("relu", "sigmoid"), rates=(3.0,), seeds=(0,))
    relu, sigmoid = (race.epochs[name][0][0] is not None for name in ("relu", "sigmoid"))
    return "c" if relu and sigmoid else "a" if relu else "b"


def _smallest(units: Any) -> Outcome:
    from convscope.experiments.xor import learn_xor

    if isinstance(units, bool) or not isinstance(units, int) or not 0 <= units <= 64:
        return Outcome(
            False,
            Words(
                f"asks for a whole number up to 64; given {units!r}",
                f"应给出不超过 64 的整数；收到的是 {units!r}",
            ),
        )
    tried = sorted({max(units - 1, 0), units})
    solved = learn_xor(tried, seeds=10).solved
    shown = Words(
        ", ".join(f"{hidden} units: {count} of 10" for hidden, count in solved.items()),
        "，".join(f"{hidden} 个单元：10 个起点中 {count} 个" for hidden, count in solved.items()),
    )
    if solved[units] < ENOUGH:
        return Outcome(False, shown, TOO_FEW if units else NO_LAYER)
    if units and solved[units - 1] >= ENOUGH:
        return Outcome(False, shown, TOO_MANY)
    return Outcome(True, shown)


EXERCISES: list[Exercise] = [
    function(
        "1.1",
        oracle=_learn_one,
        cases=_case,
        mistakes=[
            WrongAnswer(
                _without_bias,
                Words(
                    "The bias learns as well: it is the weight of an input of 1.",
                    "偏置也要学习：它是恒为 1 的输入的权重。",
                ),
            ),
            WrongAnswer(
                _wrong_sign,
                Words(
                    "Your step goes the wrong way: it is target − y, not y − target.",
                    "方向反了：应是 target − y，而不是 y − target。",
                ),
            ),
            WrongAnswer(
                _at_zero,
                Words("At a sum of exactly 0 the step answers 0.", "和恰为 0 时，阶跃函数输出 0。"),
            ),
            WrongAnswer(
                _no_step,
                Words(
                    "You left out the step: y is 0 or 1, not the sum.",
                    "漏了阶跃函数：y 是 0 或 1，不是那个和。",
                ),
            ),
        ],
        hints=[
            Words(
                "First the answer y, 0 or 1; then the error.", "先求回答 y，即 0 或 1；再求误差。"
            ),
            Words(
                "error = target - y; weight + error * x; bias + error; np.append joins them.",
                "error = target - y；weight + error * x；bias + error；可用 np.append 接起来。",
            ),
        ],
    ),
    number(
        "1.2",
        expected=_merged,
        tolerance=1e-6,
        mistakes=[
            WrongAnswer(
                [-3.0, 2.0],
                Words(
                    "You added the shifts. Each shift is multiplied by the slopes that follow it.",
                    "你把常数项直接相加了。每个常数项还要乘上后面各层的斜率。",
                ),
            ),
            WrongAnswer(
                [-0.5, 2.0],
                Words(
                    "You added the layers. One is put into the next: slopes are multiplied.",
                    "你把各层相加了。应把一层代入下一层：斜率相乘。",
                ),
            ),
            WrongAnswer(
                [-3.0, -2.5],
                Words(
                    "One shift is lost on the way: write out -3(2x + 1) + 2.",
                    "漏了一个常数项：把 -3(2x + 1) + 2 写开。",
                ),
            ),
        ],
        hints=[
            Words("Put the first layer into the second.", "把第一层代入第二层。"),
            Words(
                "-3(2x + 1) + 2 = -6x - 1; now half of it, minus 1.",
                "-3(2x + 1) + 2 = -6x - 1；再乘 0.5，减 1。",
            ),
        ],
    ),
    prediction(
        "1.4",
        options=("a", "b", "c"),
        measure=_at_a_large_rate,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "At rate 3 the large slope of ReLU is its trouble: steps are far too long.",
                    "学习率为 3 时，ReLU 的大斜率反成了麻烦：步子迈得太大。",
                ),
            ),
            WrongAnswer(
                "c",
                Words(
                    "One of them gets gradients that are at least four times as large, per layer.",
                    "其中一个的梯度，每层至少是另一个的四倍。",
                ),
            ),
        ],
        hints=[
            Words("Which of the two has the larger gradients?", "哪一个的梯度更大？"),
            Words("A small slope can stand a large rate.", "斜率小，就受得住大学习率。"),
        ],
    ),
    design(
        "1.3",
        measure=_smallest,
        mistakes=[
            WrongAnswer(2, TOO_FEW),
            WrongAnswer(12, TOO_MANY),
            WrongAnswer(0, NO_LAYER),
        ],
        hints=[
            Words("It lies between 4 and 8.", "在 4 与 8 之间。"),
            Words(
                "cs.experiments.learn_xor((5, 6, 7), seeds=10)",
                "cs.experiments.learn_xor((5, 6, 7), seeds=10)。逐个看结果。",
            ),
        ],
    ),
]
