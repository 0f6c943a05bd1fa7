import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.comparison.evaluation_record import (
    EvaluationRecord,
    mean_recall,
    pool_folds,
    read_evaluation,
    why_not_same_images,
)
from convscope.errors import ConvscopeError, UsageError
from tests.comparison.runs_on_disk import write_run


@pytest.fixture
def evaluated(tmp_path):
    return read_evaluation(write_run(tmp_path / "run", [3, 7]))


def changed(evaluated, **changes):
    return evaluated.model_copy(update=changes)


def test_reads_what_was_evaluated(evaluated):
    assert evaluated.accuracy == pytest.approx(0.98)
    assert evaluated.wrong == {3, 7}
    assert evaluated.classes == ("cat", "dog")


def test_an_evaluation_of_convscopes_own(digits_run):
    evaluated = read_evaluation(digits_run)
    assert evaluated.fingerprint is not None
    assert len(evaluated.wrong) == round((1 - evaluated.accuracy) * evaluated.images)


def test_a_run_that_has_not_ended(tmp_path):
    run = write_run(tmp_path / "run", [])
    run.evaluation_file.unlink()
    with pytest.raises(UsageError, match="hasn't ended yet. Go on with it: convscope resume"):
        read_evaluation(run)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"accuracy": 2}, "is damaged: accuracy: Input should be less than or equal to 1"),
        ({"accuracy": 0.5}, "the number of mistakes doesn't fit the accuracy"),
        ({"images": 0}, "is damaged: images: "),
        ({"mistakes": [{"index": 100, "path": "a", "label": "cat"}] * 2}, "each once"),
        ({"mistakes": "all"}, "is damaged: mistakes: "),
    ],
)
def test_a_damaged_evaluation(tmp_path, changes, message):
    run = write_run(tmp_path / "run", [3, 7])
    content = json.loads(run.evaluation_file.read_text())
    run.evaluation_file.write_text(json.dumps(content | changes))
    with pytest.raises(ConvscopeError, match=r"evaluation\.json") as error:
        read_evaluation(run)
    assert message in str(error.value)
    assert "Evaluate the run again: convscope evaluate" in str(error.value)
    run.evaluation_file.write_text('{"accuracy":')
    with pytest.raises(ConvscopeError, match="Invalid JSON"):
        read_evaluation(run)


@given(st.binary(max_size=40))
def test_any_bytes_are_refused_in_words(tmp_path_factory, content):
    run = write_run(tmp_path_factory.mktemp("x") / "run", [], epochs=1)
    run.evaluation_file.write_bytes(content)
    with pytest.raises(ConvscopeError, match="is damaged"):
        read_evaluation(run)


def test_the_same_images(evaluated):
    assert why_not_same_images(evaluated, evaluated) is None
    # Decoded at another size, fingerprints differ, but names and numbers agree.
    larger = changed(evaluated, image_shape=(1, 16, 16), fingerprint="bb")
    assert why_not_same_images(evaluated, larger) is None
    assert why_not_same_images(evaluated, changed(evaluated, fingerprint=None)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"split": "validation"}, "one was evaluated on test images, the other on validation"),
        ({"classes": ("cat", "emu")}, "images of different classes"),
        ({"fingerprint": "bb"}, "on different images, though on as many"),
        ({"fingerprint": None, "data": "others"}, "on different images, though on as many"),
    ],
)
def test_other_images(evaluated, changes, reason):
    assert reason in why_not_same_images(evaluated, changed(evaluated, **changes))


def test_other_counts_and_other_files(evaluated, tmp_path):
    fewer = read_evaluation(write_run(tmp_path / "fewer", [3, 7], images=50))
    assert why_not_same_images(evaluated, fewer) == (
        "one was evaluated on 100 images of pets, the other on 50 of pets"
    )
    uneven = changed(evaluated, per_class=evaluated.per_class[:1] * 2)
    assert why_not_same_images(evaluated, uneven) is None
    content = evaluated.model_dump()
    content["per_class"] = [{"count": 40}, {"count": 60}]
    assert "different numbers of images of some classes" in why_not_same_images(
        evaluated, EvaluationRecord.model_validate(content)
    )
    content = evaluated.model_dump()
    content["mistakes"][0]["path"] = "another.png"
    renamed = EvaluationRecord.model_validate(content | {"fingerprint": None})
    assert "different images" in why_not_same_images(evaluated, renamed)


def test_balanced_accuracy_is_that_of_the_evaluation(digits_run):
    evaluated = read_evaluation(digits_run)
    stored = json.loads(digits_run.evaluation_file.read_text())["balanced_accuracy"]
    assert mean_recall(evaluated) == pytest.approx(stored)


def test_folds_are_one_evaluation_of_all_their_images(tmp_path):
    folds = [
        read_evaluation(write_run(tmp_path / str(n), wrong))
        for n, wrong in enumerate([[3, 7], [], [99]])
    ]
    pooled = pool_folds(folds)
    assert pooled.images == 300
    assert pooled.accuracy == pytest.approx(0.99)
    assert pooled.wrong == {3, 7, 299}
    assert sum(each.count for each in pooled.per_class) == 300
    assert pooled.interval[0] < 0.99 < pooled.interval[1]
    assert why_not_same_images(pooled, pool_folds(folds)) is None
    assert why_not_same_images(pooled, pool_folds(folds[:2])) is not None
