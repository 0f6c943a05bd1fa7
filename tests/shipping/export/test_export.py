"""Tests shipping/export/body.py, shipping/export/onnx_export.py, shipping/export/originals.py,
shipping/export/session.py, shipping/export/tidy.py.
"""

import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

import convscope as cs
from convscope.errors import ConvscopeError, UsageError
from convscope.runs.model import load_model
from convscope.runs.model_file import save_model
from convscope.shipping.export import export as export_module
from convscope.shipping.export import onnx_export, originals
from convscope.shipping.export.reader import read
from convscope.shipping.export.session import Session
from tests.data.image_files import encoded, noise, write_files
from tests.shipping.export.models import made


def message(call):
    with pytest.raises(UsageError) as error:
        call()
    return str(error.value)


@pytest.mark.slow
def test_a_run_on_a_named_data_set(digits_run, tmp_path):
    file = tmp_path / "digits.onnx"
    written = cs.export(digits_run, file, quiet=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["digits.onnx", "digits_reader.py"]
    assert (written.file, written.reader) == (file, tmp_path / "digits_reader.py")
    assert (written.network, written.opset, written.int8) == ("lenet", 18, None)
    assert written.bytes == file.stat().st_size
    assert written.milliseconds > 0
    assert (written.agreement.images, written.agreement.same_top) == (359, 359)
    assert written.agreement.largest_difference <= 1e-4
    facts = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert facts["precision"] == "float32"
    assert json.loads(facts["agreement"])["images"] == 359
    assert json.dumps(written.as_dict())


@pytest.mark.slow
def test_a_run_on_a_folder_of_images_of_all_sizes(photos_run, photos, tmp_path):
    written = cs.export(photos_run, tmp_path / "photos.onnx", quiet=True)
    assert written.agreement.images == len(cs.load(str(photos), "test"))
    session = Session((tmp_path / "photos.onnx").read_bytes())
    card = photos_run.model().card
    files = sorted(path for path in photos.rglob("*.*"))
    for file, prediction in zip(files, cs.predict(photos_run, files).predictions, strict=True):
        said = session.run(read(file, card.size))
        assert said.labels[0] == ("unknown" if prediction.unknown else prediction.top[0].label)
        assert said.unknown[0] == prediction.unknown
        assert said.probabilities.max() == pytest.approx(prediction.top[0].probability, abs=1e-4)


@pytest.mark.slow
def test_a_zip(photos, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", photos)
    run = cs.train("small", archive, "fast", out=tmp_path / "run", epochs=1, size=16, quiet=True)
    written = cs.export(run, tmp_path / "zip.onnx", quiet=True)
    assert written.agreement.images == len(cs.load(archive, "test"))


@pytest.mark.slow
def test_a_size_other_than_the_data_s_own(tmp_path):
    """Digits have 8 pixels; the run enlarges batches in torch, and files are resized by Pillow."""
    run = cs.train("small", "digits", "fast", out=tmp_path / "run", epochs=2, size=20, quiet=True)
    written = cs.export(run, tmp_path / "digits.onnx", quiet=True)
    assert written.agreement.same_top == 359
    session = Session((tmp_path / "digits.onnx").read_bytes())
    test = cs.load("digits", "test")
    images = np.repeat(test.images.transpose(0, 2, 3, 1), 3, axis=3)
    logits = cs.evaluate(run, quiet=True).logits
    best = session.run(images).probabilities.argmax(axis=1)
    assert (best == logits.values.argmax(dim=1).numpy()).mean() > 0.99


@pytest.mark.slow
def test_a_model_file_with_images_given(digits_run, tmp_path):
    folder = write_files(
        tmp_path / "images",
        {
            "a.png": encoded(noise(9, 30)),
            "below/b.jpg": encoded(noise(300, 200), "JPEG"),
            "below/notes.txt": b"not an image",
        },
    )
    written = cs.export(digits_run.model_file, tmp_path / "digits.onnx", images=folder, quiet=True)
    assert written.agreement.images == 2


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_a_module_of_ones_own(tmp_path):
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 8, 3)
            self.dense = torch.nn.Linear(8, 10)

        def forward(self, images):
            return self.dense(self.conv(images).relu().amax(dim=(2, 3)))

    run = cs.train(Own(), "digits", "fast", out=tmp_path / "run", epochs=1, quiet=True)
    with pytest.raises(UsageError, match="is a module of your own"):
        cs.export(run, tmp_path / "own.onnx", quiet=True)
    written = cs.export(run, tmp_path / "own.onnx", module=Own(), quiet=True)
    assert (written.network, written.agreement.same_top) == ("Own", 359)


@pytest.mark.slow
def test_nothing_is_overwritten(digits_run, tmp_path):
    file = tmp_path / "digits.onnx"
    file.write_text("mine")
    again = lambda **more: cs.export(digits_run, file, quiet=True, **more)  # noqa: E731
    expected = (
        f"{str(file)!r} exists. Replace it: --force (in Python force=True); or give another name."
    )
    assert message(again) == expected
    assert file.read_text() == "mine"
    file.unlink()
    (tmp_path / "digits_reader.py").write_text("mine too")
    assert "digits_reader.py' exists. Replace it: --force" in message(again)
    again(force=True)
    assert onnx.load(file).producer_name == "convscope"


@pytest.mark.slow
def test_an_export_that_differs_leaves_nothing(digits_run, tmp_path, monkeypatch):
    body = onnx_export.export_network
    monkeypatch.setattr(
        onnx_export,
        "export_network",
        lambda model, opset: body(
            replace(
                model,
                card=model.card.model_copy(update={"temperature": 1.01 * model.card.temperature}),
            ),
            opset,
        ),
    )
    with pytest.raises(ConvscopeError, match="predicts otherwise, so it isn't written"):
        cs.export(digits_run, tmp_path / "digits.onnx", quiet=True)
    assert not list(tmp_path.iterdir())


def test_names_that_do_not_fit(digits_run, tmp_path):
    assert message(lambda: cs.export(digits_run, tmp_path / "digits.pt")) == (
        "The suffix of a file to export says what it is to hold: .onnx the whole model, "
        f".safetensors weights with torchvision's names. {str(tmp_path / 'digits.pt')!r} has "
        "neither."
    )
    assert message(lambda: cs.export(digits_run, tmp_path / "no" / "digits.onnx")) == (
        f"There is no folder {str(tmp_path / 'no')!r} to write 'digits.onnx' in."
    )
    (tmp_path / "folder.onnx").mkdir()
    assert "is a folder. Give the name of a file" in message(
        lambda: cs.export(digits_run, tmp_path / "folder.onnx", force=True)
    )
    assert "No run folder" in message(lambda: cs.export(tmp_path / "nowhere", "x.onnx"))


@pytest.mark.parametrize("opset", [17, 999])
def test_opsets_that_do_not_exist(digits_run, tmp_path, opset):
    text = message(lambda: cs.export(digits_run, tmp_path / "digits.onnx", opset=opset))
    assert text == f"--opset must be from 18 to {onnx.defs.onnx_opset_version()}; given {opset}."


@pytest.mark.slow
def test_an_opset_that_onnx_runtime_does_not_know(digits_run, tmp_path, monkeypatch):
    def refuses(content):
        raise ValueError("Opset 99 is under development\nand more")

    monkeypatch.setattr(onnx_export, "Session", refuses)
    with pytest.raises(ConvscopeError) as error:
        cs.export(digits_run, tmp_path / "digits.onnx", quiet=True)
    assert str(error.value) == (
        "ONNX Runtime can't open the exported model; a lower --opset may help. It says: Opset 99 "
        "is under development"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_no_images_to_compare_on(digits_run, tmp_path):
    target = tmp_path / "digits.onnx"
    assert message(lambda: cs.export(digits_run.model_file, target)) == (
        "An export is compared with the run on real images, and a model file alone has none. "
        "Give a folder of them: --images FOLDER."
    )
    empty = write_files(tmp_path / "empty", {"notes.txt": b"x"})
    assert message(lambda: cs.export(digits_run, target, images=empty)) == (
        f"--images {str(empty)!r} has no images in it. Give another folder."
    )
    assert message(lambda: cs.export(digits_run, target, images="nowhere")) == (
        "--images 'nowhere' is not a folder. Give a folder of images."
    )
    arrays = cs.ImageSet(
        np.stack([noise(8, 8, 1, seed=number)[None] for number in range(20)]),
        np.arange(20) % 2,
        ["a", "b"],
    )
    run = cs.train("small", arrays, "fast", out=tmp_path / "run", epochs=1, quiet=True)
    assert "a run that was trained on arrays has none" in message(lambda: cs.export(run, target))


def test_a_damaged_model(digits_run, tmp_path):
    folder = shutil.copytree(digits_run.folder, tmp_path / "run")
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:1000])
    with pytest.raises(ConvscopeError, match=r"model.safetensors' is damaged"):
        cs.export(folder, tmp_path / "digits.onnx")


def test_missing_packages(digits_run, tmp_path, monkeypatch):
    monkeypatch.setattr(export_module, "PACKAGES", ("onnx", "no_such_package"))
    assert message(lambda: cs.export(digits_run, tmp_path / "digits.onnx")) == (
        "To export to ONNX, no_such_package must be installed: pip install 'convscope[onnx]'."
    )


def test_too_large_for_one_file(digits_run, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "MOST_BYTES", 1000)
    with pytest.raises(ConvscopeError, match="one ONNX file holds less than 2"):
        cs.export(digits_run, tmp_path / "digits.onnx")


def test_of_many_images_some_are_compared_evenly(digits_run, tmp_path, monkeypatch):
    monkeypatch.setattr(originals, "MOST", 3)
    card = digits_run.model().card
    names = [each.name for each in originals.originals(digits_run, card, None)]
    test = cs.load("digits", "test")
    assert names == [test.paths[0], test.paths[179], test.paths[358]]


@pytest.mark.slow
def test_odd_sizes(digits_run, tmp_path):
    model = digits_run.model()
    save_model(tmp_path / "model.safetensors", model.network, model.card)
    shapes = [(1, 1), (1, 300), (300, 2), (8, 8), (28, 28)]
    for height, width in shapes:
        (tmp_path / f"{height}x{width}.png").write_bytes(encoded(noise(height, width)))
    written = cs.export(
        tmp_path / "model.safetensors", tmp_path / "odd.onnx", images=tmp_path, quiet=True
    )
    assert written.agreement.images == len(shapes)


@pytest.mark.slow
def test_class_names_are_text_whatever_they_are(tmp_path):
    classes = ("", "emoji 🐈", 'quote"\\', "unknown", "x" * 300)
    model = made("small", classes=classes, size=16)
    save_model(tmp_path / "model.safetensors", model.network, model.card)
    assert load_model(tmp_path / "model.safetensors").card.classes == classes
    (tmp_path / "a.png").write_bytes(encoded(noise(40, 40)))
    cs.export(tmp_path / "model.safetensors", tmp_path / "m.onnx", images=tmp_path, quiet=True)
    session = Session((tmp_path / "m.onnx").read_bytes())
    said = session.run(np.stack([noise(20, 30, seed=number) for number in range(64)]))
    best = said.probabilities.argmax(axis=1)
    assert said.labels == [classes[number] for number in best]
