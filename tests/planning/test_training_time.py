"""The length of training is that of the loop, whose rules are followed here with made-up times."""

import pytest

from convscope.planning.training_time import EpochTime, Stopped, time_for_steps, time_within
from convscope.runs.recipe import Recipe
from convscope.training.budget import first_plan, plan_steps
from convscope.training.loop import is_over
from convscope.training.state import Progress

EPOCHS = {
    "evaluation short": EpochTime(0.1, 100, 1.0, 0.05),
    "evaluation long": EpochTime(0.1, 50, 8.0, 0.5),
    "few steps": EpochTime(3.0, 4, 2.0, 0.1),
    "one step": EpochTime(2.0, 1, 0.5, 0.0),
    "many steps": EpochTime(0.05, 3000, 12.0, 1.0),
}
SECONDS = (0.53, 7.03, 9.93, 10.53, 11.23, 12.01, 12.08, 42.01, 60.02, 100.28, 333.3, 1001.3)


def train(recipe, epoch, progress):
    """What `training.loop.fit` does with the clock: seconds it takes and steps."""
    begun, step = progress.seconds, progress.step
    while not is_over(recipe, progress):
        while progress.step_in_epoch < epoch.steps and progress.step < progress.total_steps:
            progress.count(loss=1.0, correct=1, images=1, seconds=epoch.step)
            progress.total_steps = plan_steps(recipe, progress, epoch.steps)
        progress.evaluation_seconds = epoch.evaluation
        progress.end_epoch()
        progress.seconds += epoch.evaluation
        progress.total_steps = plan_steps(recipe, progress, epoch.steps)
        progress.seconds += epoch.checkpoint
    return progress.seconds - begun, progress.step - step


def stopped(progress):
    return Stopped(
        progress.step,
        progress.step_in_epoch,
        progress.total_steps,
        progress.seconds,
        progress.evaluation_seconds,
    )


def forecast(recipe, epoch, begins):
    most = None if recipe.epochs is None else recipe.epochs * epoch.steps - begins.step
    if recipe.minutes is None:
        return time_for_steps(most, epoch, begins)
    return time_within(recipe.minutes, epoch, begins, most)


def assert_same(found, seconds, steps, epoch):
    # The sum of thousands of times is rounded: a step more or less may begin.
    assert found.steps == pytest.approx(steps, abs=1)
    assert found.seconds == pytest.approx(seconds, abs=1.01 * epoch.step)


@pytest.mark.parametrize("epochs", [None, 1, 3])
@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("name", EPOCHS)
def test_minutes_of_a_new_run(name, seconds, epochs):
    epoch, recipe = EPOCHS[name], Recipe(epochs=epochs, minutes=seconds / 60)
    progress = Progress(total_steps=first_plan(recipe, epoch.steps))
    found = forecast(recipe, epoch, stopped(progress))
    took, steps = train(recipe, epoch, progress)
    assert_same(found, took, steps, epoch)
    assert found.given <= min(seconds, found.seconds)


@pytest.mark.parametrize("before", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("name", EPOCHS)
def test_minutes_of_a_run_that_goes_on(name, seconds, before):
    epoch, recipe = EPOCHS[name], Recipe(epochs=None, minutes=seconds / 60)
    progress = Progress(total_steps=first_plan(recipe, epoch.steps))
    while progress.seconds < before * seconds and not is_over(recipe, progress):
        if progress.step_in_epoch < epoch.steps and progress.step < progress.total_steps:
            progress.count(loss=1.0, correct=1, images=1, seconds=epoch.step)
        else:
            progress.evaluation_seconds = epoch.evaluation
            progress.end_epoch()
            progress.seconds += epoch.evaluation
        progress.total_steps = plan_steps(recipe, progress, epoch.steps)
    if is_over(recipe, progress):
        return
    found = forecast(recipe, epoch, stopped(progress))
    took, steps = train(recipe, epoch, progress)
    assert_same(found, took, steps, epoch)


@pytest.mark.parametrize("taken", [0, 1, 99, 100, 130])
def test_epochs(taken):
    epoch, recipe = EpochTime(0.1, 100, 1.0, 0.05), Recipe(epochs=3)
    progress = Progress(total_steps=300, step=taken, step_in_epoch=taken - 100 * (taken > 100))
    progress.epoch, progress.seen, progress.training_seconds = int(taken > 100), 1, 1.0
    found = forecast(recipe, epoch, stopped(progress))
    took, steps = train(recipe, epoch, progress)
    assert (found.steps, found.given) == (steps, 0)
    assert found.seconds == pytest.approx(took)


def test_a_short_time_ends_with_an_evaluation_that_it_has_no_room_for():
    epoch = EpochTime(0.1, 1000, 8.0, 0.5)
    found = time_within(0.5, epoch, Stopped(), None)
    assert found.steps == 300
    assert found.seconds == pytest.approx(30 + 8 + 0.5)
    assert found.given == pytest.approx(30)


def test_no_epoch_begins_when_the_evaluation_has_taken_the_rest_of_the_time():
    recipe = Recipe(epochs=None, minutes=12 / 60)
    epoch = EpochTime(0.1, 100, 5.0, 0.0)
    progress = Progress(total_steps=first_plan(recipe, epoch.steps))
    assert train(recipe, epoch, progress) == (pytest.approx(15.0), 100)
