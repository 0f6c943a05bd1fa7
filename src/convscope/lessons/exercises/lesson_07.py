"""Exercises of lesson 7: sliding, flipping, the sign of an edge, a kernel for diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from convscope.lessons.answers import as_numbers
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

BLIND_BELOW = 1e-6  # of the answer to diagonals


def slide(image: Any, kernel: Any) -> Any:
    """Cross-correlation of one image with one kernel, by the definition."""
    from convscope.definitions.cross_correlation import cross_correlation_2d

    return cross_correlation_2d(np.asarray(image)[None, None], np.asarray(kernel)[None, None])[0, 0]


def draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    """An image and a kernel that fits into it, neither of them square."""
    height, width = (int(side) for side in random.integers(3, 9, size=2))
    rows, columns = int(random.integers(1, height + 1)), int(random.integers(1, width + 1))
    return (
        random.integers(-5, 6, size=(height, width)).astype(float),
        random.integers(-5, 6, size=(rows, columns)).astype(float),
    )


def one_short(image: Any, kernel: Any) -> Any:
    """The last row and column of places is forgotten."""
    return slide(image, kernel)[:-1, :-1]


def sides_exchanged(image: Any, kernel: Any) -> Any:
    """A loop that takes the image's height for its width."""
    return slide(image, kernel).T


def numbers_of_a_true_convolution() -> Any:
    """0 … 8 convolved with 0 … 3, row by row."""
    from convscope.definitions.convolution import convolution

    x, weight = np.arange(9.0).reshape(1, 1, 3, 3), np.arange(4.0).reshape(1, 1, 2, 2)
    return convolution(x, weight).ravel()


def sign_at_the_edge() -> str:
    """Measures what [1, −1] answers where white turns to black."""
    answer = slide([[1, 0]], [[1, -1]])[0, 0]
    return "a" if answer > 0 else "b" if answer < 0 else "c"


SEES_STRAIGHT = Words(
    "It answers to vertical or horizontal stripes as well. On vertical stripes only the sums of "
    "the kernel's columns matter, on horizontal ones those of its rows.",
    "它对竖直或水平条纹也有响应。对竖直条纹，只有核的各列之和起作用；"
    "对水平条纹，只有各行之和起作用。",
)
SEES_NOTHING = Words(
    "It answers to nothing at all. Which sums matter on diagonal stripes?",
    "它对什么都没有响应。对斜条纹起作用的是哪些和？",
)
WRONG_SHAPE = Words("It must have 3 rows of 3 numbers.", "应为 3 行，每行 3 个数。")


def measure_kernel(kernel: Any) -> Outcome:
    """Measures a kernel's answers to stripes in four directions."""
    from convscope.experiments.directions import measure_directions

    numbers = as_numbers(kernel)
    if numbers is None or not np.isfinite(numbers).all():
        return Outcome(False, Words("asks for finite numbers", "应给出有限的数"))
    if numbers.shape != (3, 3):
        shape = Words(f"the shape is {numbers.shape}", f"形状是 {numbers.shape}")
        return Outcome(False, shape, WRONG_SHAPE)
    found = measure_directions(numbers).responses
    straight = max(found["vertical"], found["horizontal"])
    diagonal = max(found["falling"], found["rising"])
    shown = Words(
        f"it answers {straight:.2g} to vertical or horizontal stripes, {diagonal:.2g} to diagonal "
        "ones",
        f"对竖直或水平条纹的响应为 {straight:.2g}，对斜条纹为 {diagonal:.2g}",
    )
    if not np.isfinite([straight, diagonal]).all():
        return Outcome(False, shown)
    if not diagonal > 1e-9:
        return Outcome(False, shown, SEES_NOTHING)
    if straight > BLIND_BELOW * diagonal:
        return Outcome(False, shown, SEES_STRAIGHT)
    return Outcome(True, shown)


EXERCISES: list[Exercise] = [
    function(
        "7.1",
        oracle=slide,
        cases=draw_case,
        mistakes=[
            WrongAnswer(
                lambda image, kernel: slide(image, kernel[::-1, ::-1]),
                Words(
                    "You turn the kernel by 180°: that is a true convolution. Here nothing is "
                    "flipped.",
                    "你把核旋转了 180°：那是真正的卷积。这里不翻转。",
                ),
            ),
            WrongAnswer(
                one_short,
                Words(
                    "One row and one column of places are missing: there is room for n − k + 1.",
                    "少了一行和一列位置：一共放得下 n − k + 1 个。",
                ),
            ),
            WrongAnswer(
                sides_exchanged,
                Words(
                    "Rows and columns of the output are exchanged.",
                    "输出的行和列弄反了。",
                ),
            ),
            WrongAnswer(
                lambda image, kernel: slide(image, kernel) / kernel.size,
                Words(
                    "You take the mean of the products; add them up.",
                    "你取了乘积的均值；应当求和。",
                ),
            ),
        ],
        hints=[
            Words(
                "Output [i, j] belongs to the window of the image that begins at row i and column "
                "j.",
                "输出 [i, j] 对应图像中从第 i 行、第 j 列开始的窗口。",
            ),
            Words(
                "(image[i : i + k_h, j : j + k_w] * kernel).sum(), for all i and j where the "
                "window fits.",
                "对所有放得下窗口的 i、j：(image[i : i + k_h, j : j + k_w] * kernel).sum()。",
            ),
        ],
    ),
    number(
        "7.2",
        expected=numbers_of_a_true_convolution,
        tolerance=1e-6,
        mistakes=[
            WrongAnswer(
                [19, 25, 37, 43],
                Words(
                    "That is the cross-correlation. Turn the kernel by 180° first.",
                    "这是互相关。先把核旋转 180°。",
                ),
            ),
            WrongAnswer(
                [17, 23, 35, 41],
                Words(
                    "You mirrored left and right only. A turn by 180° exchanges top and bottom as "
                    "well.",
                    "你只左右翻转了。旋转 180° 还要上下翻转。",
                ),
            ),
            WrongAnswer(
                [7, 13, 25, 31],
                Words(
                    "You exchanged top and bottom only. A turn by 180° mirrors left and right as "
                    "well.",
                    "你只上下翻转了。旋转 180° 还要左右翻转。",
                ),
            ),
        ],
        hints=[
            Words(
                "Write the kernel down after the turn: what stood last now stands first.",
                "先写出旋转之后的核：原来在最后的，现在在最前。",
            ),
            Words(
                "[[3, 2], [1, 0]] over [[0, 1], [3, 4]]: 0 + 2 + 3 + 0.",
                "[[3, 2], [1, 0]] 对 [[0, 1], [3, 4]]：0 + 2 + 3 + 0。",
            ),
        ],
    ),
    prediction(
        "7.3",
        options=("a", "b", "c"),
        measure=sign_at_the_edge,
        mistakes=[
            WrongAnswer(
                "b",
                Words(
                    "Lay the kernel on the edge: white under the 1, black under the −1.",
                    "把核放到边缘上：1 对着白，−1 对着黑。",
                ),
            ),
            WrongAnswer(
                "c",
                Words(
                    "Zero is the answer where left and right are the same.",
                    "左右相同的地方，输出才是零。",
                ),
            ),
        ],
        hints=[
            Words("White is 1, black is 0.", "白是 1，黑是 0。"),
            Words("1 · white − 1 · black.", "1 · 白 − 1 · 黑。"),
        ],
    ),
    design(
        "7.4",
        measure=measure_kernel,
        mistakes=[
            WrongAnswer(((1, 0, 0), (0, 1, 0), (0, 0, 1)), SEES_STRAIGHT),
            WrongAnswer(((0, 1, 2), (-1, 0, 1), (-2, -1, 0)), SEES_STRAIGHT),
            WrongAnswer(((0, 1, 0), (1, -4, 1), (0, 1, 0)), SEES_STRAIGHT),
            WrongAnswer(((0, 0, 0), (0, 0, 0), (0, 0, 0)), SEES_NOTHING),
            WrongAnswer(((1, -1), (-1, 1)), WRONG_SHAPE),
        ],
        hints=[
            Words(
                "Along vertical stripes nothing changes, so only the sums of the columns matter.",
                "沿着竖直条纹什么也不变，所以只有各列之和起作用。",
            ),
            Words(
                "Let every row and every column add up to 0, but not the diagonals.",
                "让每一行、每一列之和都为 0，而对角线之和不为 0。",
            ),
        ],
    ),
]
