"""Exercises of lesson 18: keep, judge, ship."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from convscope.data.image_set import ImageSet
    from convscope.runs.model import Model

IMAGES, BINS = 50, 10
WITHIN = 1e-4  # of a probability
CONFIDENT = 0.9

NO_SCALE = Words(
    "You normalize the whole numbers 0 to 255. The card's mean and std are those of images "
    "scaled to 0 to 1.",
    "你直接规范化了 0 到 255 的整数。卡片里的均值与标准差是针对缩放到 0 到 1 的图像的。",
)
NO_NORMALIZATION = Words(
    "The image is scaled, but not normalized: subtract card.mean and divide by card.std, "
    "channel by channel.",
    "图像缩放了，但没有规范化：要逐通道减去 card.mean，再除以 card.std。",
)
NO_TEMPERATURE = Words(
    "The classes are right, the probabilities are not calibrated: divide the logits by "
    "card.temperature before softmax.",
    "类别对了，概率没有校准：softmax 之前要把 logit 除以 card.temperature。",
)


@functools.cache
def trained_run() -> tuple[Model, ImageSet, Any]:
    """The lesson's network, trained without interruption; its test images; what 8 bits cost."""
    from convscope.data.load import load
    from convscope.experiments.exported_files import compare_export
    from convscope.training.train import train

    with tempfile.TemporaryDirectory() as folder:
        run = train(
            "resnet9", "digits", "fast", epochs=6, size=16, threads=1, precision="float32",
            network_arguments={"width": 8}, out=Path(folder) / "run", quiet=True,
        )  # fmt: skip
        images = load("digits", "test", size=16)
        return run.model(), images, compare_export(run, folder, images, bits=8)


def points_lost() -> float:
    """Percentage points of accuracy that 8 bits cost."""
    small = trained_run()[2]
    return 0.5 if small is None else float(small.points_lost)  # refused: it was more than that


def says_of_photographs() -> str:
    """What the network says of pieces of photographs."""
    import torch

    from convscope.evaluation.calibration import calibrate_probabilities
    from convscope.evaluation.logits import compute_logits
    from convscope.experiments.foreign_images import photograph_patches

    model = trained_run()[0]
    logits = compute_logits(
        model, photograph_patches(), batch_size=64, device=torch.device("cpu")
    ).values
    most = calibrate_probabilities(logits, model.card).max(dim=1).values
    return "b" if float((most >= CONFIDENT).float().mean()) > 0.1 else "a"


def recognize_as(
    *, scale: bool = True, normalize: bool = True, temperature: bool = True
) -> Callable[[Any, Any], tuple[str, float]]:
    """A reader that leaves out some of what the card says."""

    def recognize(model: Any, image: Any) -> tuple[str, float]:
        import torch

        card = model.card
        x = torch.from_numpy(image).float()[None]
        if scale:
            x = x / 255
        if normalize:
            mean, std = (torch.tensor(each).view(1, -1, 1, 1) for each in (card.mean, card.std))
            x = (x - mean) / std
        with torch.no_grad():
            logits = model.network(x)
        said = (logits / (card.temperature if temperature else 1)).softmax(dim=1)[0]
        best = int(said.argmax())
        return card.classes[best], float(said[best])

    return recognize


MISTAKES = [
    WrongAnswer(recognize_as(scale=False), NO_SCALE),
    WrongAnswer(recognize_as(normalize=False), NO_NORMALIZATION),
    WrongAnswer(recognize_as(temperature=False), NO_TEMPERATURE),
]


def examine_reader(answer: Any) -> Outcome:
    """Compare a reader with the library on 50 images."""
    if not callable(answer):
        return Outcome(
            False,
            Words(f"asks for a function; given {answer!r}", f"应给出函数；收到的是 {answer!r}"),
        )
    model, images, _ = trained_run()
    some = images.images[:IMAGES]
    first = answer(model, some[0].copy())
    if first is None:
        return NOT_ANSWERED
    said = [as_pair(answer(model, image.copy())) for image in some]
    right = count_agreeing(said, recognize_as(), model, some)
    shown = Words(
        f"{right} of {IMAGES} images: the same class, and the probability within {WITHIN:g}",
        f"{IMAGES} 幅图像中有 {right} 幅类别相同，且概率相差不超过 {WITHIN:g}",
    )
    if right == IMAGES:
        return Outcome(True, shown)
    hint = next(
        (
            mistake.hint for mistake in MISTAKES
            if count_agreeing(said, mistake.answer, model, some) == IMAGES
        ),
        None,
    )  # fmt: skip
    return Outcome(False, shown, hint)


def as_pair(answer: Any) -> tuple[str, float]:
    """A class and its probability."""
    name, probability = answer
    return str(name), float(probability)


def count_agreeing(
    said: list[tuple[str, float]], reader: Callable[[Any, Any], tuple[str, float]], model: Any,
    images: Any,
) -> int:  # fmt: skip
    """Of how many images a reader says the same."""
    expected = [reader(model, image) for image in images]
    return sum(
        a[0] == b[0] and abs(a[1] - b[1]) <= WITHIN for a, b in zip(said, expected, strict=True)
    )


def calibration_error_oracle(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """What the library computes."""
    from convscope.evaluation.calibration import expected_calibration_error

    return expected_calibration_error(probabilities, labels, BINS)


def draw_probabilities(random: np.random.Generator) -> tuple[Any, ...]:
    """Probabilities of 5 to 60 images in 2 to 5 classes, and labels that often agree."""
    images, classes = int(random.integers(5, 61)), int(random.integers(2, 6))
    logits = 2 * random.normal(size=(images, classes))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(
        random.random(images) < 0.6, shares.argmax(axis=1), random.integers(0, classes, images)
    )
    return shares, labels


def _bins_of(probabilities: np.ndarray, labels: np.ndarray) -> list[tuple[float, float, float]]:
    """Of each bin that has images: their share, mean probability, share that is right."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1)
    return [
        (float(np.mean(place == bin_)), float(confidence[place == bin_].mean()),
         float(right[place == bin_].mean()))
        for bin_ in np.unique(place)
    ]  # fmt: skip


def unweighted(probabilities: Any, labels: Any) -> float:
    """Every bin counts the same."""
    return float(np.mean([abs(c - a) for _, c, a in _bins_of(probabilities, labels)]))


def signed(probabilities: Any, labels: Any) -> float:
    """Too sure here and too modest there cancel."""
    return float(sum(share * (c - a) for share, c, a in _bins_of(probabilities, labels)))


def of_label(probabilities: Any, labels: Any) -> float:
    """The probability of the true class in place of that of the largest."""
    picked = probabilities[np.arange(len(labels)), labels]
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(picked * BINS) - 1, 0, BINS - 1)
    return float(
        sum(
            np.mean(place == b) * abs(picked[place == b].mean() - right[place == b].mean())
            for b in np.unique(place)
        )
    )


EXERCISES: list[Exercise] = [
    design(
        "18.1",
        measure=examine_reader,
        mistakes=MISTAKES,
        hints=[
            Words(
                "Four steps: to a batch of one in float, scaled to 0 to 1; normalized; through the "
                "network; softmax of the logits divided by the temperature.",
                "四步：变成 0 到 1 的浮点数，组成一幅图像的批量；规范化；通过网络；"
                "把 logit 除以温度，再做 softmax。",
            ),
            Words(
                "x = torch.from_numpy(image).float()[None] / 255; mean and std as "
                "torch.tensor(card.mean).view(1, -1, 1, 1). Give (card.classes[best], "
                "float(said[best])).",
                "x = torch.from_numpy(image).float()[None] / 255；均值与标准差写成 "
                "torch.tensor(card.mean).view(1, -1, 1, 1)。返回 (card.classes[best], "
                "float(said[best]))。",
            ),
        ],
    ),
    function(
        "18.2",
        oracle=calibration_error_oracle,
        cases=draw_probabilities,
        mistakes=[
            WrongAnswer(unweighted, Words(
                "You give each bin the same weight. A bin with one image counts as much as one "
                "with fifty then.",
                "你给每个区间同样的权重。这样只有一幅图像的区间和有五十幅的一样重要。",
            )),
            WrongAnswer(signed, Words(
                "Take the distance in each bin before you add: otherwise too sure and too modest "
                "cancel.",
                "先在每个区间取绝对值再相加，否则过于自信与过于谦虚会互相抵消。",
            )),
            WrongAnswer(of_label, Words(
                "You sort by the probability of the true class, which nobody knows in use. Take "
                "the largest probability, that of the answer.",
                "你按真实类别的概率分区间，而使用时没人知道真实类别。请用最大的概率，即所给答案的概率。",
            )),
        ],
        hints=[
            Words(
                "confidence = probabilities.max(axis=1); right = argmax == labels; bin = "
                "ceil(10 · confidence) − 1.",
                "confidence = probabilities.max(axis=1)；right = argmax == labels；"
                "区间号 = ceil(10 · confidence) − 1。",
            ),
            Words(
                "Sum over the bins of share of the images · |mean confidence − mean right|.",
                "对各区间求和：图像占比 · |平均 confidence − 平均 right|。",
            ),
        ],
    ),
    prediction(
        "18.3",
        options=("a", "b", "c"),
        measure=says_of_photographs,
        mistakes=[
            WrongAnswer("a", Words(
                "That would be honest. But nothing in training asked it to say so of what it "
                "doesn't know.",
                "那样才算诚实。但训练中没有任何东西要求它对不认识的图像这样说。",
            )),
            WrongAnswer("c", Words(
                "For the network an image is an array of the right shape. It computes.",
                "在网络看来，图像就是形状正确的数组，照算不误。",
            )),
        ],
        hints=[
            Words("What do the ten probabilities add up to?", "十个概率加起来是多少？"),
            Words(
                "Logits grow with what stands out in an image, and softmax turns a distance of "
                "logits into certainty.",
                "图像越有特色，logit 就越大；softmax 把 logit 之差变成把握。",
            ),
        ],
    ),
    number(
        "18.4",
        expected=points_lost,
        tolerance=1.5,
        mistakes=[
            WrongAnswer(75, Words(
                "Three quarters of the bits are gone, not of the accuracy.",
                "少了四分之三的是位数，不是准确率。",
            )),
            WrongAnswer(10, Words(
                "A weight is off by less than half a 127th of the largest of its channel. Such "
                "errors mostly cancel in a sum.",
                "每个权重的误差不到该通道最大值的 1/127 的一半，求和时大多互相抵消。",
            )),
            WrongAnswer(5, Words(
                "Less. Few images lie so near to the border of two classes.",
                "没有这么多。离两类边界那么近的图像很少。",
            )),
        ],
        hints=[
            Words(
                "Which images can change their class at all? Those of which two classes are nearly "
                "as probable.",
                "哪些图像才可能改变类别？两个类别概率几乎相同的那些。",
            ),
            Words(
                "Of such images there are a handful, and some change for the better.",
                "这样的图像只有几幅，而且有的反而变对。",
            ),
        ],
    ),
]  # fmt: skip
