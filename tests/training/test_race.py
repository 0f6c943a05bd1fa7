"""`train auto`: networks race, the winner is trained for the rest, and it goes on where it stopped.

Tests training/race.py, training/race_track.py, training/begin.py.
"""

import json

import numpy as np
import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.networks.catalog import AUTO
from convscope.runs.choose_recipe import choose_recipe
from convscope.runs.race import Racer, is_undecided, read_race
from convscope.training import race as module
from convscope.training.interrupt import TrainingStoppedError
from tests.conftest import slow

QUICK = {"minutes": 0.02, "precision": "float32", "threads": 1, "quiet": True, "batch_size": 16}
FIELDS = {name: QUICK[name] for name in QUICK if name != "quiet"}


def images(count=60, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    pixels = random.integers(0, 80, (count, 1, 8, 8)) + 80 * labels[:, None, None, None]
    return cs.ImageSet(pixels.astype(np.uint8), labels, ["dark", "grey", "light"])


@pytest.fixture(autouse=True)
def few_and_quick(monkeypatch):
    """Three networks that train in no time, without their forecasts and without figures."""

    def choose(data, changes, minutes, size):
        rates = {"slow": 1e-9, "quick": 0.01, "other": 1e-8}
        racers = [
            Racer(
                name=name,
                recipe=choose_recipe(
                    "softmax-regression", data, "fast", changes | {"learning_rate": rate}
                ).as_dict(),
                least_seconds=0.1,
                memory_bytes=10**8,
            )
            for name, rate in rates.items()
        ]
        return racers, {"huge": "it takes about 99 GB of memory, and 1 GB are free"}

    monkeypatch.setattr(module, "choose_racers", choose)
    for name in ("curves_figure", "confusion_figure", "mistakes_figure"):
        monkeypatch.setattr(f"convscope.evaluation.report.{name}", lambda *_: None)


def test_the_best_wins_and_its_run_fills_the_folder(tmp_path):
    run = cs.train(AUTO, images(), out=tmp_path / "r", **QUICK)
    race = run.race
    assert run.folder == tmp_path / "r"
    assert race.winner == "quick"
    assert run.recipe.learning_rate == 0.01
    assert run.recipe.epochs is None
    assert race.rounds_ended == 2
    assert {racer.name: racer.rounds for racer in race.racers if racer.name == "quick"} == {
        "quick": 2
    }
    assert all(racer.curve for racer in race.racers)
    assert not (run.folder / "race").exists()
    assert run.summary()["split"] == "test"
    assert len(run.metrics("epoch")) >= len(race.racers[1].curve)
    page = run.report_file.read_text(encoding="utf-8")
    assert 'id="race"' in page
    assert "huge: it takes about 99 GB" in page
    again = cs.resume(run, data=images(), quiet=True)  # it is a run as any other
    assert again.race == race


def stop_at(monkeypatch, count):
    """Let training be stopped as by Ctrl-C, as it begins for the `count`-th time."""
    plain, calls = module.carry_out, []

    def stopping(*arguments, **options):
        calls.append(arguments[0].folder.name)
        if len(calls) == count:
            raise TrainingStoppedError("kept", 130)
        return plain(*arguments, **options)

    monkeypatch.setattr(module, "carry_out", stopping)
    return calls


@pytest.mark.slow
@pytest.mark.parametrize("stopped_at", [2, *slow(1, 4, 6)])
def test_a_race_that_was_stopped_goes_on(tmp_path, monkeypatch, stopped_at):
    out = tmp_path / "r"
    calls = stop_at(monkeypatch, stopped_at)
    with pytest.raises(ConvscopeError) as error:
        cs.train(AUTO, images(), out=out, **QUICK)
    assert error.value.exit_code == 130
    if stopped_at < 6:  # the sixth is the winner's own training
        assert str(error.value) == (
            "Stopped in the race; what each network has learned is kept. Go on with: convscope "
            f"resume {out}"
        )
        assert is_undecided(out)
        with pytest.raises(UsageError, match="is a race between networks that was stopped"):
            cs.Run(out)
    with pytest.raises(UsageError, match=f"convscope resume {out}"):
        cs.train(AUTO, images(), out=out, **QUICK)  # nothing is replaced unasked
    before = read_race(out)
    run = cs.resume(out, data=images(), quiet=True)
    assert run.race.winner == "quick"
    assert run.race.seconds >= before.seconds
    ended = sum(racer.rounds for racer in before.racers)
    assert len(calls) == stopped_at + (6 - ended if stopped_at < 6 else 0)  # none was repeated


@pytest.mark.slow
def test_the_winner_moves_even_if_that_was_stopped_half_way(tmp_path, monkeypatch):
    out = tmp_path / "r"
    stop_at(monkeypatch, 6)
    with pytest.raises(ConvscopeError):
        cs.train(AUTO, images(), out=out, **QUICK)
    own = out / "race" / "quick"
    own.mkdir(parents=True)
    for name in ("recipe.toml", "metrics.jsonl", "figures"):
        (out / name).rename(own / name)
    run = cs.resume(out, data=images(), quiet=True)
    assert run.race.winner == "quick"
    assert run.summary()["epochs"] > 0
    assert not (out / "race").exists()


@pytest.mark.slow
def test_a_network_that_fails_leaves_the_race(tmp_path, monkeypatch):
    plain = module.carry_out

    def failing(run, *arguments, **options):
        if run.folder.name == "quick":
            raise ConvscopeError("The loss became nan")
        return plain(run, *arguments, **options)

    monkeypatch.setattr(module, "carry_out", failing)
    run = cs.train(AUTO, images(), out=tmp_path / "r", **QUICK)
    assert run.race.winner in ("slow", "other")
    failed = run.race.best_first[-1]
    assert (failed.name, failed.failed) == ("quick", "The loss became nan")
    assert "failed: The loss became nan" in str(run.race)


@pytest.mark.slow
def test_the_last_that_is_left_is_trained_as_any_run(tmp_path, monkeypatch):
    def failing(*_, **__):
        raise ConvscopeError("no luck")

    monkeypatch.setattr(module, "carry_out", failing)
    with pytest.raises(ConvscopeError, match="^no luck$"):
        cs.train(AUTO, images(), out=tmp_path / "r", **QUICK)
    assert [each.failed for each in read_race(tmp_path / "r").racers] == ["no luck", "no luck", ""]


@pytest.mark.slow
def test_other_images_are_refused_when_it_goes_on(tmp_path, monkeypatch):
    out = tmp_path / "r"
    stop_at(monkeypatch, 3)
    with pytest.raises(ConvscopeError):
        cs.train(AUTO, images(), out=out, **QUICK)
    with pytest.raises(UsageError, match="came from arrays"):
        cs.resume(out, quiet=True)
    with pytest.raises(UsageError, match="aren't those that the race began with"):
        cs.resume(out, data=images(seed=1), quiet=True)
    assert cs.train(AUTO, images(seed=1), out=out, force=True, **QUICK).race.winner == "quick"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"minutes": None}, "auto needs --minutes"),
        ({"epochs": 3}, "auto takes no --epochs"),
        ({"from_": "published"}, "auto takes no --from: it chooses"),
        ({"network_arguments": {"width": 8}}, "auto takes no network_arguments"),
        ({"fold": (1, 2)}, "auto takes no fold"),
        ({"validation": 0}, "test images choose nothing"),
        ({"recipe": "book"}, "auto takes no --recipe"),
        ({"minutes": -1}, "minutes"),
        ({"momentum": 2}, "momentum"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tmp_path, fields, says):
    with pytest.raises(UsageError, match=says):
        cs.train(AUTO, images(), out=tmp_path / "r", **{**QUICK, **fields})
    assert not (tmp_path / "r").exists()


def test_images_that_are_no_use_are_refused_before_anything_is_forecast(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "choose_racers", None)
    few = {"train": images(3), "test": images(3)}
    for data, says in (("nothing", "Unknown data set"), (few, "too few images for any")):
        with pytest.raises(UsageError, match=says):
            cs.train(AUTO, data, out=tmp_path / "r", **QUICK)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: cs.plan(AUTO, "digits"),
        lambda: cs.train_seeds(AUTO, "digits"),
        lambda: cs.train_folds(AUTO, "digits"),
        lambda: cs.build(AUTO),
    ],
)
def test_elsewhere_auto_is_no_network(tmp_path, monkeypatch, ask):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="'auto' is no network: it is for training alone"):
        ask()
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_the_command(command, tmp_path):
    from PIL import Image

    for row, (pixels, label) in enumerate(zip(images().images, images().labels, strict=True)):
        place = tmp_path / "mine" / f"class{label}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[0]).save(place / f"{row}.png")
    given = ("--minutes", "0.02", "--size", "8", "--set", "threads=1", "--precision", "float32")
    said = command("train", "auto", "mine", *given, "--out", "a", "--set", "batch_size=16")
    assert "The race: 3 networks" in said.stdout
    assert "test accuracy" in said.stdout
    assert "Round 1 of 2: slow trains for" in said.stderr
    found = json.loads(command("resume", "a", "--json", "--quiet").stdout)
    assert found["race"]["winner"] == "quick"
    assert found["run"] == "a"
    assert "--minutes" in command("train", "auto", "mine", code=2).stderr
    for option in ("--seeds", "--folds"):
        said = command("train", "auto", "mine", *given, option, "3", code=2)
        assert "without --seeds and --folds" in said.stderr
