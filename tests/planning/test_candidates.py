"""Which networks are let into a race: those that fit time and memory.

Tests planning/candidates.py.
"""

from types import SimpleNamespace

import numpy as np
import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.networks.published import PUBLISHED
from convscope.planning import candidates
from convscope.planning.candidates import (
    Candidate,
    choose_racers,
    describe_rounds,
    list_candidates,
    own_size,
    recipe_of,
)

SECONDS = {"lenet-bn": 1.0, "resnet9": 3.0, "resnet18-32px": 20.0}
FIELDS = {"minutes": 1.0, "epochs": None}


def images(count=40):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (count, 1, 28, 28), dtype=np.uint8)
    return cs.ImageSet(pixels, np.arange(count) % 2, ["a", "b"])


@pytest.fixture
def forecasts(monkeypatch):
    """What the plan says of each network, in place of measuring it."""
    known = dict(SECONDS)

    def forecast(candidate, data, recipe):
        return SimpleNamespace(
            run=SimpleNamespace(value=known[candidate.network] + 5),
            start_seconds=2.0,
            final_evaluation_seconds=3.0,
            memory=SimpleNamespace(value=6e8),
            available_bytes=10**9,
        )

    monkeypatch.setattr(candidates, "_forecast", forecast)
    return known


def minutes(number):
    """As many are left, whenever it is asked."""
    return lambda: 60 * number


def names(racers):
    return [racer.name for racer in racers]


def test_those_that_have_time_for_some_epochs_in_the_first_round(forecasts):
    racers, left_out = choose_racers(images(), FIELDS, minutes(4.0))
    # 30 % of four minutes for two: 36 s each; for three, 12 s in each of two rounds.
    assert names(racers) == ["resnet9", "resnet9-no-flips", "resnet9-wide"]
    assert racers[0].least_seconds == 3.0
    assert [racer.is_usual for racer in racers] == [True, False, False]
    assert left_out["resnet18-32px"].startswith("4 epochs take about 80 s, more than the 9 s")
    assert left_out["lenet-bn"] == "resnet9 has time enough, and comes farther"


def test_with_little_time_the_usual_one_has_all_of_it(forecasts):
    racers, left_out = choose_racers(images(), FIELDS, minutes(0.5))
    assert names(racers) == ["resnet9"]
    assert left_out["resnet9-no-flips"].startswith("4 epochs take about 12 s, more than the 4.5 s")


def test_where_the_usual_one_has_hardly_any_epochs_a_quick_one_is_trained(forecasts):
    racers, left_out = choose_racers(images(), FIELDS, minutes(8 / 60))
    assert names(racers) == ["lenet-bn"]
    assert left_out["resnet9"].startswith("4 epochs take about 12 s")


def test_a_folder_races_at_the_size_of_its_own_small_images():
    small = images()
    assert own_size(small) == 32  # arrays, or a file of arrays, keep their own anyway
    for sizes, expected in [
        ({(28, 28): 9, (64, 64): 2}, 28),
        ({(8, 8): 3}, 16),
        ({(20, 24): 3}, 24),
        ({(300, 200): 3}, 32),
    ]:
        small.original_sizes = sizes
        assert own_size(small) == expected


def test_the_changes_at_random_fit_the_size_and_what_was_asked_for(tmp_path):
    (native,) = [each for each in candidates.NATIVE if each.name == "resnet9-no-flips"]
    recipe = recipe_of(native, tmp_path, {}, 16)
    assert (recipe.size, recipe.augmentation.crop, recipe.augmentation.flip) == (16, 2, False)
    asked = {"augmentation": {"crop": 1, "cutout": 3}, "size": 48}
    recipe = recipe_of(native, tmp_path, asked, 16)
    assert (recipe.size, recipe.augmentation.crop, recipe.augmentation.cutout) == (48, 1, 3)
    assert not recipe.augmentation.flip


def test_what_differs_in_changes_at_random_alone_is_forecast_once(forecasts, monkeypatch):
    asked, plain = [], candidates._forecast

    def forecast(candidate, data, recipe):
        asked.append(candidate.name)
        return plain(candidate, data, recipe)

    monkeypatch.setattr(candidates, "_forecast", forecast)
    choose_racers(images(), FIELDS, minutes(9.0))
    assert asked == ["resnet9", "resnet9-wide", "resnet18-32px", "lenet-bn"]


def test_what_is_changed_is_changed_for_all(forecasts):
    racers, _ = choose_racers(
        images(), {**FIELDS, "batch_size": 8, "validation": 0.3}, minutes(1.0)
    )
    assert {racer.recipe["batch_size"] for racer in racers} == {8}
    assert all("epochs" not in racer.recipe for racer in racers)


def test_the_same_recipe_does_not_race_twice(forecasts):
    # Digits aren't mirrored anyway.
    racers, left_out = choose_racers("digits", FIELDS, minutes(5.0))
    assert "resnet9-no-flips" not in [*names(racers), *left_out]


def test_too_much_memory(forecasts, monkeypatch):
    plain = candidates._forecast
    monkeypatch.setattr(
        candidates,
        "_forecast",
        lambda each, data, recipe: SimpleNamespace(
            **{**vars(plain(each, data, recipe)), "available_bytes": 10**8}
        ),
    )
    with pytest.raises(UsageError, match=r"no network can be trained .* and 100 MB are free"):
        choose_racers(images(), FIELDS, minutes(1.0))


def test_too_little_time_for_any(forecasts):
    with pytest.raises(
        UsageError, match="600 ms are left after .* too little .* lenet-bn, takes about 1 s"
    ):
        choose_racers(images(), FIELDS, minutes(0.01))
    with pytest.raises(UsageError, match="auto: 0 s are left"):
        choose_racers(images(), FIELDS, minutes(-0.1))


def test_one_that_fits_alone_has_no_race(forecasts):
    racers, left_out = choose_racers(images(), FIELDS, minutes(2.5 / 60))
    assert names(racers) == ["lenet-bn"]
    assert len(left_out) == 4
    assert describe_rounds(racers, 60) == (
        "Only lenet-bn fits into the time and memory, so there is no race"
    )


def test_a_network_that_cannot_be_forecast_is_left_out(monkeypatch):
    plain = candidates._forecast

    def forecast(candidate, data, recipe):
        if candidate.name == "vgg":
            raise ConvscopeError("it can't be followed")
        return plain(candidate, data, recipe)

    monkeypatch.setattr(candidates, "_forecast", forecast)
    monkeypatch.setattr(candidates, "NATIVE", (Candidate("mlp", "mlp"), Candidate("vgg", "vgg11")))
    racers, left_out = choose_racers(images(), FIELDS, minutes(60.0))
    assert names(racers) == ["mlp"]  # really forecast
    assert racers[0].least_seconds > 0
    assert racers[0].memory_bytes > 0
    assert left_out == {"vgg": "it can't be followed"}


def test_published_weights_race_where_they_lie_here(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    assert names(list_candidates()) == names(candidates.NATIVE)
    (tmp_path / "weights").mkdir()
    for network in ("vgg11", "resnet50", "resnet18"):
        (tmp_path / "weights" / PUBLISHED[network].file).touch()
    added = list_candidates()[len(candidates.NATIVE) :]
    assert names(added) == ["resnet18-published", "vgg11-published"]
    assert {each.style for each in added} == {"transfer"}


def test_the_rounds_in_a_sentence(forecasts):
    racers, _ = choose_racers(images(), FIELDS, minutes(4.0))
    assert describe_rounds(racers, 240) == (
        "resnet9, resnet9-no-flips, resnet9-wide race in 2 rounds, in the first for 12 s each; "
        "after each the worse half stops, and the winner has what is left of 4 min"
    )
