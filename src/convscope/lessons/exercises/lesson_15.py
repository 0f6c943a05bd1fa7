"""Exercises of lesson 15: batch normalization, its averages, a batch of one, and its two modes."""

from __future__ import annotations

import copy
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

EPSILON = 1e-5

DEPENDS = Words(
    "The answers depend on the batch: the network was in training mode. network.eval() first.",
    "答案随批量而变：网络处于训练模式。先调用 network.eval()。",
)
MODE_LEFT = Words(
    "Right, but the network was training, and is left in prediction mode: the training that goes "
    "on would use moving averages. network.train() at the end.",
    "结果正确，但网络原来在训练，却被留在预测模式：接下来的训练就会用移动平均。"
    "最后调用 network.train()。",
)
MODE_FORCED = Words(
    "Right, but a network that was in prediction mode is left in training mode. Remember "
    "`was = network.training`, and end with network.train(was).",
    "结果正确，但原来处于预测模式的网络被留在了训练模式。先记下 `was = network.training`，最后用 "
    "network.train(was)。",
)


def normalize(
    x: Any, scale: Any, shift: Any, mean: Any, variance: Any, training: bool
) -> np.ndarray[Any, Any]:
    """Batch normalization of (images, features), by the library's definition."""
    from convscope.definitions.normalization import (
        Moments,
        batch_norm_prediction,
        batch_norm_training,
    )

    moving = Moments(np.asarray(mean), np.asarray(variance))
    if training:
        return batch_norm_training(x, scale, shift, moving)[0]
    return batch_norm_prediction(x, scale, shift, moving)


def _draw_case(random: np.random.Generator) -> tuple[Any, ...]:
    images, features = int(random.integers(2, 7)), int(random.integers(1, 4))
    x = random.uniform(-5, 5, features) + random.normal(size=(images, features))
    scale, shift, mean = random.normal(size=(3, features))
    return x, scale, shift, mean, random.uniform(0.2, 3, features), bool(random.random() < 0.5)


def _always_the_batch(
    x: Any, scale: Any, shift: Any, mean: Any, variance: Any, training: bool
) -> Any:
    del training
    return normalize(x, scale, shift, mean, variance, training=True)


def _divided_by_variance(
    x: Any, scale: Any, shift: Any, mean: Any, variance: Any, training: bool
) -> Any:
    if training:
        mean, variance = x.mean(0), x.var(0)
    return scale * (x - mean) / (variance + EPSILON) + shift


def _unbiased(x: Any, scale: Any, shift: Any, mean: Any, variance: Any, training: bool) -> Any:
    if training:
        mean, variance = x.mean(0), x.var(0, ddof=1)
    return scale * (x - mean) / np.sqrt(variance + EPSILON) + shift


def _over_features(x: Any, scale: Any, shift: Any, mean: Any, variance: Any, training: bool) -> Any:
    if training:
        mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    return scale * (x - mean) / np.sqrt(variance + EPSILON) + shift


def _ten_batches() -> list[float]:
    import torch
    from torch import nn

    reached = []
    for momentum in (0.1, 0.9):
        layer = nn.BatchNorm1d(1, momentum=momentum, dtype=torch.float64)
        for _ in range(10):
            layer(torch.tensor([[0.0], [2.0]], dtype=torch.float64))
        reached.append(float(layer.get_buffer("running_mean")))
    return reached


def _one_image() -> str:
    """Ask PyTorch's own kernel, below the check that refuses a single image."""
    import torch

    image = torch.linspace(-3, 5, 9, dtype=torch.float64)[None]
    left = torch.native_batch_norm(image, None, None, None, None, True, 0.1, EPSILON)[0]
    if torch.allclose(left, image):
        return "a"
    return "b" if torch.allclose(left, torch.zeros_like(left)) else "c"


def _measure_evaluate(answer: Any) -> Outcome:
    import torch

    from convscope.experiments.normalized_networks import (
        batch_norm_layers,
        build_normalized_dense,
    )
    from convscope.experiments.plain_sgd import measure_accuracy, train_by_sgd
    from convscope.experiments.sgd_course import digits_of
    from convscope.lessons.exercise import NOT_ANSWERED

    if not callable(answer):
        return Outcome(
            False,
            Words(
                f"a function (network, images, labels) is asked for; given {answer!r}",
                f"应给出一个函数 (network, images, labels)；收到的是 {answer!r}",
            ),
        )
    network = build_normalized_dense(seed=0)
    train_by_sgd(network, *digits_of("train", 500), rate=0.3, epochs=4)
    images, labels = digits_of("test", None)
    by_class = torch.argsort(labels, stable=True)
    for training in (True, False):
        for part in (by_class[:40], by_class[100:101], by_class):
            subject = copy.deepcopy(network).train(training)
            given = answer(subject, images[part], labels[part])
            if given is None:
                return NOT_ANSWERED
            right = measure_accuracy(copy.deepcopy(network), images[part], labels[part])
            if abs(float(given) - right) > 1e-6:
                shown = Words(
                    f"{len(part)} images: {float(given):.3f} instead of {right:.3f}",
                    f"{len(part)} 幅图像：得到 {float(given):.3f}，应为 {right:.3f}",
                )
                return Outcome(False, shown, DEPENDS if training else None)
            pairs = zip(batch_norm_layers(subject), batch_norm_layers(network), strict=True)
            if any(
                not torch.equal(a.get_buffer("running_mean"), b.get_buffer("running_mean"))
                for a, b in pairs
            ):
                return Outcome(
                    False, Words("the moving averages were moved", "移动平均被改动了"), DEPENDS
                )
            if subject.training != training:
                mode = Words("the network is left in another mode", "网络被留在了另一种模式")
                return Outcome(False, mode, MODE_LEFT if training else MODE_FORCED)
    return Outcome(
        True, Words("right in both modes, nothing changed", "两种模式下都正确，什么也没改动")
    )


def _in_training_mode(network: Any, images: Any, labels: Any) -> Any:
    return (network(images.repeat(2, 1)).argmax(1)[: len(labels)] == labels).float().mean().item()


def _left_in_prediction(network: Any, images: Any, labels: Any) -> Any:
    network.eval()
    return (network(images).argmax(1) == labels).float().mean().item()


def _always_into_training(network: Any, images: Any, labels: Any) -> Any:
    share = _left_in_prediction(network, images, labels)
    network.train()
    return share


EXERCISES: list[Exercise] = [
    function(
        "15.1",
        oracle=normalize,
        cases=_draw_case,
        mistakes=[
            WrongAnswer(
                _always_the_batch,
                Words(
                    "You use the batch in prediction, too. There, mean and variance are given.",
                    "你在预测时也用了批量。那时均值与方差是给定的。",
                ),
            ),
            WrongAnswer(
                _divided_by_variance,
                Words(
                    "You divide by the variance: take its square root.",
                    "你除以了方差：应当开平方。",
                ),
            ),
            WrongAnswer(
                _unbiased,
                Words(
                    "The batch is normalized with the plain variance, divided by m (ddof=0).",
                    "规范化本批量用普通方差，除以 m（ddof=0）。",
                ),
            ),
            WrongAnswer(
                _over_features,
                Words(
                    "You take the mean over the features of an image (that is layer "
                    "normalization). Take it over the images: axis 0.",
                    "你对一幅图像的各特征求了均值（那是层规范化）。应当对各图像求：axis 0。",
                ),
            ),
        ],
        hints=[
            Words(
                "if training: mean, variance = x.mean(0), x.var(0)",
                "若 training 为真：mean, variance = x.mean(0), x.var(0)",
            ),
            Words(
                "scale * (x - mean) / np.sqrt(variance + 1e-5) + shift",
                "返回 scale * (x - mean) / np.sqrt(variance + 1e-5) + shift",
            ),
        ],
    ),
    number(
        "15.2",
        expected=_ten_batches,
        tolerance=0.006,
        mistakes=[
            WrongAnswer(
                [0.349, 0.0],
                Words(
                    "That is what is left of the 0 it began with. How far has it come?",
                    "那是初值 0 还剩的份额。它走了多远？",
                ),
            ),
            WrongAnswer(
                [1.0, 0.651],
                Words(
                    "The other way round: PyTorch's momentum is the share of the new.",
                    "弄反了：PyTorch 的 momentum 是新值的份额。",
                ),
            ),
            WrongAnswer(
                [0.651, 0.651],
                Words(
                    "They differ: in PyTorch momentum=0.9 is 0.1 · old + 0.9 · new.",
                    "两者不同：PyTorch 中 momentum=0.9 是 0.1 · 旧 + 0.9 · 新。",
                ),
            ),
        ],
        hints=[
            Words(
                "Each batch leaves 0.9 of the distance to 1.",
                "每个批量之后，到 1 的距离剩下 0.9。",
            ),
            Words("1 − 0.9¹⁰ and 1 − 0.1¹⁰", "1 − 0.9¹⁰ 与 1 − 0.1¹⁰"),
        ],
    ),
    prediction(
        "15.3",
        options=("a", "b", "c"),
        measure=_one_image,
        mistakes=[
            WrongAnswer(
                "a",
                Words(
                    "The mean is subtracted. What is the mean of one number?",
                    "均值会被减掉。一个数的均值是多少？",
                ),
            ),
            WrongAnswer(
                "c",
                Words(
                    "That is a batch of two. With one image each channel has a single number.",
                    "那是批量为 2 的情形。只有一幅图像时，每个通道只有一个数。",
                ),
            ),
        ],
        hints=[
            Words("What is x − mean, if the mean is x?", "均值就是 x 时，x − 均值是多少？"),
            Words("0 / √(0 + ε)", "0 / √(0 + ε)，即 0"),
        ],
    ),
    design(
        "15.4",
        measure=_measure_evaluate,
        mistakes=[
            WrongAnswer(_in_training_mode, DEPENDS),
            WrongAnswer(_left_in_prediction, MODE_LEFT),
            WrongAnswer(_always_into_training, MODE_FORCED),
        ],
        hints=[
            Words(
                "Three lines around the answers: remember the mode, eval, put it back.",
                "在作答前后加三行：记下模式，切换到预测，再换回来。",
            ),
            Words(
                "was = network.training; network.eval(); …; network.train(was)",
                "依次写 was = network.training、network.eval()、作答、network.train(was)",
            ),
        ],
    ),
]
