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


def names(racers):
    return [racer.name for racer in racers]


def test_those_that_have_time_for_an_epoch_in_the_first_round(forecasts):
    racers, left_out = choose_racers(images(), FIELDS, 1.0)
    # 40 % of a minute: three rounds for five, two for four.
    assert names(racers) == ["lenet-bn", "resnet9", "resnet9-no-flips", "resnet9-wide"]
    assert racers[1].least_seconds == 3.0
    assert list(left_out) == ["resnet18-32px"]
    assert left_out["resnet18-32px"].startswith("an epoch takes about 20 s, more than the 1.6 s")


def test_what_is_changed_is_changed_for_all(forecasts):
    racers, _ = choose_racers(images(), {**FIELDS, "batch_size": 8, "validation": 0.3}, 1.0)
    assert {racer.recipe["batch_size"] for racer in racers} == {8}
    assert all("epochs" not in racer.recipe for racer in racers)


def test_the_same_recipe_does_not_race_twice(forecasts):
    # Digits aren't mirrored anyway.
    racers, left_out = choose_racers("digits", FIELDS, 5.0)
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
        choose_racers(images(), FIELDS, 1.0)


def test_too_little_time_for_any(forecasts):
    with pytest.raises(UsageError, match="600 ms are too little .* lenet-bn, takes about 1 s"):
        choose_racers(images(), FIELDS, 0.01)


def test_one_that_fits_alone_has_no_race(forecasts):
    racers, left_out = choose_racers(images(), FIELDS, 2.5 / 60)
    assert names(racers) == ["lenet-bn"]
    assert len(left_out) == 4
    assert describe_rounds(racers, 1) == (
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
    racers, left_out = choose_racers(images(), FIELDS, 60.0)
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
    racers, _ = choose_racers(images(), FIELDS, 1.0)
    assert describe_rounds(racers, 1.0) == (
        "lenet-bn, resnet9, resnet9-no-flips, resnet9-wide race in 2 rounds, in the first for 3 s "
        "each; after each the worse half stops, and the winner has what is left of 60 s"
    )
