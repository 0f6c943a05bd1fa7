import gzip
import re

import numpy as np
import pytest

from convscope.data import mnist as module
from convscope.data.mnist import SOURCES, read
from convscope.errors import ConvscopeError
from tests.conftest import needs_data
from tests.data.image_files import write_files
from tests.data.test_idx import idx


def small(train=6, test=4, label_limit=10):
    random = np.random.default_rng(0)
    files = {}
    for name, count in (("train", train), ("t10k", test)):
        images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % label_limit).astype(np.uint8)
        files |= {
            f"{name}-images-idx3-ubyte": idx(images),
            f"{name}-labels-idx1-ubyte": idx(labels),
        }
    return files


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch):
    def refuse(remote, folder):
        raise AssertionError(f"{remote.name} would have been downloaded to {folder}")

    monkeypatch.setattr(module, "download", refuse)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("below", ["mnist/", ""])
def test_files_are_found_in_the_data_folder(tmp_path, monkeypatch, packed, below):
    files = {
        f"{below}{name}{'.gz' * packed}": gzip.compress(content) if packed else content
        for name, content in small().items()
    }
    monkeypatch.setenv("CONVSCOPE_DATA", str(write_files(tmp_path / "data", files)))
    splits = read("mnist")
    assert {name: len(each) for name, each in splits.items()} == {"train": 6, "test": 4}
    assert splits["train"].image_shape == (1, 28, 28)
    assert splits["train"].classes == tuple("0123456789")
    assert splits["train"].paths[3] == "train-images[3]"
    assert splits["test"].split == "test"
    assert splits["test"].name == "mnist"


def test_files_of_the_other_set_are_not_taken_for_this_one(tmp_path, monkeypatch):
    import hashlib

    files = small()
    digest = hashlib.md5(files["train-labels-idx1-ubyte"], usedforsecurity=False).hexdigest()
    fashion = SOURCES["fashion-mnist"]
    monkeypatch.setitem(
        SOURCES, "fashion-mnist", module.Source(fashion.classes, (), {"x": ""}, digest)
    )
    monkeypatch.setenv("CONVSCOPE_DATA", str(write_files(tmp_path / "data", files)))
    assert read("fashion-mnist")["train"].classes[0] == "T-shirt/top"
    with pytest.raises(AssertionError, match="would have been downloaded"):
        read("mnist")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t10k-labels-idx1-ubyte": None}, r"mnist' lacks t10k-labels-idx1-ubyte \(or t10k-"),
        (
            {"train-labels-idx1-ubyte": idx(np.zeros(5, np.uint8))},
            r"train-images.*its header says \(6, 28, 28\), but there are 5 labels",
        ),
        (
            {"train-labels-idx1-ubyte": idx(np.array([0, 1, 2, 10, 4, 5], np.uint8))},
            "is damaged: label 3 is 10, and the largest is 9",
        ),
        ({"train-images-idx3-ubyte": b"no"}, "cannot be read as an IDX file"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, monkeypatch, change, message):
    files = {f"mnist/{k}": v for k, v in (small() | change).items() if v is not None}
    monkeypatch.setenv("CONVSCOPE_DATA", str(write_files(tmp_path / "data", files)))
    with pytest.raises(ConvscopeError, match=message):
        read("mnist")


@pytest.mark.parametrize("name", SOURCES)
def test_the_published_files_are_all_known(name):
    source = SOURCES[name]
    wanted = {f"{file}.gz" for pair in module.FILES.values() for file in pair}
    assert set(source.digests) == wanted
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in source.digests.values())
    assert len(source.mirrors) >= 2
    assert len(source.classes) == 10


def test_what_is_not_there_is_downloaded(monkeypatch, cache):
    asked = []

    def fake(remote, folder):
        asked.append((remote.name, remote.urls[1], remote.digest))
        write_files(folder, {remote.name: gzip.compress(small()[remote.name[:-3]])})

    monkeypatch.setattr(module, "download", fake)
    assert len(read("mnist")["train"]) == 6
    assert (cache / "mnist").is_dir()
    assert asked[1] == (
        "train-labels-idx1-ubyte.gz",
        "https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz",
        "d53e105ee54ea40749a09fcbcd1e9432",
    )
    read("mnist")
    assert len(asked) == 4


@needs_data("fashion-mnist")
class TestFashionMnist:
    @pytest.mark.slow
    def test_is_the_published_one(self, monkeypatch, given_data):
        monkeypatch.setenv("CONVSCOPE_DATA", given_data)
        splits = read("fashion-mnist")
        assert {name: len(each) for name, each in splits.items()} == {"train": 60000, "test": 10000}
        assert set(splits["train"].counts().values()) == {6000}
        assert splits["train"].labels[:5].tolist() == [9, 0, 0, 3, 0]
        mean, std = splits["train"].statistics()
        assert mean == pytest.approx((0.2860,), abs=1e-4)
        assert std == pytest.approx((0.3530,), abs=1e-4)
