import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import balanced_accuracy_score

from convscope.evaluation.suspicions import (
    balanced_accuracy,
    ends_in_softmax,
    find_largest_class_alone,
    find_suspicions,
)

CLASSES = ("cat", "dog", "emu")


def random_logits(count=60, classes=3):
    return torch.randn(count, classes, generator=torch.Generator().manual_seed(0)) * 2


def labels(count=60):
    return torch.arange(count) % 3


def test_plain_logits_are_not_odd():
    assert find_suspicions(random_logits(), labels(), CLASSES) == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_last_softmax_is_seen(dtype):
    probabilities = random_logits().to(dtype).softmax(1)
    assert ends_in_softmax(probabilities)
    (said,) = find_suspicions(probabilities, labels(), CLASSES)
    assert "ends in a softmax" in said
    assert "Leave the last softmax out" in said


def test_what_only_looks_a_little_like_probabilities_is_not_taken_for_them():
    assert not ends_in_softmax(random_logits().sigmoid())
    assert not ends_in_softmax(random_logits().log_softmax(1))  # harmless: softmax undoes it
    assert not ends_in_softmax(torch.ones(5, 1))


def test_one_answer_is_seen_where_classes_are_unequal():
    true = torch.tensor([0] * 57 + [1] * 3)
    logits = torch.tensor([[3.0, -0.1, -0.2]]).repeat(60, 1)
    (said,) = find_suspicions(logits, true, CLASSES)
    assert said == (
        "100.0 % of the images are given the class 'cat', to which 95.0 % of them belong: the "
        "accuracy of 95.0 % comes from that, not from telling classes apart (balanced accuracy "
        "50.0 %)."
    )


def test_one_answer_means_nothing_on_few_images_or_a_single_class():
    logits = torch.tensor([[3.0, -0.1, -0.2]]).repeat(60, 1)
    assert find_suspicions(logits[:10], labels(10), CLASSES) == ()
    assert find_suspicions(logits, torch.zeros(60, dtype=torch.int64), CLASSES) == ()


def test_balanced_accuracy_is_scikit_learns():
    predicted = random_logits().argmax(1)
    expected = balanced_accuracy_score(labels(), predicted)
    assert balanced_accuracy(predicted, labels()) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_a_last_sigmoid_is_told(name):
    values = torch.linspace(-4, 4, 90).reshape(30, 3)
    labels = torch.arange(30) % 3
    found = find_suspicions(getattr(torch, name)(values), labels, "abc")
    assert f"seems to end in a {name}" in found[0]
    for others in (values, torch.rand(30, 3) * 0.8, torch.relu(values), values.log_softmax(1)):
        found = find_suspicions(others, labels, "abc")
        assert not any("end in a sigmoid" in each or "end in a tanh" in each for each in found)


def test_a_last_relu_is_told():
    values = torch.linspace(-4, 4, 90).reshape(30, 3)
    labels = torch.arange(30) % 3
    for last in (torch.relu, F.relu6, lambda x: x.clamp(0, 3)):
        assert any("end in a ReLU" in each for each in find_suspicions(last(values), labels, "abc"))
    sure = (values * 99).softmax(1)  # a softmax, some of whose shares are exactly 0
    for others in (
        values,
        values.abs() + 0.1,
        values.sigmoid(),
        F.leaky_relu(values),
        sure,
        0 * values,
    ):
        assert not any("ReLU" in each for each in find_suspicions(others, labels, "abc"))


def test_the_largest_class_alone_is_told():
    true = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
    predicted = true.clone()
    predicted[70:98] = 0  # all but two of the smaller classes
    (said,) = find_largest_class_alone(predicted, true, CLASSES)
    assert said == (
        "Always saying 'cat' would be right on 70.0 % of these images, and the network is right "
        "on 72.0 %: the largest class alone may give the accuracy. Judge by the balanced accuracy "
        "(40.0 %), and train every class equally often: --balance."
    )


def test_nothing_is_told_where_the_accuracy_is_surely_better_or_classes_are_equal():
    true = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
    assert find_largest_class_alone(true, true, CLASSES) == ()
    assert find_largest_class_alone(torch.zeros_like(true), true, CLASSES) == ()  # one answer
    rare_known = true.clone()
    rare_known[:20] = 1  # the largest class suffers, the others are known
    assert find_largest_class_alone(rare_known, true, CLASSES) == ()
    equal = torch.arange(99) % 3
    assert find_largest_class_alone(equal.roll(1), equal, CLASSES) == ()
    assert find_largest_class_alone(true[:10], true[:10], CLASSES) == ()
