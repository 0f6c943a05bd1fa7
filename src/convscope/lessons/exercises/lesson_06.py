"""Exercises of lesson 6: a dense layer's weights, a matrix, strides, an invariant network."""

from __future__ import annotations

from typing import Any

import numpy as np

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

PIXELS, CHANNELS, UNITS = 12_000_000, 3, 100
MOST_PARAMETERS = 1000
SHIFTS = ((0, 1), (1, 0), (3, 5), (8, 8), (15, 2))


def expected_weights() -> int:
    """Weights of 100 units on a colour photograph of 12 megapixels."""
    from convscope.definitions.counting import dense_parameters

    return dense_parameters(PIXELS * CHANNELS, UNITS, bias=False)


def matrix_of_kernel(kernel: Any, height: int, width: int) -> Any:
    """The dense matrix of a kernel, without padding."""
    from convscope.definitions.convolution import cross_correlation_matrix

    return cross_correlation_matrix(np.asarray(kernel)[None, None], (height, width))


def draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    """A kernel that fits into an image, and the image's height and width."""
    height, width = (int(side) for side in random.integers(3, 7, size=2))
    rows, columns = int(random.integers(1, height)), int(random.integers(1, width))
    return random.integers(-5, 6, size=(rows, columns)).astype(float), height, width


def without_jumps(kernel: Any, height: int, width: int) -> Any:
    """Each row one column further than the one above, also where a row of outputs ends."""
    right = matrix_of_kernel(kernel, height, width)
    return np.array([np.roll(right[0], number) for number in range(len(right))])


def shifts_that_are_followed() -> str:
    """Measures which shifts a convolution of stride 2 with pooling by 2 follows."""
    import torch
    from torch import nn

    from convscope.experiments.shift_curves import measure_shift_curves

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.MaxPool2d(2))
    image = np.random.default_rng(0).normal(size=(1, 40, 56))
    exact = measure_shift_curves({"it": network}, image).exact("it")
    options = {(*range(9),): "a", (0, 2, 4, 6, 8): "b", (0, 4, 8): "c"}
    return options[tuple(exact)]


MOVES = Words(
    "Its answer changes as the image moves. Which border does the convolution see? Which layer has "
    "a weight of its own for each place?",
    "图像一移动，输出就变了。卷积看到了什么样的边界？哪一层对每个位置都有单独的权重？",
)
BLIND = Words(
    "It gives the same answer to all images. Let something of the image through.",
    "它对所有图像的输出都一样。要让图像的信息通过。",
)
DENSE = Words(
    "There is no convolution in it, or there are more than 1,000 parameters. The kernels are the "
    "same for all places: few of them are enough.",
    "网络里没有卷积层，或者参数超过 1000 个。卷积核在各处通用，几个就够了。",
)


def measure_network(build: Any) -> Outcome:
    """Measures whether answers stay as the image moves around, and tell images apart.

    Args:
        build: A function that gives the network.
    """
    import torch
    from torch import nn

    network = build() if callable(build) else build
    if network is None:
        return NOT_ANSWERED
    if not isinstance(network, nn.Module):
        return Outcome(
            False,
            Words(
                f"a function that gives an nn.Module is asked for; got {network!r}",
                f"应给出一个返回 nn.Module 的函数；得到的是 {network!r}",
            ),
        )
    parameters = sum(each.numel() for each in network.parameters())
    has_convolution = any(isinstance(each, nn.Conv2d) for each in network.modules())
    images = torch.from_numpy(np.random.default_rng(0).random((4, 1, 16, 16), dtype=np.float32))
    network.eval()
    with torch.no_grad():
        answers = network(images).flatten(1)
        moved = max(
            float((network(images.roll(by, (2, 3))).flatten(1) - answers).abs().max())
            for by in SHIFTS
        )
    size = float(answers.abs().max()) or 1.0
    apart = float(torch.pdist(answers).min()) / size
    shown = Words(
        f"moved images change the answers by {moved / size:.1e} of their size, other images by "
        f"{apart:.1e} at least; {parameters:,} parameters",
        f"平移使输出相对变化 {moved / size:.1e}，"
        f"换图像至少变化 {apart:.1e}；参数 {parameters:,} 个",
    )
    if not has_convolution or parameters > MOST_PARAMETERS:
        return Outcome(False, shown, DENSE)
    if apart < 1e-4:
        return Outcome(False, shown, BLIND)
    if moved / size > 1e-5:
        return Outcome(False, shown, MOVES)
    return Outcome(True, shown)


def usual_network(
    mode: Any, *, flatten: bool = False, dense: bool = False, blind: bool = False
) -> Any:
    """A usual wrong network; with "circular" and nothing else, a right one."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if dense:
            return nn.Sequential(nn.Flatten(), nn.Linear(256, 10))
        convolution = nn.Conv2d(1, 1, 3, padding=1, padding_mode=mode)
        if blind:
            nn.init.zeros_(convolution.weight)
        end = [nn.Flatten(), nn.Linear(256, 2)] if flatten else [nn.AdaptiveMaxPool2d(1)]
        return nn.Sequential(convolution, nn.ReLU(), *end)


EXERCISES: list[Exercise] = [
    number(
        "6.1",
        expected=expected_weights,
        tolerance=0,
        mistakes=[
            WrongAnswer(
                1_200_000_000,
                Words(
                    "You count pixels. Each has three numbers: red, green and blue.",
                    "你数的是像素。每个像素有红、绿、蓝三个数。",
                ),
            ),
            WrongAnswer(
                36_000_000,
                Words(
                    "That is the number of inputs. Each of the 100 units has a weight for each.",
                    "这是输入的个数。100 个单元中的每一个对每个输入都有一个权重。",
                ),
            ),
            WrongAnswer(
                3_600_000_100,
                Words(
                    "You count the biases as well; the question leaves them out.",
                    "你把偏置也算进去了；题目不计偏置。",
                ),
            ),
        ],
        hints=[
            Words("How many numbers go in?", "输入一共有多少个数？"),
            Words(
                "Each unit has a weight for each number that goes in.",
                "每个单元对每个输入的数都有一个权重。",
            ),
        ],
    ),
    function(
        "6.2",
        oracle=matrix_of_kernel,
        cases=draw_case,
        mistakes=[
            WrongAnswer(
                lambda kernel, height, width: matrix_of_kernel(kernel[::-1, ::-1], height, width),
                Words(
                    "You flip the kernel. What networks call a convolution doesn't.",
                    "你翻转了卷积核。神经网络里所说的卷积不翻转。",
                ),
            ),
            WrongAnswer(
                lambda kernel, height, width: matrix_of_kernel(kernel, height, width).T,
                Words(
                    "Rows and columns are exchanged: a row for each output.",
                    "行和列弄反了：每个输出占一行。",
                ),
            ),
            WrongAnswer(
                without_jumps,
                Words(
                    "You move by one column for each output. Where a row of outputs ends, the "
                    "kernel jumps to the start of the next row of pixels.",
                    "你让每个输出都右移一列。一行输出结束时，核要跳到下一行像素的开头。",
                ),
            ),
        ],
        hints=[
            Words(
                "Output (i, j) meets pixel (i + a, j + b) with the entry (a, b) of the kernel.",
                "输出 (i, j) 用核的元素 (a, b) 去乘像素 (i + a, j + b)。",
            ),
            Words(
                "Pixel (k, l) is column k · width + l; output (i, j) is row i · (width − columns "
                "of the kernel + 1) + j.",
                "像素 (k, l) 是第 k · width + l 列；"
                "输出 (i, j) 是第 i · (width − 核的列数 + 1) + j 行。",
            ),
        ],
    ),
    prediction(
        "6.3",
        options=("a", "b", "c"),
        measure=shifts_that_are_followed,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "By one pixel, every window of stride 2 falls between two old ones.",
                    "平移一个像素时，步幅为 2 的每个窗口都落在原来两个窗口之间。",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "That would be the convolution alone. Pooling skips every second place again.",
                    "单独的卷积是这样。汇聚又隔一个位置取一次。",
                ),
            ),
        ],
        hints=[
            Words(
                "Which shifts put every window onto a window that there was before?",
                "怎样的平移会让每个窗口正好落在原有的窗口上？",
            ),
            Words("Strides multiply.", "步幅是相乘的。"),
        ],
    ),
    design(
        "6.4",
        measure=measure_network,
        mistakes=[
            WrongAnswer(lambda: usual_network("zeros"), MOVES),
            WrongAnswer(lambda: usual_network("circular", flatten=True), MOVES),
            WrongAnswer(lambda: usual_network("circular", dense=True), DENSE),
            WrongAnswer(lambda: usual_network("circular", blind=True), BLIND),
        ],
        hints=[
            Words(
                "A map that moves along is not yet an answer that stays. What makes one of it?",
                "特征图随图像移动，还不等于输出不变。怎样由前者得到后者？",
            ),
            Words(
                "padding_mode='circular' leaves no border, and a mean or maximum over all places "
                "forgets where.",
                "padding_mode='circular' 没有边界；对所有位置取均值或最大值会忘掉位置。",
            ),
        ],
    ),
]
