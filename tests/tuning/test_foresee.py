"""What isn't begun, because it can't end in time or doesn't fit into memory."""

from types import SimpleNamespace

import numpy as np
import pytest

import convscope as cs
from convscope.tuning.foresee import Foresight, lacks_time
from convscope.tuning.trial_watch import TrialEndedError


def test_what_is_left_must_pay_for_the_new_seeds_too():
    assert lacks_time(10, 3, 12, 0, left=46.1) == ""
    assert lacks_time(10, 3, 12, 0, left=45.9) == (
        "would take 10 s, and the best recipe with 3 new seeds 36 s; 45.9 s are left"
    )
    assert "3 new seeds 60 s" in lacks_time(10, 3, 12, 20, left=69)  # another stays the best
    assert lacks_time(10, 3, 12, 20, left=71) == ""


def test_forecasts_learn_from_the_trials():
    foresight = Foresight({})
    forecast = SimpleNamespace(run=SimpleNamespace(value=12.0), final_evaluation_seconds=2.0)
    assert foresight.trial_seconds(forecast) == 10
    for seconds in (20, 30, 90):
        foresight.learn(forecast, seconds)
    assert foresight.trial_seconds(forecast) == 30
    assert foresight.run_seconds(forecast) == 36


def test_what_does_not_fit_into_memory_is_not_begun():
    pixels = np.zeros((40, 1, 8, 8), dtype=np.uint8)
    images = cs.ImageSet(pixels, np.arange(40) % 2, ("a", "b"))
    splits = {"train": images, "validation": images, "test": images}
    recipe = cs.Recipe(network="stack", epochs=1, network_arguments={"width": 2**19, "depth": 2})
    with pytest.raises(TrialEndedError, match=r"would need .* TB of memory, and .* are free"):
        Foresight(splits).forecast(recipe)
