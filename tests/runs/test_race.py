"""The record of a race: who stops when, how the time is divided, and how it is read and shown.

Tests runs/race.py, runs/race_figure.py, evaluation/page/sections/race.py.
"""

import json
import math

import pytest

from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.page.sections.race import race as race_section
from convscope.runs.race import (
    CurvePoint,
    Race,
    Racer,
    check_no_race,
    count_rounds,
    is_undecided,
    read_race,
    round_seconds,
)
from convscope.runs.run import Run

ACCURACIES = {"a": 0.5, "b": 0.9, "c": 0.7, "d": 0.6, "e": 0.2}


def racer(name, accuracy=None, loss=1.0, **fields):
    curve = () if accuracy is None else (CurvePoint(seconds=3, accuracy=accuracy, loss=loss),)
    return Racer(
        name=name, recipe={"epochs": 1}, least_seconds=1, memory_bytes=10**8, curve=curve, **fields
    )


def race(**fields):
    racers = tuple(racer(name, accuracy) for name, accuracy in ACCURACIES.items())
    return Race(**{"minutes": 10, "racers": racers, **fields})


@pytest.mark.parametrize(("racers", "rounds"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_there_are_as_many_rounds_as_halvings(racers, rounds):
    assert count_rounds(racers) == rounds


@pytest.mark.parametrize("racers", [2, 3, 4, 5, 8])
def test_the_rounds_take_their_share_of_the_time(racers):
    left, spent = racers, 0.0
    for number in range(1, count_rounds(racers) + 1):
        spent += left * round_seconds(600, racers, number)
        left = math.ceil(left / 2)
    assert spent == pytest.approx(0.3 * 600)


def test_the_worse_half_stops_after_each_round():
    after = race().end_round()
    assert {each.name for each in after.running} == {"b", "c", "d"}
    after = after.end_round()
    assert {each.name for each in after.running} == {"b", "c"}
    after = after.end_round()
    assert [each.name for each in after.running] == ["b"]
    assert {r.name: r.stopped_after for r in after.racers} == {
        "a": 1, "b": None, "c": 3, "d": 2, "e": 1,
    }  # fmt: skip
    assert [each.name for each in after.best_first] == ["b", "c", "d", "a", "e"]


def test_equal_accuracies_are_decided_by_the_loss_and_the_failed_do_not_count():
    found = Race(
        minutes=1,
        racers=(racer("a", 0.5, 0.9), racer("b", 0.5, 0.8), racer("c", 0.9, failed="NaN")),
    ).end_round()
    assert [each.name for each in found.running] == ["b"]
    assert found.best_first[-1].name == "c"


def test_many_epochs_are_no_advantage():
    lucky = [CurvePoint(seconds=k, accuracy=a, loss=1.0) for k, a in enumerate([0.3, 0.9, 0.5])]
    found = Race(
        minutes=1, racers=(racer("quick").model_copy(update={"curve": lucky}), racer("slow", 0.6))
    )
    assert [each.name for each in found.end_round().running] == ["slow"]


def test_what_the_forecasts_took_is_not_divided():
    assert race(preparation=100.0).round_seconds(1) == pytest.approx(
        round_seconds(500, len(ACCURACIES), 1)
    )


def usual_against(accuracy, images, others=()):
    racers = (racer("usual", 0.8, is_usual=True), racer("other", accuracy), *others)
    return Race(minutes=1, racers=racers, validation_images=images).end_round()


@pytest.mark.parametrize(
    ("accuracy", "images", "left"),
    [(0.83, 100, "usual"), (0.85, 100, "other"), (0.83, 400, "other"), (0.79, 10**6, "usual")],
)
def test_the_usual_network_stays_unless_another_is_ahead_by_more_than_chance(
    accuracy, images, left
):
    # The standard error of 80 % is 4 points for 100 images, and 2 for 400.
    assert [each.name for each in usual_against(accuracy, images).running] == [left]


def test_a_usual_network_that_has_failed_is_no_measure():
    found = Race(
        minutes=1,
        racers=(racer("usual", 0.8, is_usual=True, failed="NaN"), racer("a", 0.2), racer("b", 0.3)),
    ).end_round()
    assert [each.name for each in found.running] == ["b"]


def test_with_the_usual_one_the_better_of_the_others_goes_on():
    found = usual_against(0.81, 100, (racer("worse", 0.2), racer("worst", 0.1)))
    assert [each.name for each in found.running] == ["usual", "other"]


def test_a_loss_that_is_no_number_is_the_worst():
    assert racer("a", 0.5, None).result < racer("b", 0.5, 100.0).result


def test_it_is_read_as_it_was_written(tmp_path):
    found = race(left_out={"f": "an epoch takes 3 h"}, winner="b", rounds_ended=3, seconds=12.5)
    found.write(tmp_path)
    assert read_race(tmp_path) == found
    assert read_race(tmp_path / "elsewhere") is None
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()


def test_a_damaged_record_is_refused(tmp_path):
    race().write(tmp_path)
    file = tmp_path / "race.json"
    file.write_text(file.read_text().replace("0.9", "0.8"))
    with pytest.raises(ConvscopeError, match=r"race.json' is damaged: .* wrong checksum"):
        read_race(tmp_path)


def test_an_undecided_race_is_no_run_yet(tmp_path):
    race().write(tmp_path)
    assert is_undecided(tmp_path)
    for check in (check_no_race, Run):
        with pytest.raises(UsageError, match=f"Go on with it: convscope resume {tmp_path}"):
            check(tmp_path)
    (tmp_path / "recipe.toml").write_text("epochs = 1\n")
    check_no_race(tmp_path)
    assert Run(tmp_path).race == race()


def test_it_shows_who_won_and_who_did_not_begin():
    found = race(left_out={"f": "an epoch takes 3 h"}, winner="b")
    lines = str(found).splitlines()
    assert lines[0] == "The race: 5 networks, 10 min in all"
    assert lines[2].split()[0] == "b"
    assert lines[2].endswith(" won")
    assert lines[-1] == "f did not begin: an epoch takes 3 h"
    assert "<table" in found._repr_html_()


def test_its_figure_and_its_section_of_the_report(tmp_path):
    found = race(winner="b", left_out={"<f>": "too large"})
    axes = found.figure(tmp_path / "race.png").axes[0]
    assert [line.get_label() for line in axes.lines] == list(ACCURACIES)
    page = race_section(found)
    assert page.index('<th scope="row">b') < page.index('<th scope="row">c')
    assert "&lt;f&gt;: too large" in page
    assert race_section(None) == ""
    assert "<svg" not in race_section(Race(minutes=1, racers=(racer("a"),)))
