"""How many steps a run takes when it is given minutes instead of epochs."""

from __future__ import annotations

from convscope.runs.recipe import Recipe
from convscope.training.state import Progress

FIRST_ESTIMATE = 20  # steps; the very first ones are slower


def first_plan(recipe: Recipe, steps_per_epoch: int) -> int:
    """Steps of the run as far as can be said before any was taken."""
    if recipe.epochs is None:
        return steps_per_epoch  # until speed is known; plan_steps soon knows better
    return recipe.epochs * steps_per_epoch


def plan_steps(recipe: Recipe, progress: Progress, steps_per_epoch: int) -> int:
    """Steps of the whole run, estimated anew while it is under way.

    With `minutes`, the time that is left, less the evaluations in it, is divided by the time that
    steps of this epoch take; the schedule of the learning rate follows. Without, the plan stands.

    Args:
        recipe: With `minutes`, `epochs` is the most that may be done.
        progress: After a step, or after the evaluation of an epoch.
        steps_per_epoch: Batches of the training images.
    """
    if recipe.minutes is None:
        return first_plan(recipe, steps_per_epoch)
    left = 60 * recipe.minutes - progress.seconds
    if left <= progress.evaluation_seconds:
        return progress.step
    if progress.step_in_epoch < min(FIRST_ESTIMATE, steps_per_epoch):
        steps = max(progress.total_steps, progress.step + 1)
    else:
        step_seconds = progress.training_seconds / progress.step_in_epoch
        epoch_seconds = step_seconds * steps_per_epoch + progress.evaluation_seconds
        ending = left - progress.evaluation_seconds
        steps = progress.step + max(1, int(ending / epoch_seconds * steps_per_epoch))
    return steps if recipe.epochs is None else min(steps, recipe.epochs * steps_per_epoch)


def plan_steps_again(recipe: Recipe, progress: Progress, steps_per_epoch: int) -> int:
    """Steps of the whole run as it goes on: it may have been given more epochs or minutes.

    A run that had ended is given a plan at once, by the speed that it had: without one the schedule
    of the learning rate would stand at its end until the speed is known anew.

    Args:
        recipe: As it is now.
        progress: As it was stopped.
        steps_per_epoch: Batches of the training images.
    """
    steps = plan_steps(recipe, progress, steps_per_epoch)
    had_ended = progress.step and progress.step >= progress.total_steps
    if recipe.minutes is None or not had_ended or steps == progress.step:
        return steps
    left = 60 * recipe.minutes - progress.seconds
    more = max(1, int(left * progress.step / progress.seconds))  # evaluations are in it
    steps = progress.step + more
    return steps if recipe.epochs is None else min(steps, recipe.epochs * steps_per_epoch)
