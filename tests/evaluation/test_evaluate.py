"""Evaluating a run, from its folder to figures."""

import json

import numpy as np
import pytest
import torch

from convscope.data.batches import Batches
from convscope.data.image_set import ImageSet
from convscope.data.load import load_splits
from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.evaluate import evaluate
from convscope.training.job import prepare


def test_a_trained_run_is_evaluated_on_the_images_kept_from_training(digits_run):
    evaluation = evaluate(digits_run)
    recipe = digits_run.recipe
    job = prepare(recipe.network, recipe.data, recipe)
    assert evaluation.split == "test"
    assert evaluation.images.paths == job.splits["test"].paths
    assert not set(evaluation.images.paths) & set(job.splits["train"].paths)
    assert evaluation.image_count == len(job.splits["test"])
    assert evaluation.per_class[3].count == job.splits["test"].counts()["3"]


def test_figures_agree_with_one_plain_pass(digits_run):
    evaluation = evaluate(digits_run)
    network, card = evaluation.model.network, evaluation.model.card
    batches = Batches(
        evaluation.images, 10_000, normalization=evaluation.model.normalization, train=False,
        size=card.size,
    )  # fmt: skip
    ((images, labels),) = batches.epoch(0)
    logits = network(images)
    wrong = (logits.argmax(1) != labels).nonzero().flatten().tolist()
    assert evaluation.accuracy == pytest.approx(1 - len(wrong) / len(labels))
    assert evaluation.loss == pytest.approx(
        torch.nn.functional.cross_entropy(logits, labels).item(), rel=1e-4
    )
    assert sorted(mistake.index for mistake in evaluation.mistakes) == wrong
    assert np.trace(evaluation.confusion) == len(labels) - len(wrong)
    low, high = evaluation.interval
    assert low < evaluation.accuracy < high


def test_json_is_what_the_run_keeps(digits_run):
    again = evaluate(digits_run, batch_size=7).as_dict()
    kept = json.loads(digits_run.evaluation_file.read_text())
    assert kept["accuracy"] == again["accuracy"]
    assert kept["confusion"] == again["confusion"]
    assert kept["loss"] == pytest.approx(again["loss"], rel=1e-4)
    assert [m["path"] for m in kept["mistakes"]] == [m["path"] for m in again["mistakes"]]
    assert kept["per_class"][0].keys() == {"class", "precision", "recall", "f1", "count"}


@pytest.mark.parametrize("split", ["train", "validation"])
def test_other_splits_are_those_of_training(make_run, images, split):
    run = make_run(images, seed=5)
    splits = load_splits(images, size=28, validation=0.2)  # the same for every seed
    evaluation = evaluate(run, split=split)
    assert evaluation.split == split
    assert evaluation.images.paths == splits[split].paths


def test_other_data_of_the_same_classes(make_run, images):
    evaluation = evaluate(make_run("digits"), images)
    assert evaluation.data == "images"
    assert evaluation.image_count == 30
    assert evaluation.split == "all"
    assert evaluation.notes[0] == "images isn't divided into splits, so all of it is evaluated."


def test_an_image_set_is_evaluated_whole(make_run, images):
    whole = load_splits(images, size=28)["train"]
    assert evaluate(make_run(images), whole).image_count == len(whole)


def test_validation_images_stand_in_for_missing_test_images(make_run):
    few = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 1, 28, 28)
    names = ("cat", "dog", "emu")
    data = {"train": ImageSet(few, [0, 1, 2], names), "validation": ImageSet(few, [0, 1, 2], names)}
    evaluation = evaluate(make_run(""), data)
    assert evaluation.split == "validation"
    assert "There are no test images" in evaluation.notes[0]


def test_a_grey_model_sees_colour_images_as_grey(make_run, images):
    run = make_run(images)
    grey = load_splits(images, size=28)["train"]
    colour = ImageSet(grey.images.repeat(3, axis=1), grey.labels, grey.classes, paths=grey.paths)
    assert evaluate(run, colour).accuracy == evaluate(run, grey).accuracy
    assert evaluate(run, colour).loss == pytest.approx(evaluate(run, grey).loss)


def test_arrays_must_be_given_again(make_run):
    run = make_run("")
    with pytest.raises(UsageError) as caught:
        evaluate(run)
    assert str(caught.value) == (
        f"Run {str(run.folder)!r} was trained on arrays, which it doesn't keep. Give the images "
        "to evaluate it on as data."
    )


def test_unknown_split(make_run, images):
    with pytest.raises(UsageError, match="There is no split 'tests' of .*; there are: train, val"):
        evaluate(make_run(images), split="tests")


def test_logits_that_are_no_numbers(make_run, images):
    with pytest.warns(UserWarning, match="NaN"), pytest.raises(ConvscopeError) as caught:
        evaluate(make_run(images, spoil=True))
    assert str(caught.value) == (
        "For 6 of 6 images the network's logits are not numbers (NaN or infinite): its training "
        "diverged. Train again with a lower learning rate."
    )
    assert caught.value.exit_code == 1


def test_batch_size_below_1(make_run, images):
    with pytest.raises(UsageError, match="batch_size must be at least 1; given 0"):
        evaluate(make_run(images), batch_size=0)
