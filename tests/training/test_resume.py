"""What a run goes on with: its own recipe, its own images.

Tests training/train.py, runs/not_kept.py.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
from PIL import Image
from torch import nn

import convscope as cs
from convscope.errors import UsageError
from convscope.runs.claim import claimed
from convscope.runs.split_record import FILE, read_split_record
from tests.conftest import leave_out_figures, leave_out_forecast


def arrays(seed):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (24, 1, 8, 8), dtype=np.uint8)
    return cs.ImageSet(images, np.arange(24) % 3, tuple("abc"))


DATA = {"train": arrays(0), "test": arrays(1)}
OPTIONS = {"precision": "float32", "quiet": True, "device": "cpu", "threads": 1}


def module():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The run of all these tests, which each of them copies."""
    recipe = cs.Recipe(epochs=2, batch_size=8, validation=0.2)
    out = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        leave_out_forecast(patch)
        return cs.train(module(), DATA, recipe, out=out, **OPTIONS)


@pytest.fixture
def run(trained, tmp_path):
    shutil.copytree(trained.folder, tmp_path / "run")
    return cs.Run(tmp_path / "run")


def edit(run, **changes):
    run.recipe.replace(**changes).write(run.recipe_file)


def test_what_the_folder_does_not_hold_must_be_given(run):
    with pytest.raises(UsageError) as told:
        cs.resume(run, data=DATA, quiet=True)
    assert str(told.value) == (
        f"Run {str(run.folder)!r} trains a module of your own, which its folder doesn't hold. "
        "Give it: --network my_net.py:Net, or in Python: "
        f"convscope.resume({str(run.folder)!r}, module=my_module)."
    )
    with pytest.raises(UsageError, match="was trained on arrays, which it doesn't keep"):
        cs.resume(run, module=module(), quiet=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "lenet"},
        {"ema": 0.9},
        {"batch_size": 4},
        {"seed": 5},
        {"optimizer": "adam"},
        {"size": 16},
        {"augmentation": {"crop": 1}},
        {"validation": 0.4},
    ],
)
def test_what_would_make_another_run_is_refused_by_name(run, changes):
    edit(run, **changes)
    (name,) = changes
    kept = run.model_file.read_bytes()
    with pytest.raises(UsageError, match=rf"was changed since the run began: {name}[. ]"):
        cs.resume(run, module=module(), data=DATA, quiet=True)
    assert run.model_file.read_bytes() == kept


@pytest.mark.slow
def test_a_forced_change_is_recorded_and_then_is_the_recipe(run):
    edit(run, learning_rate=0.05, epochs=4)
    with pytest.raises(UsageError, match=r"learning_rate \(0.1 → 0.05\).*--force"):
        cs.resume(run, module=module(), data=DATA, quiet=True)
    cs.resume(run, module=module(), data=DATA, quiet=True, force=True)
    changes = [{"after_epoch": 2, "fields": {"learning_rate": [0.1, 0.05]}}]
    assert run.environment["changes"] == changes
    assert run.metrics("step")[-1]["learning_rate"] == 0.05
    cs.resume(run, module=module(), data=DATA, quiet=True)


def test_fewer_epochs_than_are_done_are_refused(run):
    edit(run, epochs=1)
    with pytest.raises(UsageError, match="is in epoch 2 already, and its recipe says epochs = 1"):
        cs.resume(run, module=module(), data=DATA, quiet=True)


def test_a_run_that_is_being_trained_is_refused(run, tmp_path):
    kept = run.model_file.read_bytes()
    with claimed(run.folder):
        with pytest.raises(UsageError, match="is being trained by process"):
            cs.resume(run, module=module(), data=DATA, quiet=True)
        with pytest.raises(UsageError, match="is being trained by process"):
            cs.train(module(), DATA, cs.Recipe(epochs=1), out=run.folder, force=True, **OPTIONS)
    assert run.model_file.read_bytes() == kept
    left = run.checkpoints / ".step-00000004-abcd_123.safetensors"
    left.write_bytes(b"half a checkpoint of a process that was killed")
    cs.resume(run, module=module(), data=DATA, quiet=True)
    assert not left.exists()


@pytest.mark.parametrize(
    ("changes", "epochs"),
    [
        ({"epochs": 4}, 4),
        ({"early_stop": 1}, 2),
        pytest.param({"minutes": 5.0, "epochs": 3}, 3, marks=pytest.mark.slow),
        pytest.param({"checkpoint_minutes": 1.0}, 2, marks=pytest.mark.slow),
        pytest.param({"unknown_rate": 0.2}, 2, marks=pytest.mark.slow),
    ],
)
def test_how_long_it_goes_on_may_be_changed(run, changes, epochs):
    edit(run, **changes)
    resumed = cs.resume(run, module=module(), data=DATA, quiet=True)
    assert len(resumed.metrics("epoch")) == epochs


@pytest.mark.slow
def test_a_run_of_before_goes_on_and_keeps_its_splits_from_then(run):
    environment = run.environment
    del environment["recipe"]
    run.environment_file.write_text(json.dumps(environment))
    before = (run.folder / FILE).read_bytes()
    (run.folder / FILE).unlink()
    edit(run, epochs=3)
    cs.resume(run, module=module(), data=DATA, quiet=True)
    assert (run.folder / FILE).read_bytes() == before


def test_other_images_are_data_that_changed(run):
    other = {"train": arrays(7), "test": DATA["test"]}
    with pytest.raises(UsageError) as caught:
        cs.resume(run, module=module(), data=other, quiet=True)
    assert "The training images of 'the arrays given' aren't those" in str(caught.value)
    assert "files were added, removed or changed since" in str(caught.value)


def test_the_splits_are_kept_when_training_begins(run):
    record = read_split_record(run.folder)
    assert record.image_shape == (1, 8, 8)
    assert sum(record.numbers.values()) == 48
    assert {name for name, _ in record.numbers} == {"train", "validation", "test"}


def test_a_run_on_arrays_is_evaluated_by_its_record(run):
    mixed = {"train": DATA["train"], "test": cs.ImageSet(
        np.concatenate([DATA["test"].images, DATA["train"].images[:5]]),
        np.concatenate([DATA["test"].labels, DATA["train"].labels[:5]]),
        DATA["test"].classes,
    )}  # fmt: skip
    evaluation = cs.evaluate(run, mixed, module=module(), quiet=True)
    assert evaluation.image_count == 24
    with pytest.raises(UsageError, match="All images of 'arrays' .* were trained or validated on"):
        cs.evaluate(run, DATA["train"], module=module(), quiet=True)


@pytest.fixture
def on_files(tmp_path):
    """A run on a folder of images, and the folder."""
    folder, random = tmp_path / "pets", np.random.default_rng(0)
    for name in "ab":
        (folder / name).mkdir(parents=True)
        for number in range(12):
            _write_image(folder / name / f"{number}.png", random)
    recipe = cs.Recipe(epochs=1, batch_size=8, validation=0.2, size=8)
    return cs.train(module_of_two(), folder, recipe, out=tmp_path / "run", **OPTIONS), folder


def _write_image(path, random):
    Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(path)


def module_of_two():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 2))


def weights(run):
    return safetensors.torch.load_file(run.model_file)


@pytest.mark.slow
def test_images_that_came_or_were_renamed_since_change_nothing(on_files, tmp_path):
    run, folder = on_files
    shutil.copytree(run.folder, tmp_path / "unchanged")
    unchanged = cs.Run(tmp_path / "unchanged")
    edit(unchanged, epochs=3)
    cs.resume(unchanged, module=module_of_two(), quiet=True)
    for number in range(5):
        _write_image(folder / "a" / f"0new{number}.png", np.random.default_rng(9 + number))
    (folder / "b" / "3.png").rename(folder / "b" / "zebra.png")
    edit(run, epochs=3)
    cs.resume(run, module=module_of_two(), quiet=True)
    expected = weights(unchanged)
    assert all((each == expected[name]).all() for name, each in weights(run).items())


def test_images_that_are_gone_are_counted(on_files):
    run, _ = on_files
    record = read_split_record(run.folder)
    for path in sorted(record.trained_paths)[:2]:
        Path(path).unlink()
    edit(run, epochs=3)
    with pytest.raises(UsageError, match=r"gone or were changed since it began: .*--data"):
        cs.resume(run, module=module_of_two(), quiet=True)


def test_where_the_images_were_is_gone(on_files):
    run, folder = on_files
    folder.rename(folder.with_name("moved"))
    for ask in (lambda: cs.evaluate(run, module=module_of_two(), quiet=True),
                lambda: cs.resume(run, module=module_of_two(), quiet=True)):  # fmt: skip
        with pytest.raises(UsageError, match=r"aren't in .* any more\. Say where .* --data FOLDER"):
            ask()


def test_test_images_that_are_gone_are_told(on_files):
    run, folder = on_files
    trained = read_split_record(run.folder).trained_paths
    for file in folder.rglob("*.png"):
        if str(file) not in trained:
            file.unlink()
    evaluation = cs.evaluate(run, module=module_of_two(), quiet=True)
    assert evaluation.split == "validation"
    assert any(note.startswith("There are no test images") for note in evaluation.notes)
