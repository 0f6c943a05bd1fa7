import pytest

from convscope.runs.curves import curves_figure, kept_epoch
from convscope.runs.recipe import Recipe
from convscope.runs.run import new_run
from tests.conftest import slow
from tests.evaluation.made_evaluations import pixels_of


@pytest.fixture
def make_run(tmp_path):
    def make(epochs, parts=("train", "validation", "test"), data="digits"):
        run = new_run(tmp_path / "run", Recipe(network="lenet", data=data, epochs=200))
        for epoch in range(1, epochs + 1):
            values = {f"{part}_loss": 100 / epoch for part in parts}
            values |= {f"{part}_accuracy": 1 - 1 / (epoch + 1) for part in parts}
            run.log("epoch", epoch=epoch, step=10 * epoch, **values)
        return run

    return make


@pytest.mark.parametrize("epochs", [0, 1, 10, 200])
@pytest.mark.parametrize("parts", [("train", "validation"), *slow(("train", "test"))])
def test_every_length_of_run(make_run, tmp_path, epochs, parts):
    curves_figure(make_run(epochs, parts), tmp_path / "c.png")
    pixels = pixels_of(tmp_path / "c.png")
    assert pixels.shape == (690, 1650, 3)
    blue = ((pixels[..., 2] - pixels[..., 0]) > 150).sum()
    assert (blue > 20) == ("validation" in parts and epochs > 0)


@pytest.mark.parametrize("data", ["", "/data/$5 and 猫/", "a" * 300])
def test_data_of_any_name(make_run, tmp_path, data):
    curves_figure(make_run(1, data=data), tmp_path / "c.png")
    pixels_of(tmp_path / "c.png")


def test_values_that_are_no_numbers_are_left_out(make_run, tmp_path):
    run = make_run(3)
    with run.metrics_file.open("a") as file:  # as another program might write them
        file.write('{"kind": "epoch", "epoch": 4, "train_loss": NaN, "train_accuracy": null}\n')
        file.write('{"kind": "epoch", "epoch": 5, "train_loss": Infinity, "test_loss": 0.0}\n')
    curves_figure(run, tmp_path / "c.png")
    pixels_of(tmp_path / "c.png")


def test_kept_is_the_first_of_the_best_by_validation():
    lines = [{"epoch": e, "validation_accuracy": a} for e, a in enumerate([0.5, 0.9, 0.9, 0.8], 1)]
    assert kept_epoch(lines)["epoch"] == 2


def test_among_equals_the_least_loss_is_kept():
    lines = [
        {"epoch": 1, "validation_accuracy": 0.9, "validation_loss": 0.5},
        {"epoch": 2, "validation_accuracy": 0.9, "validation_loss": 0.3},
        {"epoch": 3, "validation_accuracy": 0.9, "validation_loss": 0.4},
    ]
    assert kept_epoch(lines)["epoch"] == 2


def test_kept_is_the_last_without_validation():
    lines = [{"epoch": e, "test_accuracy": a} for e, a in enumerate([0.5, 0.9, 0.8], 1)]
    assert kept_epoch(lines)["epoch"] == 3
