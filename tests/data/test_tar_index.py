"""What a tar archive holds, also one that is damaged or means harm."""

import tarfile

import pytest

from convscope.data.tar_index import key_of_sample, read_index
from convscope.errors import UsageError
from tests.data.tar_files import special, write_tar

LONG = f"{'long' * 60}/1.jpg"
CHINESE = f"{'猫' * 60}.jpg"


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_names_and_content_are_those_of_the_standard_library(tmp_path, kind):
    names = ["a/1.jpg", "./b/2.jpg"]
    names += [] if kind == tarfile.USTAR_FORMAT else [LONG, CHINESE]
    files = {name: name.encode() * (10 + number) for number, name in enumerate(names)}
    path = write_tar(tmp_path / "x.tar", files.items(), kind)
    index = read_index(path)
    assert list(index.files) == [name.removeprefix("./") for name in names]
    assert index.is_ended
    assert not index.reasons
    content = path.read_bytes()
    for (start, size), expected in zip(index.files.values(), files.values(), strict=True):
        assert content[start : start + size] == expected


@pytest.mark.parametrize(
    ("name", "key"),
    [("a.jpg", "a"), ("x/a.seg.png", "x/a"), ("x.y/a.cls", "x.y/a"), ("plain", "plain")],
)
def test_what_files_of_a_sample_have_in_common(name, key):
    assert key_of_sample(name) == key


@pytest.mark.parametrize(
    ("name", "content", "label"),
    [
        ("1.cls", b"7\n", "7"),
        ("1.cls", "猫".encode(), "猫"),
        ("1.json", b'{"label": 3, "width": 9}', "3"),
        ("1.json", b'{"label": 3, "class_name": "cat"}', "cat"),
        ("1.json", b'{"Class Name": "cat"}', "cat"),
        ("1.json", b"4", "4"),
        ("1.json", b'{"cls": 2.0}', "2"),
    ],
)
def test_labels(tmp_path, name, content, label):
    index = read_index(write_tar(tmp_path / "x.tar", [("1.jpg", b"x"), (name, content)]))
    assert index.labels == {"1": label}
    assert list(index.files) == ["1.jpg"]


def test_a_cls_counts_before_a_json(tmp_path):
    for order in (1, -1):
        members = [("1.cls", b"cat"), ("1.json", b'{"label": 3}')][::order]
        assert read_index(write_tar(tmp_path / f"{order}.tar", members)).labels == {"1": "cat"}


def test_a_json_without_a_label_is_a_file_like_any_other(tmp_path):
    index = read_index(write_tar(tmp_path / "x.tar", [("1.json", b'{"width": 9}')]))
    assert not index.labels
    assert list(index.files) == ["1.json"]


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (("../1.jpg", b""), "leads out of the archive"),
        (("a/../../1.jpg", b""), "leads out of the archive"),
        (("/1.jpg", b""), "leads out of the archive"),
        (("C:/1.jpg", b""), "leads out of the archive"),
        (special("1.jpg", tarfile.SYMTYPE, "/etc/passwd"), "a link, which isn't followed"),
        (special("1.jpg", tarfile.LNKTYPE, "0.jpg"), "a link, which isn't followed"),
        (special("1.jpg", tarfile.FIFOTYPE), "neither a file nor a folder"),
        (special("1.jpg", tarfile.CHRTYPE), "neither a file nor a folder"),
        (special("1.jpg", b"S"), "a sparse file"),
        (("0.jpg", b"other"), "a second time"),
        (("1.cls", b""), "holds no class"),
        (("1.cls", b"\xff\xff"), "not text"),
        (("1.json", b"{"), "not JSON"),
        (("1.json", b'{"label": [1, 2]}'), "neither a number nor a name"),
        (("1.json", b"[" * 100_000), "not JSON"),
    ],
)
def test_what_is_left_out_and_why(tmp_path, member, reason):
    index = read_index(write_tar(tmp_path / "x.tar", [("0.jpg", b"first"), member]))
    (found,) = index.reasons.values()
    assert reason in found
    assert list(index.files) == ["0.jpg"]


def test_what_systems_leave_behind_and_folders_are_not_there(tmp_path):
    members = [special("a/", tarfile.DIRTYPE), ("a/._1.jpg", b""), ("__MACOSX/1.jpg", b"")]
    index = read_index(write_tar(tmp_path / "x.tar", members))
    assert not index.files
    assert not index.reasons


def archive(path):
    return write_tar(path, [(f"{number}.jpg", bytes(600)) for number in range(4)]).read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda whole: whole[: 3 * 1536 + 700], "ends within '3.jpg', behind 3 other members"),
        (lambda whole: whole[: 3 * 1536 + 100], "damaged at byte 4,608, behind 3 members"),
        (lambda whole: whole[:1600] + b"?" + whole[1601:], "damaged at byte 1,536"),
        (lambda whole: b"", "is empty"),
        (lambda whole: b"hello" * 400, "doesn't begin as one"),
        (lambda whole: b"\x1f\x8b\x08" + whole, "compressed (gzip)"),
        (lambda whole: b"\x28\xb5\x2f\xfd" + whole, "compressed (zstd)"),
    ],
)
def test_what_is_not_whole_is_not_read(tmp_path, change, words):
    path = tmp_path / "x.tar"
    path.write_bytes(change(archive(path)))
    with pytest.raises(UsageError) as caught:
        read_index(path)
    assert words in str(caught.value)
    assert "x.tar" in str(caught.value)


def test_a_missing_end_mark_is_seen(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(archive(path)[: 3 * 1536])
    index = read_index(path)
    assert len(index.files) == 3
    assert not index.is_ended


def test_a_member_that_claims_terabytes_and_a_name_of_megabytes_are_refused(tmp_path):
    path = tmp_path / "x.tar"
    large = special("x.jpg", tarfile.REGTYPE)
    large.size = 1 << 42
    path.write_bytes(large.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(UsageError, match="ends within 'x.jpg'"):
        read_index(path)
    name = special("././@LongLink", b"L")
    name.size = 2 << 20
    path.write_bytes(name.tobuf(tarfile.GNU_FORMAT) + bytes(name.size))
    with pytest.raises(UsageError, match="a name or header of 2 MiB"):
        read_index(path)


def test_an_archive_is_read_anew_once_it_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("convscope.data.fingerprint.SETTLED", -1000.0)  # remember at once
    path = write_tar(tmp_path / "x.tar", [("1.jpg", b"x")])
    assert list(read_index(path).files) == ["1.jpg"]
    monkeypatch.setattr("convscope.data.tar_index._read", lambda path: pytest.fail("read again"))
    assert list(read_index(path).files) == ["1.jpg"]
    monkeypatch.undo()
    write_tar(tmp_path / "y.tar", [("2.jpg", b"xx")]).replace(path)
    assert list(read_index(path).files) == ["2.jpg"]
