"""No image that was trained on is ever a test image, whatever became of the data.

Tests evaluation/run_images.py, evaluation/run_splits.py.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import convscope as cs
from convscope.data.image_set import ImageSet
from convscope.data.load import load_splits
from convscope.errors import UsageError
from convscope.evaluation.calibrate import calibrate
from convscope.evaluation.run_images import choose_images
from convscope.evaluation.run_splits import is_own_data, run_splits
from convscope.runs.split_record import write_split_record


def draw(file, seed):
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (28, 28)).astype(np.uint8)
    Image.fromarray(pixels).save(file)


def contents(images):
    return [each.tobytes() for each in images.images]


@dataclass(repr=False)
class Begun:
    """A run, the pixels of what it was trained or validated on, and those of its test images."""

    run: cs.Run
    seen: set[bytes]
    tested: set[bytes]


@pytest.fixture
def begun(make_run, images):
    """A run that began with the images."""
    run = make_run(images)
    splits = load_splits(images, size=28, validation=0.2)
    write_split_record(run.folder, splits)
    seen = {*contents(splits["train"]), *contents(splits["validation"])}
    return Begun(run, seen, set(contents(splits["test"])))


def card(run):
    return run.model().card


def test_the_split_stays_when_images_are_added(begun, images):
    run, tested = begun.run, begun.tested
    for name in ("cat", "dog", "emu"):
        draw(images / name / "00.png", hash(name) % 1000)
    chosen = choose_images(run, None, "test", card(run))
    assert set(contents(chosen.images)) == tested
    assert chosen.is_usual
    assert "New since the run began: 3 images" in chosen.notes[0]
    assert len(run_splits(run, None, card(run)).splits["validation"]) == 6


def test_a_changed_test_set_is_written_beside_the_old_evaluation(begun, images):
    run = begun.run
    cs.evaluate(run, quiet=True).report(robustness=False, quiet=True)
    before = run.evaluation_file.read_bytes()
    splits = run_splits(run, None, card(run)).splits
    Path(splits["test"].paths[0]).unlink()
    evaluation = cs.evaluate(run, quiet=True)
    assert evaluation.image_count == len(splits["test"]) - 1
    assert any("evaluation.json and report.html of the run stay" in n for n in evaluation.notes)
    page = evaluation.report(robustness=False, quiet=True)
    assert page.name == "report-images-test.html"
    assert run.evaluation_file.read_bytes() == before


@pytest.mark.parametrize("form", ["relative", "dots", "link", "absolute"])
def test_its_own_folder_is_recognized_however_it_is_written(begun, images, form, monkeypatch):
    run, tested = begun.run, begun.tested
    monkeypatch.chdir(images.parent)
    (images.parent / "link").symlink_to(images, target_is_directory=True)
    path = {"relative": "images", "dots": "images/../images", "link": "link", "absolute": images}[
        form
    ]
    assert is_own_data(run, path)
    chosen = choose_images(run, path, "test", card(run))
    assert set(contents(chosen.images)) == tested
    assert chosen.is_usual


@pytest.mark.parametrize("form", ["folder", "zip", "deeper", "one class", "array", "other size"])
def test_copies_that_were_trained_on_are_left_out_and_counted(begun, images, tmp_path, form):
    run, seen, tested = begun.run, begun.seen, begun.tested
    draw(images / "cat" / "new.png", 77)
    data = {
        "folder": lambda: shutil.copytree(images, tmp_path / "copy"),
        "zip": lambda: shutil.make_archive(str(tmp_path / "z"), "zip", images),
        "deeper": lambda: shutil.copytree(images, tmp_path / "a" / "b" / "c"),
        "one class": lambda: shutil.copytree(images / "cat", tmp_path / "one" / "cat").parent,
        "array": lambda: ImageSet(*arrays(images, 28)),
        "other size": lambda: cs.load(images, size=20),
    }[form]()
    chosen = choose_images(run, data, "test", card(run))
    if form != "other size":
        assert not seen & set(contents(chosen.images))
        expected = tested if form != "one class" else tested & class_contents(images, "cat")
        assert len(set(contents(chosen.images)) - expected) == 1  # the new one
        assert expected <= set(contents(chosen.images))
    else:
        whole = cs.load(images, size=28)
        named = dict(zip(whole.paths, contents(whole), strict=True))
        assert not seen & {named[path] for path in chosen.images.paths}
    assert any("trained or validated on" in note for note in chosen.notes)
    assert not chosen.is_usual


def arrays(images, size):
    splits = [*load_splits(images, size=size, validation=0).values()]
    return (
        np.concatenate([each.images for each in splits]),
        np.concatenate([each.labels for each in splits]),
        splits[0].classes,
    )


def class_contents(images, name):
    pixels, labels, classes = arrays(images, 28)
    return {each.tobytes() for each in pixels[labels == classes.index(name)]}


def test_what_was_trained_on_is_evaluated_if_asked_and_said(begun, images, tmp_path):
    run, seen = begun.run, begun.seen
    copy = shutil.copytree(images, tmp_path / "copy")
    evaluation = cs.evaluate(run, copy, include_trained=True, quiet=True)
    assert evaluation.image_count == 30
    said = f"Among these are {len(seen)} images that were trained or validated on"
    assert said in " ".join(evaluation.notes)
    own = cs.evaluate(run, include_trained=True, quiet=True)
    assert own.image_count == 30
    assert not own.is_usual


def test_all_of_it_was_trained_on(begun, tmp_path):
    run = begun.run
    for path in run_splits(run, None, card(run)).splits["train"].paths:
        target = tmp_path / "copy" / path.split("images/")[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    with pytest.raises(UsageError, match="All images of .* were trained .*--include-trained"):
        choose_images(run, tmp_path / "copy", "test", card(run))


def test_its_own_images_are_gone(begun, images):
    run = begun.run
    for number, name in enumerate(("cat", "dog", "emu")):
        shutil.rmtree(images / name)
        draw(images / name / "other.png", number)
    with pytest.raises(UsageError, match="None of the images in .* is one that run"):
        choose_images(run, None, "test", card(run))


def test_a_class_that_is_new_and_one_that_is_gone(begun, images):
    run, tested = begun.run, begun.tested
    shutil.rmtree(images / "cat")
    draw(images / "ape" / "1.png", 5)
    chosen = choose_images(run, None, "test", card(run))
    assert chosen.images.classes == ("cat", "dog", "emu")
    assert set(contents(chosen.images)) < tested
    assert chosen.images.counts()["cat"] == 0
    assert any("ape (1)" in note for note in chosen.notes)
    assert not chosen.is_usual


def test_calibration_takes_the_validation_images_of_then(begun, images, monkeypatch):
    run = begun.run
    before = calibrate(run, 0.1, quiet=True).card
    for name in ("cat", "dog", "emu"):
        draw(images / name / "00.png", 1)
    assert calibrate(run, 0.1, quiet=True).card == before


def test_runs_of_before_say_that_it_cannot_be_known(make_run, images, tmp_path):
    run = make_run(images)
    copy = shutil.copytree(images, tmp_path / "copy")
    said = "doesn't keep which images it was trained on"
    assert any(said in note for note in cs.evaluate(run, quiet=True).notes)
    assert any(said in note for note in cs.evaluate(run, copy, quiet=True).notes)
    train = load_splits(images, size=28, validation=0.2, reading=run.recipe.reading)["train"]
    run.environment_file.write_text(json.dumps({"data_fingerprint": train.fingerprint()}))
    assert not any(said in note for note in cs.evaluate(run, quiet=True).notes)
    draw(images / "cat" / "00.png", 9)
    changed = cs.evaluate(run, quiet=True)
    assert any("its images have changed since" in note for note in changed.notes)
    assert not changed.is_usual


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "move", "rename", "copy"]), st.integers(0, 10**6)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, kind=st.sampled_from(["own", "copy", "zip"]))
def test_whatever_became_of_the_folder_no_trained_image_is_tested(
    begun, images, tmp_path_factory, changes, kind
):
    run, seen, tested = begun.run, begun.seen, begun.tested
    kept = tmp_path_factory.mktemp("kept") / "images"
    shutil.copytree(images, kept)
    try:
        change(images, changes)
        data = None
        if kind == "copy":
            data = shutil.copytree(images, tmp_path_factory.mktemp("other") / "x")
        elif kind == "zip":
            data = shutil.make_archive(str(tmp_path_factory.mktemp("z") / "z"), "zip", images)
        chosen = choose_images(run, data, "test", card(run))
        found = set(contents(chosen.images))
        assert not found & seen
        if kind == "own":
            assert found <= tested
            assert chosen.is_usual == (sorted(contents(chosen.images)) == sorted(tested))
    finally:
        shutil.rmtree(images)
        shutil.copytree(kept, images)


def change(images, changes):
    """Add, remove, move, rename and copy files; two of each class stay at least."""
    for number, (what, seed) in enumerate(changes):
        files = sorted(images.rglob("*.png"))
        file = files[seed % len(files)]
        other = images / ("cat", "dog", "emu")[seed % 3] / f"{what}{number}.png"
        if what == "add":
            draw(other, seed)
        elif what == "copy":
            shutil.copy(file, other)
        elif len(list(file.parent.glob("*.png"))) > 2:
            if what == "remove":
                file.unlink()
            else:
                file.rename(other if what == "move" else file.with_name(f"renamed{number}.png"))
