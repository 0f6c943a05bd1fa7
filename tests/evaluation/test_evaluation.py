import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix
from sklearn.metrics import precision_recall_fscore_support

from convscope.data.image_set import ImageSet
from convscope.evaluation.evaluation import class_scores, confusion_matrix, find_mistakes
from convscope.evaluation.logits import Logits
from convscope.runs.model_file import ModelCard

predictions = st.integers(2, 6).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        st.lists(st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)), min_size=1),
    )
)


@given(predictions)
def test_scores_are_scikit_learns(classes_and_pairs):
    classes, pairs = classes_and_pairs
    labels, predicted = np.array(pairs).T
    names = [f"class {k}" for k in range(classes)]
    confusion = confusion_matrix(labels, predicted, classes)
    expected = sklearn_confusion_matrix(labels, predicted, labels=range(classes))
    assert confusion.tolist() == expected.tolist()
    scores = class_scores(confusion, names)
    assert [score.name for score in scores] == names
    columns = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=np.nan
    )
    for attribute, column in zip(("precision", "recall", "f1", "count"), columns, strict=True):
        found = [getattr(score, attribute) for score in scores]
        numbers = [np.nan if value is None else value for value in found]
        np.testing.assert_allclose(numbers, column, rtol=1e-12)


CARD = ModelCard(
    network="", classes=("cat", "dog", "emu"), channels=1, size=2, mean=(0.0,), std=(1.0,)
)


def logits_of(probabilities, labels):
    logits = torch.tensor(probabilities).log()
    right = (logits.argmax(1) == torch.tensor(labels)).float().mean().item()
    return Logits(logits, torch.tensor(labels), loss=0.0, accuracy=right)


def test_mistakes_are_the_surest_first_with_their_paths():
    images = ImageSet(
        np.zeros((4, 1, 2, 2), np.uint8), [0, 0, 1, 2], ["cat", "dog", "emu"],
        paths=["a.png", "b.png", "c.png", "d.png"],
    )  # fmt: skip
    found = logits_of(
        [[0.3, 0.6, 0.1], [0.8, 0.1, 0.1], [0.9, 0.05, 0.05], [0.1, 0.2, 0.7]], [0, 0, 1, 2]
    )
    first, second = find_mistakes(found, images, CARD)
    assert (first.path, first.label, first.predicted, first.index) == ("c.png", "dog", "cat", 2)
    assert first.probability == pytest.approx(0.9)
    assert (second.path, second.label, second.predicted) == ("a.png", "cat", "dog")


def test_no_mistakes():
    images = ImageSet(np.zeros((1, 1, 2, 2), np.uint8), [1], ["cat", "dog"])
    assert find_mistakes(logits_of([[0.1, 0.9]], [1]), images, CARD) == ()
