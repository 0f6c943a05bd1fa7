"""Exercises of lesson 5: dropout by hand, which augmentation hurts, and a hundred digits."""

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

EXAMPLES, DRAWS = 100, (0, 1)
LEAST_RIGHT = 0.88
MOST_EPOCHS = 400
KEYS = {"network", "change", "dropout", "epochs"}

MIRRORED = Words(
    "Mirrored digits teach it that a mirrored 2 is a 2. Which change leaves a digit what it is?",
    "翻转的数字等于告诉它：翻转的 2 还是 2。哪种改变不会使数字变成别的东西？",
)
BLIND = Words(
    "A dense layer doesn't know which pixels are neighbours. A convolution brings that along.",
    "全连接层不知道哪些像素相邻，而卷积层天生知道。",
)
BY_HEART = Words(
    'It has learned its hundred digits by heart. Show them a little moved: change="crop".',
    '它把一百个数字背下来了。让它看稍微移动过的：change="crop"。',
)
LONGER = Words(
    "The right way, but augmented images need more epochs.",
    "方向对了，但增广过的图像需要更多轮。",
)


def drop(x: Any, p: float, kept: Any, training: bool) -> Any:
    """Dropout, by the library's definition."""
    from convscope.definitions.dropout import dropout

    return dropout(x, p, kept) if training else x


def _draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    size, p = int(random.integers(3, 9)), float(random.uniform(0.1, 0.8))
    kept = (random.random(size) >= p).astype(float)
    kept[0] = 1.0  # somebody survives, so that scaling shows
    return random.normal(size=size), p, kept, bool(random.random() < 0.6)


def _without_scaling(x: Any, p: float, kept: Any, training: bool) -> Any:
    del p
    return x * kept if training else x


def _always(x: Any, p: float, kept: Any, training: bool) -> Any:
    del training
    return x * kept / (1 - p)


def _divided_by_p(x: Any, p: float, kept: Any, training: bool) -> Any:
    return x * kept / p if training else x


def _scaled_in_prediction(x: Any, p: float, kept: Any, training: bool) -> Any:
    return x * kept if training else x * (1 - p)


def _one_unit() -> list[float]:
    from convscope.definitions.dropout import dropout

    survived = float(dropout([3.0], 0.25, [1])[0])
    dropped = float(dropout([3.0], 0.25, [0])[0])
    return [survived, 0.75 * survived + 0.25 * dropped, 3.0]


def _flips_on_digits() -> str:
    from convscope.experiments.augmented_training import read_augmentations
    from convscope.lessons.stored_results import stored

    mean = read_augmentations(stored("augmentation").rows).difference("digits", "flip").mean
    return "a" if mean > 1 else "c" if mean < -1 else "b"


def _measure_design(answer: Any) -> Outcome:
    if not isinstance(answer, dict) or set(answer) != KEYS:
        named = ", ".join(sorted(KEYS))
        return Outcome(
            False,
            Words(f"a dict with {named} is asked for", f"应给出一个字典，含 {named}"),
        )
    if answer["network"] not in ("dense", "convolutional"):
        return Outcome(
            False,
            Words(
                'network is "dense" or "convolutional"', 'network 应为 "dense" 或 "convolutional"'
            ),
        )
    if not 1 <= answer["epochs"] <= MOST_EPOCHS or not 0 <= answer["dropout"] < 1:
        return Outcome(
            False,
            Words(
                f"epochs is from 1 to {MOST_EPOCHS}, dropout from 0 and below 1",
                f"epochs 应在 1 到 {MOST_EPOCHS} 之间，dropout 从 0 起，小于 1",
            ),
        )
    right = float(np.mean([_accuracy(answer, draw) for draw in DRAWS]))
    shown = Words(f"{100 * right:.1f} of 100 right", f"每 100 个认对 {100 * right:.1f} 个")
    if right >= LEAST_RIGHT:
        return Outcome(True, shown)
    if "flip" in answer["change"]:
        return Outcome(False, shown, MIRRORED)
    if answer["network"] == "dense":
        return Outcome(False, shown, BLIND)
    return Outcome(False, shown, BY_HEART if answer["change"] == "none" else LONGER)


def _accuracy(settings: dict[str, Any], draw: int) -> float:
    """Share of 797 unseen digits that are right after learning from a hundred."""
    import torch
    from torch import nn

    from convscope.experiments.augmented_training import build_small_convolutions, change_of
    from convscope.experiments.brief_training import train_briefly
    from convscope.experiments.few_examples import draw_examples, unseen_digits
    from convscope.experiments.plain_sgd import measure_accuracy

    change = change_of(settings["change"])
    images, labels = draw_examples(EXAMPLES, seed=draw)
    unseen, truth = unseen_digits()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw)
        if settings["network"] == "dense":
            network: nn.Module = nn.Sequential(
                nn.Flatten(), nn.Linear(64, 128), nn.ReLU(),
                nn.Dropout(settings["dropout"]), nn.Linear(128, 10),
            )  # fmt: skip
        else:
            network = build_small_convolutions(8, channels=16, dropout=settings["dropout"])
        maps, rest = images.view(-1, 1, 8, 8), unseen.view(-1, 1, 8, 8)
        train_briefly(
            network, maps, labels, epochs=settings["epochs"], rate=0.01, seed=draw, change=change
        )
    return measure_accuracy(network, rest, truth)


def _settings(network: str, change: str, dropout: float, epochs: int) -> dict[str, Any]:
    return {"network": network, "change": change, "dropout": dropout, "epochs": epochs}


EXERCISES: list[Exercise] = [
    number(
        "5.1",
        expected=_one_unit,
        tolerance=0.01,
        mistakes=[
            WrongAnswer(
                [3, 2.25, 3],
                Words(
                    "You didn't scale survivors: on average a quarter would be missing.",
                    "你没有放大幸存者：那样平均就少了四分之一。",
                ),
            ),
            WrongAnswer(
                [12, 3, 3],
                Words(
                    "You divided by p. Divide by 1 − p, the share that survives.",
                    "你除以了 p。应除以 1 − p，即幸存的比例。",
                ),
            ),
            WrongAnswer(
                [4, 3, 4],
                Words(
                    "In prediction nothing is scaled: everybody is there.",
                    "预测时不放大：所有单元都在。",
                ),
            ),
        ],
        hints=[
            Words("(1) 3 / (1 − 0.25)", "(1) 算 3 / (1 − 0.25)"),
            Words(
                "(2) 0.75 · survivor + 0.25 · 0, and (3) the value itself",
                "(2) 0.75 · 幸存值 + 0.25 · 0；(3) 就是原来的值",
            ),
        ],
    ),
    function(
        "5.2",
        oracle=drop,
        cases=_draw_case,
        mistakes=[
            WrongAnswer(
                _without_scaling,
                Words(
                    "Survivors must be divided by 1 − p, else the mean shrinks.",
                    "幸存者要除以 1 − p，否则平均会变小。",
                ),
            ),
            WrongAnswer(
                _always,
                Words(
                    "In prediction (training is False) x stays as it is.",
                    "预测时（training 为 False）x 保持不变。",
                ),
            ),
            WrongAnswer(
                _divided_by_p,
                Words(
                    "p is the share that is dropped. Divide by the share that stays.",
                    "p 是被丢弃的比例。应除以留下的比例。",
                ),
            ),
            WrongAnswer(
                _scaled_in_prediction,
                Words(
                    "That is the older form, which scales in prediction. Here training scales.",
                    "那是较早的做法，在预测时缩小。这里是在训练时放大。",
                ),
            ),
        ],
        hints=[
            Words("Two cases: training or not.", "分两种情形：训练与否。"),
            Words(
                "x * kept / (1 - p) if training else x",
                "训练时返回 x * kept / (1 - p)，否则返回 x",
            ),
        ],
    ),
    prediction(
        "5.3",
        options=("a", "b", "c"),
        measure=_flips_on_digits,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "More images, yes. But is a mirrored 2 a 2, and what does a mirrored 3 look "
                    "like?",
                    "图像是多了。但翻转的 2 还是 2 吗？翻转的 3 又像什么？",
                ),
            ),
            WrongAnswer(
                "b",
                Words(
                    "The network has to learn twice as many shapes, half of which never come.",
                    "网络要学两倍的形状，其中一半从不出现。",
                ),
            ),
        ],
        hints=[
            Words("Hold 2, 5 and 7 to a mirror.", "把 2、5、7 对着镜子看看。"),
            Words("No test image is mirrored.", "测试图像没有一幅是翻转的。"),
        ],
    ),
    design(
        "5.4",
        measure=_measure_design,
        mistakes=[
            WrongAnswer(_settings("convolutional", "flip", 0.0, 100), MIRRORED),
            WrongAnswer(_settings("dense", "none", 0.0, 100), BLIND),
            WrongAnswer(_settings("convolutional", "none", 0.0, 100), BY_HEART),
            WrongAnswer(_settings("convolutional", "crop", 0.0, 20), LONGER),
        ],
        hints=[
            Words(
                "Which changes leave a digit a digit? A pixel to the side does.",
                "哪种改变之后数字还是那个数字？平移一个像素就是。",
            ),
            Words(
                'dict(network="convolutional", change="crop", dropout=0.3, epochs=300)',
                '试试 dict(network="convolutional", change="crop", dropout=0.3, epochs=300)',
            ),
        ],
    ),
]
