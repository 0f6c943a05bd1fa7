"""After training: what is fitted, to which images, and that the file is otherwise the same."""

import json
import shutil

import numpy as np
import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file

import convscope as cs
from convscope.data.image_set import ImageSet
from convscope.data.load import load_splits
from convscope.errors import UsageError
from convscope.evaluation.calibrate import calibrate
from convscope.evaluation.calibration import fit_temperature
from convscope.evaluation.evaluate import evaluate
from convscope.evaluation.predict import predict
from convscope.evaluation.unknown import is_unknown
from convscope.runs.model_file import read_card
from convscope.runs.run import Run


@pytest.fixture
def run(digits_run, tmp_path):
    shutil.copytree(digits_run.folder, tmp_path / "r")
    return Run(tmp_path / "r")


def test_training_fits_temperature_and_rejection_to_validation_images(digits_run):
    card = read_card(digits_run.model_file)
    logits = evaluate(digits_run, split="validation", out_of_distribution=()).logits
    assert card.temperature == pytest.approx(fit_temperature(logits.values, logits.labels))
    assert card.temperature != 1
    assert card.rejection.score == "gaussian_energy"
    unknown = is_unknown(logits.values, card)
    assert abs(int(unknown.sum()) - 0.05 * len(unknown)) <= 1
    assert card.rejection.rate == pytest.approx(float(unknown.double().mean()), abs=1e-9)


@pytest.mark.slow
def test_a_digits_run_says_unknown_to_noise_mostly_and_to_digits_rarely(good_digits_run):
    evaluation = evaluate(good_digits_run)
    assert evaluation.accuracy > 0.9
    (noise,) = evaluation.out_of_distribution  # digits aren't out-of-distribution to it
    assert (noise.data, noise.images, noise.score) == ("noise", 1000, "gaussian_energy")
    assert noise.false_acceptance < 0.2
    assert noise.auroc > 0.9
    assert evaluation.rejection.unknown < 0.15
    assert evaluation.rejection.accuracy > evaluation.accuracy


def test_the_evaluation_has_calibration_rejection_and_out_of_distribution_images(digits_run):
    kept = json.loads(digits_run.evaluation_file.read_text())
    assert kept["calibration"].keys() == {"ece_before", "ece_after", "temperature"}
    assert kept["rejection"].keys() == {"unknown", "accuracy", "rate", "score"}
    (noise,) = kept["out_of_distribution"]
    assert noise.keys() == {"data", "images", "auroc", "false_acceptance", "score"}
    again = evaluate(digits_run, batch_size=7)
    assert kept["accuracy"] == again.accuracy  # saying unknown alters no accuracy
    assert kept["calibration"]["ece_after"] == pytest.approx(again.calibration.ece_after, abs=1e-3)


@pytest.mark.slow
def test_prediction_says_unknown_to_noise(good_digits_run, tmp_path):
    from PIL import Image

    digit = load_splits("digits", size=28)["test"].images[0, 0]
    noise = np.random.default_rng(3).integers(0, 256, (28, 28)).astype(np.uint8)
    for name, pixels in (("digit", digit), ("noise", noise)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    found = predict(good_digits_run, [tmp_path / "digit.png", tmp_path / "noise.png"])
    assert [each.unknown for each in found.predictions] == [False, True]
    assert [each["unknown"] for each in found.as_dict()["predictions"]] == [False, True]
    assert found.predictions[1].top[0].label in found.as_dict()["predictions"][1]["label"]


def test_another_rate_moves_the_threshold_and_nothing_else(run):
    before, weights = read_card(run.model_file), load_file(run.model_file)
    card = calibrate(run, 0.2).card
    assert card == read_card(run.model_file)
    assert card.rejection.threshold > before.rejection.threshold
    assert card.rejection.rate == pytest.approx(0.2, abs=1 / 140)
    assert card.model_copy(update={"rejection": before.rejection}) == before
    after = load_file(run.model_file)
    assert weights.keys() == after.keys()
    assert all(torch.equal(weights[name], after[name]) for name in weights)


def test_rate_0_never_says_unknown(run):
    assert calibrate(run, 0).card.rejection is None
    evaluation = evaluate(run)
    assert (evaluation.rejection, evaluation.out_of_distribution) == (None, ())
    (noise,) = evaluate(run, out_of_distribution=["noise"]).out_of_distribution
    assert noise.false_acceptance == 1
    assert noise.score == "max_probability"


def test_other_metadata_stays(run):
    card = read_card(run.model_file)
    save_file(
        load_file(run.model_file),
        run.model_file,
        {"convscope": card.model_dump_json(), "author": "me"},
    )
    calibrate(run, 0.1)
    with safetensors.safe_open(run.model_file, framework="pt") as file:
        assert file.metadata()["author"] == "me"


def test_a_rate_that_is_no_share_is_refused_before_anything_is_read():
    with pytest.raises(UsageError) as caught:
        calibrate("nowhere", 1.5)
    assert str(caught.value) == "unknown_rate must be a share, 0 up to below 1; given 1.5."


def data(classes, per_class=6):
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), per_class)
    images = random.integers(0, 256, (len(labels), 1, 28, 28)).astype(np.uint8)
    return ImageSet(images, labels, [f"class {k}" for k in range(classes)])


def trained(tmp_path, images, **changes):
    recipe = cs.Recipe(epochs=1, batch_size=32, precision="float32", threads=1, **changes)
    return cs.train("lenet-bn", {"train": images}, recipe, out=tmp_path / "run", quiet=True)


@pytest.mark.slow
def test_without_validation_nothing_is_fitted_and_a_note_says_how_to_get_it(tmp_path):
    images = data(3)
    run = trained(tmp_path, images, validation=0)
    card = read_card(run.model_file)
    assert (card.temperature, card.rejection) == (1.0, None)
    kept = json.loads(run.evaluation_file.read_text())
    assert kept["notes"] == [
        "No validation images were held out, so probabilities aren't calibrated and the model "
        "never says 'unknown'. Train with --set validation=0.05 to have both."
    ]
    with pytest.raises(UsageError) as caught:
        calibrate(run, 0.05, {"train": images})
    assert str(caught.value) == (
        f"Run {str(run.folder)!r} held out no validation images, so there are none to choose a "
        "threshold on. Train again with --set validation=0.05."
    )


@pytest.mark.slow
def test_with_many_classes_the_score_is_the_energy(tmp_path):
    run = trained(tmp_path, data(21), validation=0.2)
    assert read_card(run.model_file).rejection.score == "energy"


@pytest.mark.slow
def test_unknown_rate_0_in_the_recipe_calibrates_alone(tmp_path):
    run = trained(tmp_path, data(3, 20), validation=0.2, unknown_rate=0)
    card = read_card(run.model_file)
    assert card.rejection is None
    assert card.temperature != 1
    assert run.recipe.unknown_rate == 0
    assert json.loads(run.evaluation_file.read_text())["notes"] == []


def test_a_model_file_of_before_loads_and_a_note_says_what_to_do(make_run, images):
    run = make_run(images)
    card = json.loads(read_card(run.model_file).model_dump_json())
    del card["temperature"], card["rejection"]
    save_file(load_file(run.model_file), run.model_file, {"convscope": json.dumps(card)})
    assert not any(each.unknown for each in predict(run, images).predictions)
    advice = f"convscope evaluate {run.folder} --unknown-rate 0.05"
    assert sum(advice in note for note in evaluate(run).notes) == 1
    assert calibrate(run, 0.05).card.rejection is not None
    assert not any(advice in note for note in evaluate(run).notes)
