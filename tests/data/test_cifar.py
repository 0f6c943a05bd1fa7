import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from convscope.data import cifar as module
from convscope.data.cifar import BINARY, CLASSES, PYTHON, read
from convscope.errors import ConvscopeError
from tests.conftest import needs_data
from tests.data.image_files import encoded, noise, write_files
from tests.data.test_plain_pickle import attacks

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)
LABELS = np.arange(12) % 10


def batches(form, encode, size=2):
    """Six files of `size` images each."""
    names = (*form.train, form.test)
    rows = [slice(size * number, size * number + size) for number in range(6)]
    return {name: encode(IMAGES[row], LABELS[row]) for name, row in zip(names, rows, strict=True)}


def binary(images, labels):
    records = zip(labels, images, strict=True)
    return b"".join(bytes([label]) + image.tobytes() for label, image in records)


def python_2(images, labels):
    """A batch as the original files have it: protocol 2, written by Python 2 with old NumPy."""

    def text(value):
        return b"T" + len(value).to_bytes(4, "little") + value

    data = images.reshape(len(images), -1).tobytes()
    shape = b"K" + bytes([len(images)]) + b"M" + (3072).to_bytes(2, "little") + b"\x86"
    dtype = b"cnumpy\ndtype\nU\x02u1K\0K\1\x87R(K\3U\1|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\1b\x87R"
        b"(K\1" + shape + dtype + b"\x89" + text(data) + b"tb"
    )
    labels = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}q\0(U\x04dataq\1" + array + b"U\x06labelsq\2" + labels + b"u."


FORMS = {"binary": (BINARY, binary), "python": (PYTHON, python_2)}


def archive(path, form, files, extra=()):
    """A `.tar.gz` of the batches, with other members as (TarInfo, content)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    members = [(tarfile.TarInfo(f"{form.folder}/{name}"), files[name]) for name in files]
    with tarfile.open(path, "w:gz") as tar:
        for member, content in [*extra, *members]:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def check(splits):
    train, test = splits["train"], splits["test"]
    assert np.array_equal(train.images, IMAGES[:10])
    assert np.array_equal(train.labels, LABELS[:10])
    assert np.array_equal(test.images, IMAGES[10:])
    assert train.classes == CLASSES
    assert (test.name, test.split) == ("cifar10", "test")


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    def refuse(remote, folder):
        raise AssertionError("would have been downloaded")

    monkeypatch.setattr(module, "download", refuse)
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_handmade_batch_is_what_python_2_wrote():
    batch = pickle.loads(python_2(IMAGES[:2], LABELS[:2]), encoding="latin1")  # noqa: S301
    assert np.array_equal(batch["data"], IMAGES[:2].reshape(2, -1))
    assert batch["labels"] == LABELS[:2].tolist()


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("below", ["", "cifar10", "cifar10/{folder}", "{folder}"])
def test_unpacked_batches(data, kind, below):
    form, encode = FORMS[kind]
    write_files(data / below.format(folder=form.folder), batches(form, encode))
    splits = read()
    check(splits)
    assert splits["train"].paths[2] == f"{form.train[1]}[0]"


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("below", ["", "cifar10"])
def test_packed_batches(data, kind, below):
    form, encode = FORMS[kind]
    archive(data / below / form.archive, form, batches(form, encode))
    check(read())


def test_batches_pickled_again_by_python_3(data):
    def encode(images, labels):
        batch = {b"data": images.reshape(len(images), -1), b"labels": labels.tolist()}
        return pickle.dumps(batch, 2)

    write_files(data, batches(PYTHON, encode))
    check(read())


@pytest.mark.parametrize("kind", FORMS)
def test_hostile_members_of_an_archive_are_ignored(data, kind, tmp_path):
    form, encode = FORMS[kind]
    link = tarfile.TarInfo(f"{form.folder}/{form.test}")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    extra = [(link, b""), *((tarfile.TarInfo(name), b"!") for name in ("../up", "/etc/x", "x"))]
    archive(data / form.archive, form, batches(form, encode), extra)
    check(read())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def broken(kind, name, change):
    form, encode = FORMS[kind]
    files = batches(form, encode)
    files[name] = change(files[name])
    return {name: content for name, content in files.items() if content is not None}


BAD_LABEL = b"\xff" + IMAGES[0].tobytes()
PICKLED = [
    ([1, 2], "it holds no dictionary"),
    ({"labels": [0]}, "its data is not a NumPy array of bytes"),
    ({"labels": "01", "data": 0}, "its labels are not a list of whole numbers"),
    ({"labels": [0], "data": np.zeros((1, 3072), np.float32)}, "not a NumPy array of bytes"),
    ({"labels": [0], "data": np.zeros((1, 9), np.uint8)}, "1 rows of 9 values"),
    ({"labels": [0, 1], "data": np.zeros((1, 3072), np.uint8)}, "for 2 labels"),
    ({"labels": [10], "data": np.zeros((1, 3072), np.uint8)}, "label 0 is 10, and the largest is"),
    ({"labels": [-1], "data": np.zeros((1, 3072), np.uint8)}, "label 0 is -1"),
]


@pytest.mark.parametrize(
    ("kind", "name", "change", "message"),
    [
        (
            "binary",
            "data_batch_2.bin",
            lambda _: None,
            "data_batch_2.bin' is missing: CIFAR-10 has",
        ),
        (
            "binary",
            "data_batch_2.bin",
            lambda old: old[:-1],
            "length 6,145 is not a number of 3073",
        ),
        ("binary", "test_batch.bin", lambda _: b"", "length 0 is not a number"),
        ("binary", "test_batch.bin", lambda _: BAD_LABEL, "label 0 is 255, and the largest is 9"),
        ("python", "test_batch", lambda _: None, "test_batch' is missing"),
        ("python", "test_batch", lambda old: old[:-500], "cannot be read as CIFAR-10"),
        ("python", "test_batch", lambda _: b"\x80\x02N.", "it holds no dictionary"),
        *(
            ("python", "data_batch_5", lambda _, value=value: pickle.dumps(value, 2), message)
            for value, message in PICKLED
        ),
    ],
)
def test_damage_is_told_with_the_files_name(data, kind, name, change, message):
    write_files(data, broken(kind, name, change))
    with pytest.raises(ConvscopeError, match=message) as caught:
        read()
    assert str(data / name) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "not a gzip file"),
        (None, "it lacks data_batch_1.bin, data_batch_2.bin"),
        ("cut", "end-of-stream|unexpected end of data|Compressed file ended"),
    ],
)
def test_damaged_archives(data, content, message):
    path = data / BINARY.archive
    archive(path, BINARY, {} if content is None else batches(BINARY, binary))
    if content == "cut":
        path.write_bytes(path.read_bytes()[:20_000])
    elif content:
        path.write_bytes(content)
    with pytest.raises(ConvscopeError, match=message) as caught:
        read()
    assert str(path) in str(caught.value)


def test_a_batch_that_is_far_too_large_is_not_read(data, monkeypatch):
    monkeypatch.setattr(module, "MAX_BATCH_BYTES", 5000)
    archive(data / BINARY.archive, BINARY, batches(BINARY, binary))
    with pytest.raises(ConvscopeError, match=r"data_batch_1\.bin is too large for a batch"):
        read()
    (data / BINARY.archive).unlink()
    write_files(data, batches(BINARY, binary))
    with pytest.raises(ConvscopeError, match="it is too large for a batch"):
        read()


@pytest.mark.parametrize("number", range(8))
def test_a_pickle_that_attacks_is_refused_and_not_run(data, tmp_path, number):
    canary = tmp_path / "canary"
    attack = list(attacks(canary))[number]
    for value in (attack, {"data": attack, "labels": [0]}, {"data": 0, "labels": attack}):
        write_files(data, batches(PYTHON, python_2) | {"data_batch_1": pickle.dumps(value, 2)})
        with pytest.raises(ConvscopeError, match="cannot be read as CIFAR-10"):
            read()
    assert not canary.exists()


def jpegs():
    return {
        f"{split}/{name}/{number}.jpg": encoded(noise(32, 32, seed=number), "JPEG")
        for split in ("train", "test")
        for number, name in enumerate(CLASSES)
    }


@pytest.mark.parametrize("place", ["cifar10-jpeg.zip", "cifar10-jpeg", "cifar10"])
def test_images_as_files(data, place):
    if place.endswith(".zip"):
        data.mkdir()
        with zipfile.ZipFile(data / place, "w") as packed:
            for name, content in jpegs().items():
                packed.writestr(name, content)
    else:
        write_files(data / place, jpegs())
    splits = read()
    assert splits["train"].classes == CLASSES
    assert splits["train"].image_shape == (3, 32, 32)
    assert splits["test"].labels.tolist() == list(range(10))
    assert splits["test"].name == "cifar10"


def test_the_original_comes_before_images_as_files(data):
    write_files(data / "cifar10", jpegs() | batches(BINARY, binary))
    check(read())


def test_what_is_not_there_is_downloaded(monkeypatch, cache):
    def fake(remote, folder):
        assert remote.digest == "c32a1d4ab5d03f1284b67883e8d87530"
        assert len(remote.urls) >= 2
        archive(folder / remote.name, BINARY, batches(BINARY, binary))
        return folder / remote.name

    monkeypatch.setattr(module, "download", fake)
    check(read())
    monkeypatch.setattr(module, "download", None)
    check(read())
    assert (cache / "cifar10").is_dir()


@needs_data("cifar10")
@pytest.mark.slow
def test_the_zip_on_this_machine(monkeypatch, given_data):
    monkeypatch.setenv("CONVSCOPE_DATA", given_data)
    splits = read()
    assert {name: len(each) for name, each in splits.items()} == {"train": 50000, "test": 10000}
    assert set(splits["train"].counts().values()) == {5000}
    assert splits["train"].statistics()[0] == pytest.approx((0.4914, 0.4822, 0.4465), abs=2e-3)
