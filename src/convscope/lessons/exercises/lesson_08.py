"""Exercises of lesson 8: output sizes, both conventions of padding, and the odd zero."""

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

SETTINGS = (
    (28, 5, 0, 1, 1),
    (28, 5, 2, 1, 1),
    (224, 11, 1, 4, 1),
    (224, 7, 3, 2, 1),
    (32, 3, 0, 1, 2),
)
"""Of 8.1: size, kernel, padding of each side, stride, dilation."""

SIZE, KERNEL = 31, 4  # of 8.4


def right_sizes() -> list[int]:
    """The answer to 8.1."""
    from convscope.definitions.windows import output_size

    return [
        output_size(n, k, total_padding=2 * p, stride=s, dilation=d) for n, k, p, s, d in SETTINGS
    ]


def outputs_oracle(n: int, k: int, p: int, s: int, convention: str) -> int:
    """The answer to 8.2."""
    from convscope.definitions.windows import output_size

    return output_size(n, k, total_padding=2 * p if convention == "each" else p, stride=s)


def draw_setting(random: np.random.Generator) -> tuple[int, int, int, int, str]:
    """A case of 8.2: n, k, p, s and the convention. Every kernel fits without padding."""
    n, k = int(random.integers(6, 65)), int(random.integers(1, 7))
    p, s = int(random.integers(0, 5)), int(random.integers(1, 5))
    return n, k, p, s, str(random.choice(["each", "all"]))


def measure_moved_zero() -> str:
    """The answer to 8.3."""
    from convscope.experiments.uneven_padding import compare_same_padding

    shifts = {row.shift for row in compare_same_padding(strides=(2,)).rows}
    return {(1,): "a", (0,): "b"}.get(tuple(shifts), "c")  # type: ignore[arg-type]


def measure_padding(answer: Any) -> Outcome:
    """Pads a map of 31×31 as the answer to 8.4 says, and slides a kernel of 4×4 over it."""
    import torch
    import torch.nn.functional as F

    zeros = [int(value) for value in answer]
    if len(zeros) != 4 or min(zeros) < 0 or zeros != [*answer]:
        return Outcome(
            False,
            Words(
                f"asks for four whole numbers of at least 0; given {answer!r}",
                f"应给出四个不小于 0 的整数；收到的是 {answer!r}",
            ),
        )
    padded = F.pad(torch.zeros(1, 1, SIZE, SIZE), zeros)
    height, width = F.conv2d(padded, torch.zeros(1, 1, KERNEL, KERNEL)).shape[2:]
    shown = Words(
        f"the output is {height}×{width}, wanted {SIZE}×{SIZE}",
        f"输出为 {height}×{width}，要求 {SIZE}×{SIZE}",
    )
    passed = (height, width) == (SIZE, SIZE)
    return Outcome(passed, shown, None if passed else _padding_hints.get(tuple(zeros)))


_padding_hints: dict[tuple[int, ...], Words] = {
    (1, 1, 1, 1): Words(
        "Two zeros along each axis give 30. One more is needed, on one side of each axis.",
        "每个方向两个零，得到 30。还需要再加一个，只加在其中一侧。",
    ),
    (2, 2, 2, 2): Words(
        "Four zeros along each axis give 32. One of them is too many; leave it out on one side.",
        "每个方向四个零，得到 32。多了一个；在其中一侧去掉它。",
    ),
    (3, 3, 3, 3): Words(
        "p = k − 1 = 3 is what both sides have together, not each of them.",
        "p = k − 1 = 3 是两侧之和，不是每一侧的数。",
    ),
    (0, 0, 0, 0): Words(
        "Without zeros a 4×4 kernel takes 3 pixels away along each axis.",
        "不加零时，4×4 卷积核在每个方向减少 3 个像素。",
    ),
}

EXERCISES: list[Exercise] = [
    number(
        "8.1",
        expected=right_sizes,
        tolerance=0,
        mistakes=[
            WrongAnswer(
                [24, 26, 54, 111, 28],
                Words(
                    "You took the padding of one side for p. The formula counts both sides: 2 + 2 "
                    "in the second, for example.",
                    "你把单侧填充当成了 p。公式中的 p 是两侧之和：例如第二题是 2 + 2。",
                ),
            ),
            WrongAnswer(
                [23, 27, 53, 111, 27],
                Words(
                    "One window stands at the very beginning, before any step: add 1 to the number "
                    "of steps (that is the + s in the formula).",
                    "第一个窗口就在开头，还没有移动：步数要再加 1（公式里的 + s 就是它）。",
                ),
            ),
            WrongAnswer(
                [24, 28, 54, 112, 30],
                Words(
                    "The last kernel is dilated: three entries, two apart, span 5 pixels.",
                    "最后一个卷积核是膨胀的：三个元素，间隔为 2，跨度为 5 个像素。",
                ),
            ),
            WrongAnswer(
                [24, 28, 55, 113, 28],
                Words(
                    "A window that does not fit whole is left out: round down.",
                    "放不下完整窗口的部分被舍去：应向下取整。",
                ),
            ),
        ],
        hints=[
            Words(
                "Count where the window's first pixel can stand, in steps of the stride.",
                "数一数窗口的第一个像素可以放在哪些位置，每次移动一个步幅。",
            ),
            Words(
                "⌊(n − span + p + s) / s⌋, with p = twice the padding of a side and "
                "span = dilation · (k − 1) + 1.",
                "⌊(n − 跨度 + p + s) / s⌋，其中 p 是单侧填充的两倍，跨度 = 膨胀 · (k − 1) + 1。",
            ),
        ],
    ),
    function(
        "8.2",
        oracle=outputs_oracle,
        cases=draw_setting,
        mistakes=[
            WrongAnswer(
                lambda n, k, p, s, convention: (n - k + p + s) // s,
                Words(
                    'You treat both conventions alike. Where it is "each", p zeros stand on each '
                    "of two sides.",
                    "你对两种约定一视同仁。“each” 时，两侧各有 p 个零。",
                ),
            ),
            WrongAnswer(
                lambda n, k, p, s, convention: (n - k + 2 * p + s) // s,
                Words(
                    'You always double p. Where it is "all", it counts both sides already.',
                    "你总是把 p 加倍。“all” 时，p 已经是两侧之和。",
                ),
            ),
            WrongAnswer(
                lambda n, k, p, s, convention: (
                    (n - k + (2 * p if convention == "each" else p)) // s
                ),
                Words(
                    "One window stands at the beginning before any step: 1 is missing.",
                    "第一个窗口在移动之前就有了：少了 1。",
                ),
            ),
            WrongAnswer(
                lambda n, k, p, s, convention: (
                    (n - k + (2 * p if convention == "each" else p)) / s + 1
                ),
                Words(
                    "There is no half window: round down.",
                    "没有半个窗口：应向下取整。",
                ),
            ),
        ],
        hints=[
            Words(
                "First find how many zeros there are in all, then forget the convention.",
                "先求出一共有多少个零，然后就不必再管约定了。",
            ),
            Words(
                "(n − k + p_all + s) // s, with p_all = 2 * p or p.",
                "(n − k + p_all + s) // s，其中 p_all = 2 * p 或 p。",
            ),
        ],
    ),
    prediction(
        "8.3",
        options=("a", "b", "c"),
        measure=measure_moved_zero,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "So it is at stride 1. With stride 2 the windows move by one pixel, which is "
                    "half a step: no window stands where another one stood.",
                    "步幅为 1 时是这样。步幅为 2 时，窗口移动了一个像素，也就是半步："
                    "没有一个窗口落在原来某个窗口的位置上。",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "The first window begins one pixel earlier, so it meets other pixels.",
                    "第一个窗口提前了一个像素，看到的像素就不同了。",
                ),
            ),
        ],
        hints=[
            Words(
                "Write down which pixels each window meets, for kernel 2 on 7 pixels.",
                "写下每个窗口看到哪些像素：卷积核 2，共 7 个像素。",
            ),
            Words(
                "Behind: 1 2, 3 4, 5 6, 7 0. Before: 0 1, 2 3, 4 5, 6 7.",
                "在后：1 2、3 4、5 6、7 0。在前：0 1、2 3、4 5、6 7。",
            ),
        ],
    ),
    design(
        "8.4",
        measure=measure_padding,
        mistakes=[WrongAnswer(zeros, hint) for zeros, hint in _padding_hints.items()],
        hints=[
            Words(
                "How many pixels does a 4×4 kernel take away? As many zeros are needed.",
                "4×4 卷积核会减少多少个像素？就需要同样多的零。",
            ),
            Words(
                "Three zeros along each axis, so the two sides can't be alike.",
                "每个方向三个零，所以两侧不可能相同。",
            ),
        ],
    ),
]
