from types import SimpleNamespace

import pytest

from convscope.runs.recipe import Recipe
from convscope.training.budget import first_plan, plan_steps, plan_steps_again


def progress(**values):
    """50 steps of 0.1 s into an epoch of 100 steps, of which an evaluation takes 2 s."""
    usual = {
        "step": 150, "step_in_epoch": 50, "total_steps": 500, "seconds": 17.0,
        "training_seconds": 5.0, "evaluation_seconds": 2.0,
    }  # fmt: skip
    return SimpleNamespace(**usual | values)


def test_epochs_alone_are_the_plan():
    recipe = Recipe(epochs=3)
    assert first_plan(recipe, 100) == 300
    assert plan_steps(recipe, progress(), 100) == 300


def test_minutes_alone_begin_with_one_epoch():
    assert first_plan(Recipe(epochs=None, minutes=5), 100) == 100


@pytest.mark.parametrize(
    ("seconds_left", "steps"),
    [
        (2 + 12, 150 + 100),  # a last evaluation, and an epoch: 100 × 0.1 s and its evaluation
        (2 + 6, 150 + 50),
        (2.001, 151),  # at least one more
        (2, 150),  # only the last evaluation fits
        (-5, 150),
    ],
)
def test_the_time_left_is_divided_by_what_an_epoch_takes(seconds_left, steps):
    recipe = Recipe(epochs=None, minutes=(17 + seconds_left) / 60)
    assert plan_steps(recipe, progress(), 100) == pytest.approx(steps, abs=1)


def test_epochs_are_the_most_that_minutes_may_bring():
    recipe = Recipe(epochs=2, minutes=100)
    assert plan_steps(recipe, progress(), 100) == 200


@pytest.mark.parametrize(("planned", "steps"), [(500, 500), (100, 151)])
def test_the_first_steps_of_an_epoch_change_nothing(planned, steps):
    recipe = Recipe(epochs=None, minutes=100)
    assert plan_steps(recipe, progress(step_in_epoch=19, total_steps=planned), 100) == steps


def test_a_run_that_had_ended_and_is_given_more_time_is_planned_by_its_speed():
    ended = progress(step=150, total_steps=150, step_in_epoch=0, seconds=15.0)
    more = Recipe(epochs=None, minutes=45 / 60)
    assert plan_steps_again(more, ended, 100) == 150 + 300
    assert plan_steps_again(Recipe(epochs=4, minutes=45 / 60), ended, 100) == 400
    assert plan_steps_again(Recipe(epochs=None, minutes=15 / 60), ended, 100) == 150
    assert plan_steps_again(Recipe(epochs=7), ended, 100) == 700
    assert plan_steps_again(more, progress(), 100) == plan_steps(more, progress(), 100)
