"""Exercises of lesson 12: LeNet and a fair comparison."""

from __future__ import annotations

import functools
from collections.abc import Mapping
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

FIELDS = ("activation", "pooling", "initialization", "learning_rate", "batch_size")
EPOCHS = 5
WANTED = 0.9
LEAST_BATCH = 16  # smaller ones take long

SIGMOID = Words(
    "Sigmoids shrink the signal layer by layer; five epochs are over before it grows. Look at the "
    "two maps of section 6.",
    "sigmoid 使信号逐层变小，五轮之内来不及长大。看看第 6 节的两张图。",
)
FEW_STEPS = Words(
    "Large batches mean few steps: count them. Five epochs of 1,438 digits in batches of 256 are "
    "30 steps.",
    "批量大，步数就少：数一数。1,438 幅手写数字图像，批量 256，五轮只有 30 步。",
)
TOO_FAST = Words(
    "With ReLU nothing holds the numbers in check: a rate this large throws the weights far away. "
    "Try a tenth of it.",
    "ReLU 不限制数值的大小，这样大的学习率会把权重甩得很远。试试十分之一。",
)
TOO_NARROW = Words(
    "Weights of 0.01 make all images look alike behind four layers. Choose an initialization that "
    "looks at the size of the layer.",
    "权重只有 0.01，过了四层，所有图像看起来都一样。选一种考虑层大小的初始化。",
)


def count_parameters() -> list[int]:
    """Of LeNet's second convolution and its first dense layer."""
    from convscope.inspection.trace.trace import trace

    layers = {layer.name: layer.parameters for layer in trace("lenet").layers}
    return [layers["features.conv2"], layers["classifier.dense1"]]


@functools.cache
def digits_by_the_book() -> str:
    """How many of ten digits are right after the book's recipe."""
    from convscope.experiments.lenet_variants import lenet_recipe
    from convscope.experiments.training_curves import measure_curves

    curves = measure_curves("lenet", "digits", lenet_recipe("digits", size=28, threads=1))
    tenths = round(10 * curves.accuracy[-1])
    return "c" if tenths <= 2 else "b" if tenths <= 7 else "a"


def range_of_seeds() -> str:
    """How far apart the stored runs of the book's LeNet end."""
    from convscope.experiments.seed_comparison import compare_seed_rows
    from convscope.lessons.stored_results import stored

    rows = stored("lenet_seeds").rows
    lenet = compare_seed_rows(rows, {"sigmoid, average": "LeNet"})["LeNet"]
    points = 100 * (lenet.highest - lenet.lowest)
    return "a" if points < 0.5 else "b" if points <= 3 else "c"


def examine_design(answer: Any) -> Outcome:
    """Train the LeNet that was designed for five epochs of the digits."""
    problem = problem_of(answer)
    if problem is not None:
        return Outcome(False, problem)
    accuracy = train_design(tuple(answer[field] for field in FIELDS))
    right = 100 * accuracy
    shown = Words(
        f"{right:.1f} % of the test images right after {EPOCHS} epochs, "
        f"{100 * WANTED:.0f} % wanted",
        f"{EPOCHS} 轮之后测试图像的正确率为 {right:.1f} %，要求 {100 * WANTED:.0f} %",
    )
    if accuracy >= WANTED:
        return Outcome(True, shown)
    return Outcome(False, shown, hint_for(answer))


def problem_of(answer: Any) -> Words | None:
    """What keeps an answer from being trained at all."""
    if not isinstance(answer, Mapping) or set(answer) != set(FIELDS):
        return Words(
            f"asks for a dict with {', '.join(FIELDS)}; given {answer!r}",
            f"应给出含有 {', '.join(FIELDS)} 的字典；收到的是 {answer!r}",
        )
    if not isinstance(answer["batch_size"], int) or answer["batch_size"] < LEAST_BATCH:
        return Words(
            f"batch_size must be {LEAST_BATCH} or more; given {answer['batch_size']!r}",
            f"batch_size 至少为 {LEAST_BATCH}；收到的是 {answer['batch_size']!r}",
        )
    return None


def hint_for(answer: Mapping[str, Any]) -> Words | None:
    """What is most likely to keep this design from learning."""
    if answer["batch_size"] > 100:
        return FEW_STEPS
    if answer["initialization"] == "normal":
        return TOO_NARROW
    if answer["activation"] == "sigmoid":
        return SIGMOID
    return TOO_FAST if answer["learning_rate"] > 0.3 else None


@functools.cache
def train_design(values: tuple[Any, ...]) -> float:
    """The test accuracy of a design."""
    from convscope.experiments.lenet_variants import lenet_recipe, lenet_variant
    from convscope.experiments.training_curves import measure_curves

    activation, pooling, initialization, learning_rate, batch_size = values
    recipe = lenet_recipe(
        "digits", size=28, threads=1, epochs=EPOCHS, initialization=initialization,
        learning_rate=learning_rate, batch_size=batch_size,
    )  # fmt: skip
    build = functools.partial(lenet_variant, activation, pooling)
    return measure_curves(build, "digits", recipe).accuracy[-1]


def book_design(**changes: Any) -> dict[str, Any]:
    """The book's LeNet, with some of its fields changed."""
    return {
        "activation": "sigmoid",
        "pooling": "average",
        "initialization": "xavier",
        "learning_rate": 0.9,
        "batch_size": 256,
    } | changes


EXERCISES: list[Exercise] = [
    number(
        "12.1",
        expected=count_parameters,
        tolerance=0,
        mistakes=[
            WrongAnswer([2400, 48000], Words(
                "Those are the weights. Each output channel, and each unit, has a bias, too.",
                "这是权重的个数。每个输出通道、每个单元还各有一个偏置。",
            )),
            WrongAnswer([416, 48120], Words(
                "The dense layer is right. A kernel reaches through all 6 input channels, so it "
                "has 6·5·5 weights.",
                "全连接层是对的。一个卷积核贯穿全部 6 个输入通道，有 6·5·5 个权重。",
            )),
            WrongAnswer([2416, 192120], Words(
                "The convolution is right. The second pooling comes before the dense layer: 16·5·5 "
                "numbers reach it, not 16·10·10.",
                "卷积层是对的。全连接层之前还有第二次汇聚："
                "到达的是 16·5·5 个数，而不是 16·10·10 个。",
            )),
        ],
        hints=[
            Words(
                "Draw one output channel: which numbers does it multiply, and what does it add?",
                "画出一个输出通道：它乘了哪些数，又加了什么？",
            ),
            Words(
                "Convolution: outputs × (inputs × height × width + 1). "
                "Dense: units × (inputs + 1).",
                "卷积层：输出通道数 ×（输入通道数 × 高 × 宽 + 1）。"
                "全连接层：单元数 ×（输入数 + 1）。",
            ),
        ],
    ),
    prediction(
        "12.2",
        options=("a", "b", "c"),
        measure=digits_by_the_book,
        mistakes=[
            WrongAnswer("a", Words(
                "That is what the easy data suggest. Count the steps: 1,438 images in batches "
                "of 256.",
                "数据简单，容易这样想。数一数步数：1,438 幅图像，批量 256。",
            )),
            WrongAnswer("b", Words(
                "It would be on its way. After so few steps it has not left guessing at all.",
                "那就算学到一半了。步数这么少，它还完全停在瞎猜的水平。",
            )),
        ],
        hints=[
            Words("How many steps are ten epochs here?", "这里的十轮有多少步？"),
            Words(
                "On Fashion-MNIST the loss hardly moves in the first 200 steps.",
                "在 Fashion-MNIST 上，前 200 步里损失几乎不动。",
            ),
        ],
    ),
    prediction(
        "12.3",
        options=("a", "b", "c"),
        measure=range_of_seeds,
        mistakes=[
            WrongAnswer("a", Words(
                "That is about the error that 10,000 test images leave; these seeds lie further "
                "apart.",
                "这大约是 10,000 幅测试图像本身的误差；这些种子相差更大。",
            )),
            WrongAnswer("c", Words(
                "That is what all published runs span, 181 of them, from all versions of the book; "
                "five of one version lie closer.",
                "那是全部公布结果的范围：181 次，来自书的各个版本；同一版本的五次要近一些。",
            )),
        ],
        hints=[
            Words(
                "Eight in ten of the 181 published results lie within four points.",
                "公布的 181 个结果中，十分之八落在四个百分点之内。",
            ),
            Words(
                "The rate of 0.9 is constant to the end, so the last epoch still jumps.",
                "学习率 0.9 始终不变，最后一轮仍在跳动。",
            ),
        ],
    ),
    design(
        "12.4",
        measure=examine_design,
        mistakes=[
            WrongAnswer(book_design(), FEW_STEPS),
            WrongAnswer(book_design(batch_size=32, learning_rate=0.1), SIGMOID),
            WrongAnswer(
                book_design(batch_size=32, activation="relu", pooling="max", learning_rate=2.0),
                TOO_FAST,
            ),
            WrongAnswer(
                book_design(batch_size=32, activation="relu", learning_rate=0.1,
                            initialization="normal"),
                TOO_NARROW,
            ),
        ],
        hints=[
            Words(
                "Three things count: many steps, a signal that gets through, a rate that neither "
                "stands still nor throws.",
                "要紧的有三件：步数够多，信号能通过，学习率不大不小。",
            ),
            Words(
                "Take ReLU and max pooling, Xavier, batches of 16, and a rate of about 0.1.",
                "用 ReLU 与最大汇聚、Xavier 初始化，批量 16，学习率 0.1 左右。",
            ),
        ],
    ),
]  # fmt: skip
