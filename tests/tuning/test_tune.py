"""Searches from end to end, on small images: what they find, keep, refuse and go on with.

Tests tuning/tune.py, tuning/begin.py, tuning/search.py, tuning/finish.py, tuning/storage.py,
tuning/trial_watch.py.
"""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.tuning.trial_watch import TrialEndedError, TrialWatch

pytestmark = pytest.mark.usefixtures("without_figures")
SEARCH = ["width=2..8", "learning_rate=0.001..0.05"]
SMALL = {"epochs": 3, "precision": "float32", "threads": 1, "batch_size": 16, "device": "cpu"}
OPTIONS = {"minutes": 600, "search": SEARCH, "seeds": 2, "quiet": True, **SMALL}


def images(seed, count=90):
    """Three classes that differ in brightness."""
    values = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    pixels = values.integers(0, 60, (count, 1, 8, 8)) + 60 * labels[:, None, None, None]
    return cs.ImageSet(pixels.astype(np.uint8), labels, ("dark", "grey", "light"))


DATA = {"train": images(0), "test": images(1)}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search with a few trials, for reading."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("curves_figure", "confusion_figure", "mistakes_figure"):
            patch.setattr(f"convscope.evaluation.report.{name}", lambda *_: None)
        out = tmp_path_factory.mktemp("tune") / "search"
        return cs.tune("stack", DATA, recipe="fast", trials=6, out=out, **OPTIONS)


@pytest.mark.slow
def test_a_search_leaves_recipe_report_and_runs(searched):
    assert [each.number for each in searched.trials] == [0, 1, 2, 3, 4, 5]
    assert {each.outcome for each in searched.trials} <= {"measured", "pruned"}
    assert all(len(each.curve) == 3 for each in searched.measured)
    assert len(searched.measured) >= 4  # none is ended early before
    first = searched.trials[0]
    assert first.values["learning_rate"] == searched.recipe.learning_rate
    for name in ("best.toml", "report.html", "figure.png", "study.db"):
        assert (searched.folder / name).stat().st_size > 0
    assert not (searched.folder / "processes").exists()


@pytest.mark.slow
def test_test_images_choose_nothing(searched):
    for each in searched.trials:
        folder = searched.run_folder(each.number)
        assert not (folder / "evaluation.json").exists()
        assert (folder / "metrics.jsonl").exists()
    group = cs.SeedGroup(searched.folder / "retests" / f"trial-{searched.best.number}")
    assert group.seeds == [1, 2]  # the search has seed 0
    assert searched.retest.test == tuple(run.summary()["accuracy"] for run in group.runs)
    assert searched.retest.split == "test"


@pytest.mark.slow
def test_a_trial_is_the_run_that_train_makes_of_its_recipe(searched, tmp_path):
    recipe = searched.best_recipe.replace(precision="float32", threads=1)
    run = cs.train("stack", DATA, recipe, out=tmp_path / "again", quiet=True)
    curve = tuple(row["validation_accuracy"] for row in run.metrics("epoch"))
    assert curve == pytest.approx(searched.best.curve)


@pytest.mark.slow
def test_it_goes_on_and_keeps_what_was_found(tmp_path):
    out = tmp_path / "search"
    before = cs.tune("stack", DATA, recipe="fast", trials=1, out=out, **OPTIONS)
    with pytest.raises(UsageError, match="holds a search already. Go on with it"):
        cs.tune("stack", DATA, recipe="fast", trials=1, out=out, **OPTIONS)
    after = cs.tune("stack", DATA, minutes=600, trials=1, seeds=2, out=out, resume=True, quiet=True)
    assert after.trials[0] == before.trials[0]
    assert len(after.trials) == 2
    assert after.recipe == before.recipe
    with pytest.raises(UsageError, match=r"other settings: learning_rate was .* and is 0.5"):
        cs.tune("stack", DATA, recipe="fast", out=out, resume=True, **OPTIONS, learning_rate=0.5)
    with pytest.raises(UsageError, match=r"--search was .* and is .*depth=2..3"):
        cs.tune(
            "stack",
            DATA,
            recipe="fast",
            out=out,
            resume=True,
            **{**OPTIONS, "search": ["depth=2..3"]},
        )
    other = {"train": images(5), "test": images(1)}
    with pytest.raises(UsageError, match="is of another data set"):
        cs.tune("stack", other, minutes=600, seeds=2, out=out, resume=True, quiet=True)


@pytest.mark.slow
def test_a_trial_that_diverges_is_a_failure_and_the_search_goes_on(tmp_path):
    given = {**OPTIONS, "search": ["learning_rate=1e30..1e38", "width=2..4"]}
    sgd = {"optimizer": "sgd", "weight_decay": 0.0, "clip_gradient": None}
    study = cs.tune("stack", DATA, recipe="fast", trials=2, out=tmp_path / "s", **given, **sgd)
    assert [each.outcome for each in study.trials] == ["failed", "failed"]
    assert "The loss became" in study.trials[0].reason or "Weights" in study.trials[0].reason
    assert study.best is None


@pytest.mark.slow
def test_too_short_a_time_is_refused_and_leaves_nothing(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    given = {**OPTIONS, "minutes": 1e-6, "storage": url}
    for _ in range(2):  # the second finds no study either
        with pytest.raises(UsageError, match=r"--minutes is too short: .* Give at least \d"):
            cs.tune("stack", DATA, recipe="fast", out=tmp_path / "s", **given)
    assert not (tmp_path / "s").exists()


def test_what_is_wrong_is_said_before_anything_is_loaded(tmp_path):
    with pytest.raises(UsageError, match="--minutes must be above 0; given 0"):
        cs.tune("stack", DATA, minutes=0)
    with pytest.raises(UsageError, match="--seeds must be at least 2"):
        cs.tune("stack", DATA, minutes=1, seeds=1)
    with pytest.raises(UsageError, match="--trials must be at least 1"):
        cs.tune("stack", DATA, minutes=1, trials=0)
    with pytest.raises(UsageError, match="--resume: say which search goes on"):
        cs.tune("stack", DATA, minutes=1, resume=True)
    with pytest.raises(UsageError, match="holds no search to go on with"):
        cs.tune("stack", DATA, minutes=1, resume=True, out=tmp_path)


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConvscopeError, match=r"pip install \"convscope\[tune\]\""):
        cs.tune("stack", DATA, minutes=1)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("study.db", "--storage takes the URL of a database"),
        ("nothing://here", "--storage nothing://here"),
        ("sqlite:////no/such/folder/study.db", "can't be used: unable to open database file"),
    ],
)
def test_storages_that_cannot_be_reached_are_said(tmp_path, url, problem):
    with pytest.raises(ConvscopeError, match=problem):
        cs.tune("stack", DATA, minutes=1, storage=url, out=tmp_path / "s", quiet=True)
    assert not (tmp_path / "s").exists()


def test_a_driver_that_is_missing_is_named_and_the_password_hidden(tmp_path, monkeypatch):
    for module in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, module, None)
    url = "postgresql://me:secret@localhost/studies"
    with pytest.raises(ConvscopeError, match="needs a driver .*: pip install .*psycopg") as said:
        cs.tune("stack", DATA, minutes=1, storage=url, out=tmp_path / "s", quiet=True)
    assert "secret" not in str(said.value)


@pytest.mark.slow
def test_studies_are_found_by_name_and_those_of_others_left_alone(tmp_path):
    optuna = pytest.importorskip("optuna")
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    optuna.create_study(storage=url, study_name="foreign")
    given = {"minutes": 1, "storage": url, "quiet": True}
    with pytest.raises(UsageError, match=r"holds no study 'stack-arrays'. It has: foreign"):
        cs.tune("stack", DATA, resume=True, out=tmp_path / "s", **given)
    with pytest.raises(UsageError, match="wasn't made by convscope tune"):
        cs.tune("stack", DATA, resume=True, study="foreign", out=tmp_path / "s", **given)
    with pytest.raises(UsageError, match="holds a study 'foreign' already"):
        cs.tune("stack", DATA, study="foreign", out=tmp_path / "s", epochs=1, **given)
    assert optuna.get_all_study_names(url) == ["foreign"]


class FakeTrial:
    """Keeps what it is told, and is pruned when asked to."""

    def __init__(self, prune):
        self.told, self.prune = {}, prune

    def report(self, value, step):
        self.told[step] = value

    def should_prune(self):
        return self.prune


def watch(tmp_path, monkeypatch, *, done, epochs=4, prune=False, until=float("inf")):
    """What a watch raises after `done` epochs, and what it told its trial."""
    rows = [{"epoch": n, "validation_accuracy": n / 10} for n in range(1, done + 1)]
    monkeypatch.setattr(
        "convscope.tuning.trial_watch.Run", lambda folder: SimpleNamespace(metrics=lambda _: rows)
    )
    trial, recipe = FakeTrial(prune), cs.Recipe(epochs=epochs)
    progress = SimpleNamespace(
        epoch=done, best_epoch=done, step=10 * done, total_steps=10 * epochs, step_in_epoch=0
    )
    watching = TrialWatch(trial, recipe, tmp_path, until)
    outcome = ""
    try:
        watching.epoch(rows[-1], SimpleNamespace(progress=progress))
    except TrialEndedError as error:
        outcome = f"{error.outcome}: {error.reason}"
    return outcome, trial.told


def test_a_watch_ends_a_trial_at_its_end_by_its_curve_and_by_the_clock(tmp_path, monkeypatch):
    going_on, told = watch(tmp_path, monkeypatch, done=2)
    assert going_on == ""
    assert told == {1: 0.1, 2: 0.2}  # also the epoch from before its process was killed
    assert watch(tmp_path, monkeypatch, done=4)[0] == "measured: "
    assert watch(tmp_path, monkeypatch, done=4, prune=True)[0] == "measured: "
    assert watch(tmp_path, monkeypatch, done=2, prune=True)[0].startswith("pruned: 20.0 % after")
    late = watch(tmp_path, monkeypatch, done=2, until=0.0)[0]
    assert late.startswith("out of time: after epoch 2 the other 2 would take")
