"""Exercises of lesson 13: AlexNet, VGG, NiN."""

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

FIELDS = ("initialization", "last_relu", "batch_norm", "learning_rate")
INITIALIZATIONS = ("default", "xavier", "kaiming")
SEEDS, EPOCHS = 5, 6
WANTED = 0.5
READINGS = ("224, padding 1", "224, padding 2", "227, no padding", "224, padding 3 and 4")

NARROW = Words(
    "All images look alike behind twelve such layers, so nothing much comes back. Which rule draws "
    "wider weights, or which layer makes the signal wider?",
    "过了十二层，所有图像看起来都一样，传回来的梯度微乎其微。哪种规则的权重更宽？或者，哪种层能把信号变宽？",
)
TOO_FAST = Words(
    "A rate this large throws the weights far away: numbers explode, or the ReLUs fall silent. Try "
    "a tenth of it.",
    "这样大的学习率会把权重甩得很远：数值爆炸，或者 ReLU 从此沉默。试试十分之一。",
)
TOO_SLOW = Words(
    "It would get there, but not in 270 steps. Try ten times the rate.",
    "方向是对的，但 270 步到不了。试试十倍的学习率。",
)


def count_dense_and_block() -> list[int]:
    """Parameters of AlexNet's first dense layer, and of NiN's last block."""
    from convscope.inspection.trace.trace import trace

    dense = next(layer for layer in trace("alexnet").layers if layer.kind == "dense")
    last = [layer for layer in trace("nin").layers if layer.kind == "convolution"][-3:]
    return [dense.parameters, sum(layer.parameters for layer in last)]


def first_heights() -> list[int]:
    """Heights of AlexNet's first maps, by the library."""
    from convscope.experiments.alexnet_inputs import measure_first_maps

    return [row.height for row in measure_first_maps(READINGS).rows]


@functools.cache
def fate_of_dead() -> str:
    """What training does to a network whose class maps are all 0."""
    import torch

    from convscope.data.load import load
    from convscope.experiments.dead_network import measure_loss_and_gradient, silence_classes
    from convscope.experiments.nin_variants import build_small_nin

    digits = load("digits", "test", size=28)
    images = torch.from_numpy(digits.images[:100]).float() / 255
    labels = torch.from_numpy(digits.labels[:100])
    dead = measure_loss_and_gradient(silence_classes(build_small_nin()), images, labels)
    if dead.loss < 1:
        return "a"
    return "c" if dead.largest_gradient == 0 else "b"


def examine_design(answer: Any) -> Outcome:
    """Train the NiN that was designed from five seeds, up to the first that fails."""
    problem = problem_of(answer)
    if problem is not None:
        return Outcome(False, problem)
    learned, accuracy = train_design(tuple(answer[field] for field in FIELDS))
    right = f"{100 * accuracy:.0f} %"
    if learned == SEEDS:
        return Outcome(
            True,
            Words(
                f"all {SEEDS} starts learn; the worst gets {right} of the test images right",
                f"{SEEDS} 次全部学会；最差的一次测试图像正确率为 {right}",
            ),
        )
    shown = Words(
        f"{learned} starts learn, then one gets {right} of the test images right; "
        f"{100 * WANTED:.0f} % wanted",
        f"{learned} 次学会，随后一次的测试图像正确率只有 {right}；要求 {100 * WANTED:.0f} %",
    )
    return Outcome(False, shown, hint_for(answer))


def problem_of(answer: Any) -> Words | None:
    """What keeps an answer from being trained at all."""
    if not isinstance(answer, Mapping) or set(answer) != set(FIELDS):
        return Words(
            f"asks for a dict with {', '.join(FIELDS)}; given {answer!r}",
            f"应给出含有 {', '.join(FIELDS)} 的字典；收到的是 {answer!r}",
        )
    if answer["initialization"] not in INITIALIZATIONS:
        names = ", ".join(INITIALIZATIONS)
        return Words(
            f"initialization must be one of {names}; given {answer['initialization']!r}",
            f"initialization 只能是 {names} 之一；收到的是 {answer['initialization']!r}",
        )
    rate = answer["learning_rate"]
    if not isinstance(rate, int | float) or not 0 < rate <= 10:
        return Words(
            f"learning_rate must lie above 0, at most 10; given {rate!r}",
            f"learning_rate 应大于 0，最多为 10；收到的是 {rate!r}",
        )
    return None


def hint_for(answer: Mapping[str, Any]) -> Words:
    """What is most likely to keep this design from learning."""
    if answer["learning_rate"] > 0.3:
        return TOO_FAST
    if answer["initialization"] != "kaiming" and not answer["batch_norm"]:
        return NARROW
    return TOO_SLOW


@functools.cache
def train_design(values: tuple[Any, ...]) -> tuple[int, float]:
    """How many starts of a design learn before one fails, and the lowest accuracy."""
    from convscope.experiments.nin_variants import build_small_nin, nin_recipe
    from convscope.experiments.training_curves import measure_curves

    initialization, last_relu, batch_norm, learning_rate = values
    build = functools.partial(
        build_small_nin, last_relu=bool(last_relu), batch_norm=bool(batch_norm)
    )
    lowest = 1.0
    for seed in range(SEEDS):
        recipe = nin_recipe(
            "digits", epochs=EPOCHS, seed=seed, initialization=initialization,
            learning_rate=learning_rate,
        )  # fmt: skip
        lowest = min(lowest, measure_curves(build, "digits", recipe).last_accuracy)
        if lowest < WANTED:
            return seed, lowest
    return SEEDS, lowest


def book_design(**changes: Any) -> dict[str, Any]:
    """The book's start, with some of its fields changed."""
    return {
        "initialization": "xavier",
        "last_relu": True,
        "batch_norm": False,
        "learning_rate": 0.1,
    } | changes


EXERCISES: list[Exercise] = [
    number(
        "13.1",
        expected=count_dense_and_block,
        tolerance=0,
        mistakes=[
            WrongAnswer([26214400, 34760], Words(
                "Those are the weights. Each unit and each output channel has a bias, too.",
                "这是权重的个数。每个单元、每个输出通道还各有一个偏置。",
            )),
            WrongAnswer([26218496, 34570], Words(
                "The dense layer is right. The block has three convolutions: two of 1×1 follow.",
                "全连接层是对的。这个块有三个卷积层：后面还有两个 1×1。",
            )),
            WrongAnswer([26218496, 320], Words(
                "The dense layer is right. A kernel reaches through all of its input's 384 "
                "channels.",
                "全连接层是对的。卷积核要贯穿输入的全部 384 个通道。",
            )),
        ],
        hints=[
            Words(
                "Dense: units × (inputs + 1).",
                "全连接层：单元数 ×（输入数 + 1）。",
            ),
            Words(
                "Convolution: outputs × (inputs × height × width + 1), for each of the three.",
                "卷积层：输出通道数 ×（输入通道数 × 高 × 宽 + 1），三个都要算。",
            ),
        ],
    ),
    number(
        "13.2",
        expected=first_heights,
        tolerance=0,
        mistakes=[
            WrongAnswer([54, 54, 55, 55], Words(
                "Count the padding of both sides: 2 on each side are 4 pixels more, and 3 and 4 "
                "are 7.",
                "两侧的填充都要算：每侧 2 就是多 4 个像素，3 和 4 一共是 7。",
            )),
            WrongAnswer([55, 55, 55, 56], Words(
                "224 + 2 − 11 = 215 isn't a multiple of 4: the last window would stick out, so "
                "round down.",
                "224 + 2 − 11 = 215 不是 4 的倍数：最后一个窗口会越界，所以向下取整。",
            )),
            WrongAnswer([53, 54, 54, 55], Words(
                "The first window counts as well: one more than the steps between windows.",
                "第一个窗口也要算：窗口数比步数多一。",
            )),
        ],
        hints=[
            Words(
                "How far can the window move, in whole steps of 4? And it stands at one place "
                "before it moves.",
                "窗口能移动多少个整步（每步 4）？移动之前它已经占了一个位置。",
            ),
            Words(
                "Round (size + padding of both sides − 11) / 4 down, then add 1.",
                "把（尺寸 + 两侧填充 − 11）/ 4 向下取整，再加 1。",
            ),
        ],
    ),
    prediction(
        "13.3",
        options=("a", "b", "c"),
        measure=fate_of_dead,
        mistakes=[
            WrongAnswer("a", Words(
                "The outputs are logits: ten zeros are ten equal probabilities. What is the loss "
                "of a tenth?",
                "输出是未归一化的预测：十个 0 就是十个相等的概率。概率十分之一的损失是多少？",
            )),
            WrongAnswer("b", Words(
                "For a weight to change it needs a gradient. What is the slope of a ReLU below 0?",
                "权重要变化，先得有梯度。ReLU 在 0 以下的斜率是多少？",
            )),
        ],
        hints=[
            Words(
                "First: which probability does softmax give each class?",
                "先想：softmax 给每个类别的概率是多少？",
            ),
            Words(
                "Then: the gradient goes back through the last ReLU. What does that let through?",
                "再想：梯度要穿过最后的 ReLU 往回传。它放行多少？",
            ),
        ],
    ),
    design(
        "13.4",
        measure=examine_design,
        mistakes=[
            WrongAnswer(book_design(), NARROW),
            WrongAnswer(book_design(last_relu=False), NARROW),
            WrongAnswer(book_design(initialization="kaiming", learning_rate=3.0), TOO_FAST),
            WrongAnswer(book_design(initialization="kaiming", learning_rate=0.001), TOO_SLOW),
        ],
        hints=[
            Words(
                "Two things must not happen: that the signal fades through twelve layers, and that "
                "classes fall silent.",
                "要避免两件事：信号在十二层中消失，以及类别沉默。",
            ),
            Words(
                "Batch normalization widens the signal in every layer; without the last ReLU no "
                "class can fall silent.",
                "批量规范化在每一层把信号变宽；去掉最后的 ReLU，就没有类别会沉默。",
            ),
        ],
    ),
]  # fmt: skip
