"""Cross-validation: every image is tested on once, and it goes on where it stopped.

Tests training/folds.py, runs/fold_group.py, runs/fold_group_text.py, runs/folds_figure.py.
"""

import json
import shutil

import numpy as np
import pytest
from torch import nn

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.checked_json import write_checked
from convscope.runs.run import Run
from convscope.runs.split_record import read_split_record
from convscope.training import one_of_several as module
from convscope.training.interrupt import TrainingStoppedError

QUICK = {"epochs": 3, "batch_size": 16, "precision": "float32", "threads": 1, "quiet": True}


def some(count):
    random = np.random.default_rng(0)
    labels = np.arange(count) % 3
    pixels = random.integers(0, 80, (count, 1, 8, 8)) + 80 * labels[:, None, None, None]
    groups = [f"p{row // 6}" for row in range(count)]
    return cs.ImageSet(pixels.astype(np.uint8), labels, ["dark", "grey", "light"], groups=groups)


def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    out = tmp_path_factory.mktemp("folds") / "g"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("curves_figure", "confusion_figure", "mistakes_figure"):
            patch.setattr(f"convscope.evaluation.report.{name}", lambda *_: None)
        return cs.train_folds(small, some(60), "fast", folds=3, out=out, **QUICK)


def test_every_image_is_tested_on_once(group):
    assert [run.recipe.fold for run in group.runs] == [(1, 3), (2, 3), (3, 3)]
    found = group.as_dict()
    assert found["images"] == 60
    assert [each["count"] for each in found["per_class"]] == [20, 20, 20]
    assert group.confusion.sum(axis=1).tolist() == [20, 20, 20]
    assert found["accuracy"] == pytest.approx(group.confusion.trace() / 60)
    mean = np.mean(group.confusion.diagonal() / 20)
    assert found["balanced_accuracy"] == pytest.approx(mean)
    splits = [read_split_record(run.folder).splits for run in group.runs]
    tested = [digest for each in splits for digest in each if each[digest] == {"test"}]
    assert len(tested) == len(set(tested)) == 60


def test_it_prints_its_spread(group):
    text = str(group)
    assert "accuracy over 60 images, each tested on once: " in text
    assert f"folds from {100 * group.spread.lowest:.2f} % to " in text
    assert text.count(" of 20") == 3


def test_what_has_ended_is_not_repeated(group, monkeypatch, capsys):
    monkeypatch.setattr(module, "train", None)
    monkeypatch.setattr(module, "resume", None)
    again = cs.train_folds(
        small, some(60), "fast", folds=3, out=group.folder, **{**QUICK, "quiet": False}
    )
    assert again.as_dict() == group.as_dict()
    assert "Fold 3 of 3 has ended before: not repeated" in capsys.readouterr().err


def test_stopped_in_the_middle(tmp_path, monkeypatch):
    def stop(network, data, recipe, **options):
        raise TrainingStoppedError("kept", 143)

    monkeypatch.setattr(module, "train", stop)
    with pytest.raises(ConvscopeError, match="Stopped in fold 1; everything is kept") as error:
        cs.train_folds(small, some(60), "fast", folds=3, out=tmp_path / "g", **QUICK)
    assert error.value.exit_code == 143
    assert str(cs.FoldGroup(tmp_path / "g")).endswith("No fold has a result.")
    assert cs.FoldGroup(tmp_path / "g").as_dict()["accuracy"] is None
    cs.FoldGroup(tmp_path / "g").figure()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": 1}, "--folds must be at least 2"),
        ({"folds": 20}, "need at least 20 images that don't belong together; there are 10"),
        ({"network": small()}, "train_folds needs a function that builds the module"),
        ({"data": {"train": some(60), "test": some(60)}}, "has test images of its own"),
    ],
)  # fmt: skip
def test_mistakes(changes, message, tmp_path):
    given = {"network": small, "data": some(60), "folds": 3, **changes}
    with pytest.raises(UsageError, match=message):
        cs.train_folds(**given, recipe="fast", out=tmp_path / "g", **QUICK)
    assert not (tmp_path / "g").exists()


def test_another_recipe_is_another_folder(group):
    with pytest.raises(UsageError, match=r"epochs was 3 and is 4, 3 folds, not 5\. Give another"):
        cs.train_folds(small, some(60), "fast", folds=5, out=group.folder, **{**QUICK, "epochs": 4})
    (group.folder.parent / "other.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists and isn't a folder of folds"):
        cs.train_folds(small, some(60), "fast", folds=3, out=group.folder.parent, **QUICK)
    with pytest.raises(UsageError, match=r"it has no folds\.json"):
        cs.FoldGroup(group.folder.parent)


def test_damage_is_told(tmp_path):
    (tmp_path / "folds.json").write_text(json.dumps({"format": 1, "recipe": {}, "folds": 1}))
    with pytest.raises(ConvscopeError, match="is damaged: folds"):
        cs.FoldGroup(tmp_path)


def test_two_are_compared_on_all_of_their_images(group, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(group.folder, other)
    weaker = Run(other / "fold-2")
    evaluated = weaker.read_evaluation()
    right = next(row for row in range(20) if row not in {m["index"] for m in evaluated["mistakes"]})
    wrong = {"index": right, "path": "x", "label": "grey", "predicted": "dark", "probability": 1.0}
    evaluated["mistakes"].append(wrong)
    evaluated["accuracy"] -= 1 / 20
    write_checked(weaker.evaluation_file, evaluated)
    found = cs.compare([group, other])
    ours, theirs = found.contenders
    assert ours.accuracy == pytest.approx(group.as_dict()["accuracy"])
    assert theirs.accuracy == pytest.approx(ours.accuracy - 1 / 60)
    assert ours.evaluated[0].images == 60
    assert ours.seeds == (0,)
    assert (found.pairs[0].outcome.only_first_right, found.pairs[0].outcome.only_second_right) == (
        1, 0,
    )  # fmt: skip
    assert "on the same 60 images" in found.sentences[0]
    assert "can't be compared" in cs.compare([group, weaker]).sentences[0]
    weaker.evaluation_file.unlink()
    with pytest.raises(UsageError, match=r"Only 2 of the 3 folds in .* --folds 3 --out"):
        cs.compare([group, other])
