"""How files were read for training holds for everything that is asked of the run later."""

import io
import os
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import convscope as cs
from convscope.data.batches import Normalization
from convscope.data.load import load_splits, source_splits
from convscope.data.reading import Reading
from convscope.errors import UsageError
from convscope.runs import recipe as recipes
from convscope.shipping.export.reader import read
from tests.data.image_files import encoded, noise, write_files

OPTIONS = {"recipe": "fast", "epochs": 1, "size": 28, "quiet": True, "precision": "float32"}


def ends(label, seed):
    """A wide image of 16-bit grey whose classes differ at its ends alone, in few values."""
    values = np.random.default_rng(seed).integers(1050, 1100, (16, 64), dtype=np.uint16)
    values[:, :8] += 50 * label
    return encoded(Image.fromarray(values))


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    files = {
        f"{name}/{number}.png": ends(label, 100 * label + number)
        for label, name in enumerate(("left", "right"))
        for number in range(20)
    }
    return write_files(tmp_path_factory.mktemp("data") / "wide", files)


@pytest.fixture(scope="module")
def wide_run(wide, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "wide"
    return cs.train("lenet", wide, out=out, fit="stretch", **OPTIONS)


@pytest.mark.slow
def test_recipe_and_card_say_how(wide_run):
    card = wide_run.model().card
    assert (card.fit, card.grey_range) == ("stretch", (1050, 1149))
    assert wide_run.recipe.reading == Reading("stretch", (1050, 1149))
    assert wide_run.recipe.data_rules == 2


@pytest.mark.slow
def test_evaluate_and_predict_see_what_was_trained_on(wide, wide_run):
    evaluation = cs.evaluate(wide_run, split="test", quiet=True)
    same, cropped = (
        cs.evaluate(wide_run, load_splits(wide, size=28, reading=reading), quiet=True)
        for reading in (wide_run.recipe.reading, Reading(grey_range=(1050, 1149)))
    )
    assert evaluation.loss == same.loss != cropped.loss
    model = wide_run.model()
    network, card = model.network, model.card
    files = sorted(str(file) for file in wide.rglob("*.png"))
    said = cs.predict(wide_run, files, top=2).predictions
    images = source_splits(wide, size=28, reading=wide_run.recipe.reading)["train"]
    pixels = dict(zip(images.paths, images.images, strict=True))
    scale = Normalization(card.mean, card.std)
    batch = torch.from_numpy(np.stack([pixels[file] for file in files]))
    expected = (network(scale.apply(batch)) / card.temperature).softmax(1).max(1).values
    found = [each.top[0].probability for each in said]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_other_data_is_read_in_the_same_way(wide_run, tmp_path):
    files = {f"{name}/{i}.png": ends(label, 9000 + 10 * label + i)
             for label, name in enumerate(("left", "right")) for i in range(5)}  # fmt: skip
    # In a range of their own, the others would be far brighter beside this one.
    files["right/dark.png"] = encoded(Image.fromarray(np.full((16, 64), 10, np.uint16)))
    data = write_files(tmp_path / "new", files)
    same = source_splits(data, size=28, reading=Reading("stretch", (1050, 1149)))
    evaluation = cs.evaluate(wide_run, data, quiet=True)
    assert evaluation.loss == cs.evaluate(wide_run, same["train"], quiet=True).loss


@pytest.mark.slow
def test_an_export_sees_the_same(wide, wide_run, tmp_path):
    pytest.importorskip("onnxruntime")
    exported = cs.export(wide_run, tmp_path / "wide.onnx", quiet=True)
    assert exported.agreement.images == 8  # by themselves, as files, through the reader
    card = wide_run.model().card
    content = next(wide.rglob("*.png")).read_bytes()
    assert len(np.unique(read(io.BytesIO(content), 28, card.grey_range))) > 40


def test_without_fit_the_ends_are_lost_and_it_is_said(wide, tmp_path, capsys):
    options = OPTIONS | {"quiet": False}
    cs.train("lenet", wide, out=tmp_path / "run", **options)
    said = "".join(capsys.readouterr())
    assert "Folders are classes: 2 classes (left, right)" in said
    assert "much wider than high (most often 16×64): cropped to the central square, 25% of" in said
    assert "1050 becomes black and 1149 white" in said


def test_earlier_runs_are_read_as_they_were(wide_run, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    text = wide_run.recipe_file.read_text()
    new = ("fit", "grey_range", "split_folders", "zip_encoding", "data_rules", "allow_conf")
    kept, skipping = [], False
    for line in text.splitlines():
        skipping = line.startswith(new) or (skipping and line.startswith((" ", "]")))
        kept += [] if skipping else [line]
    (run / "recipe.toml").write_text("\n".join(kept))
    assert cs.Run(run).recipe.reading == Reading(rules=1)
    assert recipes.read(run / "recipe.toml").reading == Reading()  # as a recipe for a new run


@pytest.mark.slow
def test_the_same_image_with_two_labels(tmp_path):
    files = {f"{name}/{i}.png": encoded(noise(28, 28, seed=50 * label + i))
             for label, name in enumerate("ab") for i in range(10)}  # fmt: skip
    files["b/again.png"] = files["a/3.png"]
    root = write_files(tmp_path / "pets", files)
    with pytest.raises(UsageError, match=r"1 pair \(.*a/3\.png is 'a' and .*b/again\.png is 'b'\)"):
        cs.train("lenet", root, out=tmp_path / "run", **OPTIONS)
    assert not (tmp_path / "run").exists()
    cs.train("lenet", root, out=tmp_path / "run", allow_conflicting_labels=True, **OPTIONS)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_class_folders_that_are_not_utf8(tmp_path):
    root = tmp_path / "pets"
    for number, name in enumerate(("苹果", "香蕉")):
        folder = os.fsencode(root) + b"/" + name.encode("gbk")
        os.makedirs(folder)  # noqa: PTH103
        for i in range(10):
            with open(folder + f"/{i}.png".encode(), "wb") as file:  # noqa: PTH123
                file.write(encoded(noise(28, 28, seed=30 * number + i)))
    run = cs.train("lenet", root, out=tmp_path / "run", **OPTIONS)
    assert run.model().card.classes == ("苹果", "香蕉")
    assert set(cs.evaluate(run, quiet=True).classes) == {"苹果", "香蕉"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_path_that_is_not_utf8_is_refused_before_training(tmp_path):
    root = os.fsdecode(os.fsencode(tmp_path) + b"/\xb0\xa1")
    os.makedirs(root)  # noqa: PTH103
    with pytest.raises(UsageError, match=r"\\xb0\\xa1' has bytes in it that are no text"):
        cs.train("lenet", root, out=tmp_path / "run", **OPTIONS)


@pytest.mark.parametrize(
    ("validation", "advice"),
    [(0.0, "Give a share of them for it"), (0.1, "No class has two that could be parted")],
)
def test_one_image_a_class_can_not_be_divided(tmp_path, validation, advice):
    files = {f"{name}/1.png": encoded(noise(8, 8, 1, seed=i)) for i, name in enumerate("ab")}
    data = write_files(tmp_path / "data", files)
    with pytest.raises(UsageError, match=f"only training images, .* {advice}"):
        cs.train("lenet", data, **OPTIONS, validation=validation, out=tmp_path / "run")
