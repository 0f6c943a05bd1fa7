"""What the images need next, in the order of the mistakes that it touches.

Tests evaluation/next_steps.py, evaluation/next_step.py, evaluation/page/sections/next_steps.py.
"""

import numpy as np
import torch

from convscope.data.image_set import ImageSet
from convscope.evaluation.evaluation import class_scores, confusion_matrix, find_mistakes
from convscope.evaluation.logits import Logits
from convscope.evaluation.next_steps import find_next_steps
from convscope.evaluation.page.sections.next_steps import next_steps as section
from convscope.evaluation.text import next_steps_in_words
from convscope.runs.model_file import ModelCard, Rejection
from tests.evaluation.made_evaluations import evaluation_of

CLASSES = ("cat", "dog", "owl")


def steps(answers, *, trained=None, size=32, sizes=None, threshold=None):
    """The steps for [(label, predicted, largest logit), …] of 30 right images, and these."""
    rows = [(k % 3, k % 3, 4.0) for k in range(30)] + answers
    labels = np.array([label for label, _, _ in rows])
    values = torch.zeros(len(rows), 3)
    for row, (_, predicted, logit) in enumerate(rows):
        values[row, predicted] = logit
    card = ModelCard(
        network="lenet", classes=CLASSES, channels=1, size=size, mean=(0.5,), std=(0.5,),
        rejection=threshold and Rejection(score="max_logit", threshold=threshold, rate=0.05),
    )  # fmt: skip
    pixels = np.random.default_rng(0).integers(0, 255, (len(rows), 1, 8, 8), np.uint8)
    paths = [f"{k}.png" for k in range(len(rows))]
    images = ImageSet(pixels, labels, CLASSES, paths=paths, original_sizes=sizes)
    logits = Logits(values, torch.from_numpy(labels), loss=0.1, accuracy=0.9)
    mistakes = find_mistakes(logits, images, card)
    confusion = confusion_matrix(labels, values.argmax(dim=1).numpy(), 3)
    scores = class_scores(confusion, CLASSES)
    return find_next_steps(logits, images, mistakes, scores, trained or {}, card)


def test_labels_of_the_surest_mistakes_are_to_be_looked_at():
    (step,) = steps([(0, 1, 1.0), (0, 1, 6.0), (2, 0, 5.0)])
    assert (step.kind, step.mistakes, step.paths) == ("label", 2, ("31.png", "32.png"))
    assert step.text.startswith(
        "Look at the labels of 2 images: the network is as sure of another class as it is where it "
        "is right. First: 31.png, labelled 'cat', taken for 'dog' with 99."
    )
    assert steps([(0, 1, 1.0)]) == ()


def test_mistakes_of_a_network_that_is_mostly_wrong_say_nothing_of_the_images():
    assert len(steps([(0, 1, 6.0)] * 30)) == 1
    assert steps([(0, 1, 6.0)] * 31) == ()
    assert steps([(0, 1, 6.0)] * 31, threshold=8.0) == ()


def test_small_classes_that_are_recognized_worse():
    weak = [(2, 0, 1.0)] * 6
    (step,) = steps(weak, trained={"cat": 100, "dog": 90, "owl": 30})
    assert (step.kind, step.mistakes) == ("small class", 6)
    assert step.text == (
        "Add images of 'owl' (30 to train on, 62 % of 16 recognized): fewer and recognized worse "
        "than the others. Or try --balance."
    )
    assert steps(weak, trained={"cat": 100, "dog": 90, "owl": 80}) == ()
    assert steps([(0, 1, 1.0)] * 6, trained={"cat": 100, "dog": 90, "owl": 30}) == ()


def test_images_unlike_the_rest():
    (step,) = steps([(2, 0, 1.0), (1, 0, 0.5)], threshold=2.0)
    assert (step.kind, step.mistakes, step.paths) == ("unlike the rest", 2, ("30.png", "31.png"))


def test_lost_detail_comes_last_and_only_where_something_is_wrong():
    sizes = {(480, 640): 30, (64, 64): 2}
    found = steps([(0, 1, 6.0)], sizes=sizes)
    assert [each.kind for each in found] == ["label", "lost detail"]
    assert "(480×640 most often) than the 32×32 they are read at" in found[1].text
    assert "--size 64, in four times the time" in found[1].text
    assert steps([], sizes=sizes) == ()
    assert [each.kind for each in steps([(0, 1, 6.0)], sizes=sizes, size=300)] == ["label"]


def test_three_are_named_at_most_and_those_that_touch_most_first():
    found = steps(
        [(2, 0, 1.0)] * 6 + [(0, 1, 9.0)],
        trained={"cat": 100, "dog": 90, "owl": 10},
        sizes={(999, 999): 37},
        threshold=2.0,
    )
    assert [(each.kind, each.mistakes) for each in found] == [
        ("small class", 6), ("unlike the rest", 6), ("label", 1),
    ]  # fmt: skip


def test_how_they_are_shown():
    assert next_steps_in_words([]) == []
    assert next_steps_in_words(["Do this.", "Then that."]) == [
        "What the images need next:", "  1. Do this.", "  2. Then that.",
    ]  # fmt: skip
    evaluation = evaluation_of([0, 1], [0, 0], CLASSES)
    assert section(evaluation) == ""
    (step,) = steps([(0, 1, 6.0)] * 25)
    object.__setattr__(evaluation, "next_steps", (step,))
    page = section(evaluation)
    assert "(25 of the mistakes)" in page
    assert "<li>49.png</li><li>and 5 more</li>" in page
    assert evaluation.as_dict()["next_steps"][0]["paths"][0] == "30.png"
