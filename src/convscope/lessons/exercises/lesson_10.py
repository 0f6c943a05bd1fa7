"""Exercises of lesson 10: pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.lessons.exercise import (
    NOT_ANSWERED,
    Exercise,
    Outcome,
    Words,
    WrongAnswer,
    design,
    function,
    number,
    prediction,
)

Matrix = NDArray[np.float64]
MOST_MACS, LEAST_RIGHT, LEAST_KEPT = 600_000, 0.7, 0.85
SHIFTS = (1, 2, 3, 4)
EPOCHS = 8

TOO_DEAR = Words(
    "Too many multiply–adds: cs.trace(network, (1, 32, 32)) shows which layer takes them. Fewer "
    "channels, or one pooling of stride 2 early on.",
    "乘加次数过多：用 cs.trace(network, (1, 32, 32)) 看看是哪一层。减少通道，"
    "或在前面用一次步幅为 2 的汇聚。",
)
NOT_STEADY = Words(
    "A dense layer that gets a map learns where things are. Let it get one number a channel: "
    "nn.AdaptiveMaxPool2d(1) before it.",
    "全连接层若直接接收特征图，就会记住东西的位置。让它每个通道只得到一个数："
    "在前面加 nn.AdaptiveMaxPool2d(1)。",
)
STEPS = Words(
    "Nearly: it is steady at multiples of its strides only. Two layers of stride 2 make steps of 4 "
    "pixels; with one of them the steps are 2.",
    "接近了：它只对步幅之积的整数倍平移稳定。两层步幅 2 的间隔是 4 个像素；只留一层，间隔就是 2。",
)
BLIND = Words(
    "It is steady but sees too little to tell digits apart: how far does a unit before the global "
    "pooling see? One pooling, or dilation, lets it see farther at the same cost.",
    "它很稳定，但看得太少，分不清数字：全局汇聚之前的单元能看多远？一次汇聚或膨胀卷积能以同样的代价看得更远。",
)


def pool_by_definition(matrix: Matrix, window: int, padding: int, stride: int) -> Matrix:
    """Max pooling of one matrix, by the library's definition."""
    from convscope.definitions.pooling import max_pool

    pooled: Matrix = max_pool(matrix[None, None], window, padding=padding, stride=stride)[0, 0]
    return pooled


def _draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    window = int(random.integers(2, 4))
    height, width = random.integers(window + 1, 8, size=2)
    padding, stride = int(random.integers(0, window // 2 + 1)), int(random.integers(1, 4))
    return random.normal(size=(height, width)) - 0.5, window, padding, stride


def _padded_with_zeros(matrix: Matrix, window: int, padding: int, stride: int) -> Matrix:
    return pool_by_definition(np.pad(matrix, padding), window, 0, stride)


def _by_windows(matrix: Matrix, window: int, padding: int, stride: int) -> Matrix:
    del stride
    return pool_by_definition(matrix, window, padding, window)


def _mean(matrix: Matrix, window: int, padding: int, stride: int) -> Matrix:
    from convscope.definitions.pooling import average_pool

    mean: Matrix = average_pool(matrix[None, None], window, padding=padding, stride=stride)[0, 0]
    return mean


def _measure_stayers() -> str:
    from convscope.experiments.moved_comparison import read_moved_comparison
    from convscope.lessons.stored_results import stored

    kept = read_moved_comparison(stored("pooling").rows, 15).mean("max", "kept")[4]
    return "c" if kept < 0.25 else "b" if kept < 0.75 else "a"


def _measure_design(answer: Any) -> Outcome:
    import torch

    from convscope.experiments.brief_training import train_briefly
    from convscope.experiments.digits_on_canvas import canvas_digits
    from convscope.experiments.moved_answers import measure_moved_answers
    from convscope.inspection.trace.trace import trace

    if not callable(answer):
        return Outcome(
            False,
            Words(
                f"a function that returns a network is asked for; given {answer!r}",
                f"应给出一个返回网络的函数；收到的是 {answer!r}",
            ),
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = answer()
        if network is None or network is ...:
            return NOT_ANSWERED
        macs = trace(network, (1, 32, 32)).macs
        if macs > MOST_MACS:
            return Outcome(False, Words(f"{macs:,} multiply–adds", f"{macs:,} 次乘加"), TOO_DEAR)
        train_briefly(network, *canvas_digits("train"), epochs=EPOCHS)
    answers = measure_moved_answers(network, *canvas_digits("test"), (0, *SHIFTS))
    right, kept = answers.accuracy[0], sum(answers.kept[1:]) / len(SHIFTS)
    shown = Words(
        f"{100 * right:.0f} % right, {100 * kept:.0f} % of the answers stay, "
        f"{macs:,} multiply–adds",
        f"正确率 {100 * right:.0f} %，{100 * kept:.0f} % 的答案不变，{macs:,} 次乘加",
    )
    if right >= LEAST_RIGHT and kept >= LEAST_KEPT:
        return Outcome(True, shown)
    if kept >= LEAST_KEPT:
        return Outcome(False, shown, BLIND)
    return Outcome(False, shown, STEPS if answers.kept[-1] > LEAST_KEPT else NOT_STEADY)


def _with_dense_layer() -> Any:
    from convscope.experiments.downsampling_networks import build_downsampling_network

    return build_downsampling_network("max")


def _with_two_strides() -> Any:
    from convscope.experiments.downsampling_networks import build_downsampling_network

    return build_downsampling_network("global")


def _too_wide() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip


def _short_sighted() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip


EXERCISES: list[Exercise] = [
    number(
        "10.1",
        expected=lambda: [
            len(pool_by_definition(np.zeros((size, size)), window, padding, stride))
            for size, window, padding, stride in (
                (28, 2, 0, 2),
                (13, 3, 0, 2),
                (7, 3, 1, 2),
                (9, 4, 0, 4),
            )
        ],
        tolerance=0,
        mistakes=[
            WrongAnswer(
                [27, 6, 4, 6],
                Words(
                    "For 1 and 4 you took a stride of 1. Where none is given, it is the window.",
                    "第 1、4 题你取了步幅 1。未指定时，步幅等于窗口。",
                ),
            ),
            WrongAnswer(
                [14, 6, 3, 2],
                Words(
                    "In 3 the padding is added on both sides: 9 rows are there, not 7 or 8.",
                    "第 3 题上下两侧都有填充：共 9 行，而不是 7 行或 8 行。",
                ),
            ),
            WrongAnswer(
                [14, 7, 4, 3],
                Words(
                    "You rounded up. A window that doesn't fit is left out: round down.",
                    "你向上取整了。放不下的窗口会被舍去：应向下取整。",
                ),
            ),
        ],
        hints=[
            Words(
                "It is the formula of convolutions: ⌊(n + 2p − k) / s⌋ + 1.",
                "与卷积的公式相同：⌊(n + 2p − k) / s⌋ + 1。",
            ),
            Words(
                "Ask cs.experiments.pool_matrix(np.zeros((28, 28)), 2).values.shape.",
                "可以问 cs.experiments.pool_matrix(np.zeros((28, 28)), 2).values.shape。",
            ),
        ],
    ),
    function(
        "10.2",
        oracle=pool_by_definition,
        cases=_draw_case,
        mistakes=[
            WrongAnswer(
                _padded_with_zeros,
                Words(
                    "You pad with zeros, which win against negative numbers. Pad with −∞ "
                    "(np.pad(…, constant_values=-np.inf)).",
                    "你用 0 填充，它会胜过负数。"
                    "应以 −∞ 填充（np.pad(…, constant_values=-np.inf)）。",
                ),
            ),
            WrongAnswer(
                _by_windows,
                Words(
                    "You move by the window. Move by `stride`.",
                    "你按窗口大小移动了。应按 `stride` 移动。",
                ),
            ),
            WrongAnswer(
                _mean,
                Words(
                    "That is the mean of each window. The largest number is asked for.",
                    "这是每个窗口的平均值。要的是最大值。",
                ),
            ),
        ],
        hints=[
            Words(
                "Pad first; the window of row i and column j begins at i · stride, j · stride.",
                "先填充；第 i 行第 j 列的窗口从 i · stride、j · stride 开始。",
            ),
            Words(
                "np.array([[p[i:i+k, j:j+k].max() for j in …] for i in …]) with "
                "range(0, height − k + 1, stride).",
                "np.array([[p[i:i+k, j:j+k].max() for j in …] for i in …])，"
                "其中 range(0, height − k + 1, stride)。",
            ),
        ],
    ),
    prediction(
        "10.3",
        options=("a", "b", "c"),
        measure=_measure_stayers,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "So one often reads. Which pixels does a weight of the dense layer stand for?",
                    "书上常这么说。但全连接层的每个权重对应的是哪些像素？",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "Four pixels are a whole step of the pooled map: every number stands in "
                    "another place.",
                    "4 个像素正好是汇聚后特征图的一格：每个数都换了位置。",
                ),
            ),
        ],
        hints=[
            Words(
                "Two poolings of stride 2 make one number of 4 × 4 pixels.",
                "两次步幅为 2 的汇聚把 4 × 4 个像素变成一个数。",
            ),
            Words(
                "The dense layer has its own weight for each place.",
                "全连接层对每个位置都有各自的权重。",
            ),
        ],
    ),
    design(
        "10.4",
        measure=_measure_design,
        mistakes=[
            WrongAnswer(_with_dense_layer, NOT_STEADY),
            WrongAnswer(_with_two_strides, STEPS),
            WrongAnswer(_too_wide, TOO_DEAR),
            WrongAnswer(_short_sighted, BLIND),
        ],
        hints=[
            Words(
                "Which curve of the figure above comes back, and when?",
                "上图中哪条曲线会回升？何时回升？",
            ),
            Words(
                "One pooling of stride 2, then two convolutions (one with dilation=2), then "
                "nn.AdaptiveMaxPool2d(1), nn.Flatten() and nn.Linear.",
                "一次步幅 2 的汇聚，然后两层卷积（其中一层 dilation=2），再接 "
                "nn.AdaptiveMaxPool2d(1)、nn.Flatten() 和 nn.Linear。",
            ),
        ],
    ),
]
