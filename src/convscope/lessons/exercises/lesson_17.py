"""Exercises of lesson 17: time, memory, recomputation."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
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

LIMIT, PROCESS = 2e9, 0.5e9  # bytes: the limit, and what the process itself takes
SPEED, IMAGES, EPOCHS = 850, 1_000_000, 30
FIELDS = ("network", "width", "epochs", "learning_rate")
NETWORKS = ("small", "lenet", "resnet9")
BUDGET, WANTED = 100e9, 0.9  # MACs of the whole training, and share that must be right
SIZE, BATCH = 16, 32

DEAR = Words(
    "Over the budget. Operations grow with the epochs, and with the square of the width.",
    "超出预算。运算量与轮数成正比，与宽度的平方成正比。",
)
SIGMOIDS = Words(
    "This LeNet has sigmoids: the budget is over before it moves (lesson 12).",
    "这个 LeNet 用 sigmoid：还没动起来，预算就用完了（第 12 课）。",
)
MORE = Words(
    "Within the budget, but not there yet. How much of the budget is left: more epochs, or more "
    "channels?",
    "没有超出预算，但还不够好。预算还剩多少：加轮数，还是加通道？",
)
TOO_FAST = Words(
    "AdamW takes steps of about the learning rate for each weight. Try a hundredth of it.",
    "AdamW 对每个权重走的步长大约就是学习率。试试百分之一。",
)


def images_that_fit() -> str:
    """How many images fit in 2 GB beside the process: the option that is nearest."""
    from convscope.experiments.step_bytes import measure_step_bytes

    few, many = (measure_step_bytes("densenet", batch).peak for batch in (128, 256))
    each = (many - few) / 128
    images = (LIMIT - PROCESS - few) / each + 128
    options = {"a": 200, "b": 700, "c": 2000}
    return min(options, key=lambda name: abs(math.log(options[name] / images)))


def kept_units_oracle(layers: int, length: int) -> int:
    """Simulate a chain that is recomputed segment by segment, from the last to the first.

    Chen, Xu, Zhang and Guestrin 2016, "Training deep nets with sublinear memory cost", section 3,
    where the inputs of segments are kept until their own backward pass is done.
    """
    segments = [min(length, layers - start) for start in range(0, layers, length)]
    return max(place + 1 + size for place, size in enumerate(segments))


def draw_chain(random: np.random.Generator) -> tuple[Any, ...]:
    """A chain of 1 to 120 layers, and a length from 1 to a few more than it has."""
    layers = int(random.integers(1, 121))
    return layers, int(random.integers(1, layers + 4))


def examine_design(answer: Any) -> Outcome:
    """Count the operations of a training, and do it if it is within the budget."""
    problem = problem_of(answer)
    if problem is not None:
        return Outcome(False, problem)
    macs = count_training(answer["network"], answer["width"], answer["epochs"])
    if macs > BUDGET:
        shown = Words(
            f"{macs / 1e9:.0f} billion multiplications with addition, {BUDGET / 1e9:.0f} allowed",
            f"乘加 {macs / 1e9:.0f} 十亿次，允许 {BUDGET / 1e9:.0f} 十亿次",
        )
        return Outcome(False, shown, DEAR)
    accuracy = train_design(*(answer[field] for field in FIELDS))
    shown = Words(
        f"{100 * accuracy:.1f} % right with {macs / 1e9:.0f} billion multiplications with "
        f"addition; {100 * WANTED:.0f} % wanted",
        f"乘加 {macs / 1e9:.0f} 十亿次，正确率 {100 * accuracy:.1f} %；要求 {100 * WANTED:.0f} %",
    )
    if accuracy >= WANTED:
        return Outcome(True, shown)
    return Outcome(False, shown, hint_for(answer))


def problem_of(answer: Any) -> Words | None:
    """What keeps an answer from being counted at all."""
    if not isinstance(answer, Mapping) or set(answer) != set(FIELDS):
        return Words(
            f"asks for a dict with {', '.join(FIELDS)}; given {answer!r}",
            f"应给出含有 {', '.join(FIELDS)} 的字典；收到的是 {answer!r}",
        )
    if answer["network"] not in NETWORKS:
        return Words(
            f"network is one of {', '.join(NETWORKS)}; given {answer['network']!r}",
            f"network 只能是 {', '.join(NETWORKS)}；收到的是 {answer['network']!r}",
        )
    if not isinstance(answer["epochs"], int) or answer["epochs"] < 1:
        return Words(
            f"epochs is a whole number from 1; given {answer['epochs']!r}",
            f"epochs 应为不小于 1 的整数；收到的是 {answer['epochs']!r}",
        )
    return None


def hint_for(answer: Mapping[str, Any]) -> Words:
    """What is most likely to keep this design from being right often enough."""
    if answer["learning_rate"] >= 0.1:
        return TOO_FAST
    return SIGMOIDS if answer["network"] == "lenet" else MORE


def build_design(network: str, width: int | None) -> Any:
    """The network of a design, for digits of 16×16."""
    from convscope.networks.catalog import build

    if network == "resnet9":
        return build(network, 1, 10, **({} if width is None else {"width": width}))
    return build(network, 1, 10, size=SIZE)


def count_training(network: str, width: int | None, epochs: int) -> float:
    """MACs of a whole training: three forward passes' worth for each image and epoch."""
    import torch

    from convscope.data.load import load
    from convscope.evaluation.cost import count_macs

    built = build_design(network, width)
    macs = count_macs(built, torch.zeros(1, 1, SIZE, SIZE))
    return 3.0 * macs * len(load("digits")) * epochs


@functools.cache
def train_design(network: str, width: int | None, epochs: int, learning_rate: float) -> float:
    """The test accuracy of a design."""
    from convscope.experiments.training_curves import measure_curves
    from convscope.runs.recipe import Recipe

    recipe = Recipe(
        epochs=epochs, batch_size=BATCH, learning_rate=learning_rate, optimizer="adamw", size=SIZE,
        data="digits", threads=1, precision="float32", normalization="standard", seed=0,
    )  # fmt: skip

    build_it = functools.partial(build_design, network, width)
    return measure_curves(build_it, "digits", recipe).accuracy[-1]


HOURS = IMAGES * EPOCHS / SPEED / 3600

EXERCISES: list[Exercise] = [
    prediction(
        "17.1",
        options=("a", "b", "c"),
        measure=images_that_fit,
        mistakes=[
            WrongAnswer("a", Words(
                "Look again at the scale of section 1: 128 images take less than 0.1 GB.",
                "再看第 1 节的刻度：128 幅图像不到 0.1 GB。",
            )),
            WrongAnswer("b", Words(
                "Divide: 1.5 GB are left, and one image takes about 0.65 MB of activations.",
                "算一算：还剩 1.5 GB，一幅图像的激活值约 0.65 MB。",
            )),
        ],
        hints=[
            Words(
                "How many bytes of activations does one image leave in section 1?",
                "第 1 节里，一幅图像留下多少字节的激活值？",
            ),
            Words(
                "84 MB for 128 images; what is there for any batch hardly counts here.",
                "128 幅图像 84 MB；与批量无关的部分在这里几乎可以忽略。",
            ),
        ],
    ),
    function(
        "17.2",
        oracle=kept_units_oracle,
        cases=draw_chain,
        mistakes=[
            WrongAnswer(lambda layers, length: math.ceil(layers / length), Words(
                "Those are the inputs of the segments. While the backward pass is in a segment, "
                "its layers are there as well.",
                "这只是各段的输入。反向传播进入某一段时，这一段的各层也都在。",
            )),
            WrongAnswer(lambda layers, length: layers // length + length, Words(
                "The last segment may be shorter, and it counts as a segment: round up, and look "
                "at how many layers the last one has.",
                "最后一段可能较短，但也算一段：要向上取整，并看看最后一段有几层。",
            )),
            WrongAnswer(lambda layers, length: math.ceil(layers / length) + length, Words(
                "Nearly. While the last segment is computed again, it may have fewer layers than "
                "the others; while an earlier one is, the inputs after it are gone.",
                "差一点。重新计算最后一段时，它的层数可能比别的段少；"
                "重新计算前面的段时，后面各段的输入已经释放。",
            )),
        ],
        hints=[
            Words(
                "Go through the segments from the last to the first: what is kept while you are in "
                "segment i?",
                "从最后一段往前走：在第 i 段时保留着什么？",
            ),
            Words(
                "In segment i (from 0): the inputs of segments 0 to i, i + 1 units, and the layers "
                "of segment i. Take the largest.",
                "在第 i 段（从 0 数起）：第 0 到第 i 段的输入共 i + 1 个，"
                "加上第 i 段的层数。取最大者。",
            ),
        ],
    ),
    number(
        "17.3",
        expected=lambda: HOURS,
        tolerance=0.05,
        mistakes=[
            WrongAnswer(HOURS / EPOCHS, Words("That is one epoch.", "这是一轮的时间。")),
            WrongAnswer(HOURS * 60, Words("Those are minutes.", "这是分钟数。")),
            WrongAnswer(HOURS * 3600, Words("Those are seconds.", "这是秒数。")),
        ],
        hints=[
            Words("How many images pass through in all?", "一共有多少幅图像要经过网络？"),
            Words(
                "30 million images, at 850 a second; an hour has 3,600 seconds.",
                "三千万幅图像，每秒 850 幅；一小时 3,600 秒。",
            ),
        ],
    ),
    design(
        "17.4",
        measure=examine_design,
        mistakes=[
            WrongAnswer(
                {"network": "resnet9", "width": 32, "epochs": 8, "learning_rate": 0.003}, DEAR
            ),
            WrongAnswer(
                {"network": "lenet", "width": None, "epochs": 5, "learning_rate": 0.0005}, SIGMOIDS
            ),
            WrongAnswer(
                {"network": "small", "width": None, "epochs": 1, "learning_rate": 0.0005}, MORE
            ),
            WrongAnswer(
                {"network": "small", "width": None, "epochs": 2, "learning_rate": 1.0}, TOO_FAST
            ),
        ],
        hints=[
            Words(
                "Count first: MACs of one image · 3 · 1,438 images · epochs. cs.trace counts them.",
                "先数运算量：一幅图像的乘加 · 3 · 1,438 幅 · 轮数。cs.trace 会数。",
            ),
            Words(
                "resnet9 of width 8 learns in few epochs; a rate of 0.003 suits it.",
                "宽度为 8 的 resnet9 几轮就能学会；学习率 0.003 合适。",
            ),
        ],
    ),
]  # fmt: skip
