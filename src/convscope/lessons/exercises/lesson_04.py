"""Exercises of lesson 4: the loss of an untrained network, momentum, and the noise of batches."""

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


def _untrained() -> float:
    return float(np.log(10))


def _case(random: np.random.Generator) -> tuple[Any, ...]:
    size = int(random.integers(1, 6))
    weight, gradient, velocity = random.normal(size=(3, size))
    return weight, gradient, velocity, float(random.uniform(0.01, 1)), float(random.uniform(0.1, 1))


def _momentum_step(weight: Any, gradient: Any, velocity: Any, rate: float, momentum: float) -> Any:
    velocity = momentum * velocity + gradient
    return np.array([weight - rate * velocity, velocity])


def _old_velocity(weight: Any, gradient: Any, velocity: Any, rate: float, momentum: float) -> Any:
    return np.array([weight - rate * velocity, momentum * velocity + gradient])


def _uphill(weight: Any, gradient: Any, velocity: Any, rate: float, momentum: float) -> Any:
    velocity = momentum * velocity + gradient
    return np.array([weight + rate * velocity, velocity])


def _averaged(weight: Any, gradient: Any, velocity: Any, rate: float, momentum: float) -> Any:
    velocity = momentum * velocity + (1 - momentum) * gradient
    return np.array([weight - rate * velocity, velocity])


def _without(weight: Any, gradient: Any, velocity: Any, rate: float, momentum: float) -> Any:
    return np.array([weight - rate * gradient, gradient])


def _noise_of_four() -> str:
    from convscope.experiments.batch_noise import measure_batch_noise

    small, large = measure_batch_noise((16, 64)).spreads
    return "a" if large > 0.75 * small else "b" if large > 0.35 * small else "c"


EXERCISES: list[Exercise] = [
    number(
        "4.1",
        expected=_untrained,
        tolerance=0.006,
        mistakes=[
            WrongAnswer(
                0.1,
                Words(
                    "That is the probability of the right class. The loss is minus its logarithm.",
                    "那是正确类别的概率。损失是它的对数取负。",
                ),
            ),
            WrongAnswer(
                1.0,
                Words(
                    "You took the logarithm to base 10. Cross-entropy uses the natural one.",
                    "你取了以 10 为底的对数。交叉熵用自然对数。",
                ),
            ),
            WrongAnswer(
                -2.3026,
                Words("The loss is positive: minus the logarithm.", "损失是正数：对数要取负。"),
            ),
        ],
        hints=[
            Words(
                "Which probability has the right class, if all ten are equal?",
                "十个类别概率相等时，正确类别的概率是多少？",
            ),
            Words("−ln(1/10)", "−ln(1/10)，即 ln 10"),
        ],
    ),
    function(
        "4.2",
        oracle=_momentum_step,
        cases=_case,
        mistakes=[
            WrongAnswer(
                _old_velocity,
                Words(
                    "You stepped along the old velocity: renew it first.",
                    "你沿旧的速度走了一步：先更新速度。",
                ),
            ),
            WrongAnswer(
                _uphill,
                Words("You go uphill: the step is subtracted.", "你在上坡：应当减去这一步。"),
            ),
            WrongAnswer(
                _averaged,
                Words(
                    "The gradient counts in full here: there is no factor 1 − momentum.",
                    "这里梯度全额计入：没有 1 − 动量 这个因子。",
                ),
            ),
            WrongAnswer(
                _without,
                Words("You forgot the old velocity.", "你忘了旧的速度。"),
            ),
        ],
        hints=[
            Words("First the velocity, then the weight.", "先速度，后权重。"),
            Words(
                "velocity = momentum * velocity + gradient; weight - rate * velocity",
                "velocity = momentum * velocity + gradient；再算 weight - rate * velocity",
            ),
        ],
    ),
    prediction(
        "4.3",
        options=("a", "b", "c"),
        measure=_noise_of_four,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "The loss of a batch is a mean, and means of more numbers spread less.",
                    "小批量的损失是平均值，数越多，平均值的波动越小。",
                ),
            ),
            WrongAnswer(
                "c",
                Words(
                    "The variance falls to a quarter. What of the standard deviation?",
                    "方差降到四分之一。标准差呢？",
                ),
            ),
        ],
        hints=[
            Words("It is a mean of independent numbers.", "它是相互独立的数的平均值。"),
            Words("σ / √B", "σ / √B，其中 B 是批量大小"),
        ],
    ),
]
