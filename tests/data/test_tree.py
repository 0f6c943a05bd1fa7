import os
import socket
import sys
import warnings
import zipfile

import pytest

from convscope.data import tree as module
from convscope.data import zip_tree as zip_module
from convscope.data.decode import ImageError
from convscope.data.tree import FolderTree
from convscope.data.zip_tree import ZipTree
from convscope.errors import UsageError
from tests.data.image_files import write_files

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that appear twice
        for name, content in files:
            archive.writestr(name, content)
    return path


def reasons(listing, root):
    return {
        os.path.relpath(each.path, root).replace(os.sep, "/"): each.reason
        for each in listing.problems
    }


ORDINARY = {"b/2.png": b"2", "a/1.png": b"1", "a/deep/er/3.png": b"3"}
IGNORED = {
    ".git/config": b"",
    "a/.hidden.png": b"",
    "a/.ipynb_checkpoints/1.png": b"",
    "__MACOSX/a/._1.png": b"",
    "a/Thumbs.db": b"",
    "b/desktop.ini": b"",
    ".DS_Store": b"",
}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_files_are_listed_in_order_without_what_systems_leave(kind, tmp_path):
    if kind == "folder":
        tree = FolderTree(write_files(tmp_path / "pets", ORDINARY | IGNORED))
        where = str(tmp_path / "pets" / "a/1.png")
    else:
        path = zipped(tmp_path / "pets.zip", (ORDINARY | IGNORED).items())
        tree = ZipTree(path)
        where = f"{path}/a/1.png"
    listing = tree.listing()
    assert listing.files == ["a/1.png", "a/deep/er/3.png", "b/2.png"]
    assert listing.problems == []
    assert tree.name == "pets"
    assert tree.read("a/deep/er/3.png") == b"3"
    assert tree.where("a/1.png") == where


def test_names_of_any_kind(tmp_path):
    names = ["a/new\nline.png", "a/🐈.png", "a/" + "x" * 251 + ".png", "A/1.png", "a/1.png"]
    root = write_files(tmp_path / "x", {name: name.encode() for name in names})
    tree = FolderTree(root)
    assert tree.listing().files == sorted(names)
    assert all(tree.read(name) == name.encode() for name in names)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_can_be_read_and_printed(tmp_path):
    (tmp_path / "a").mkdir()
    with open(os.fsencode(tmp_path) + b"/a/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(b"1")
    tree = FolderTree(tmp_path)
    (name,) = tree.listing().files
    assert tree.read(name) == b"1"
    assert tree.where(name).encode().endswith(b"a/\\xff.png")


@needs_links
def test_links(tmp_path):
    outside = write_files(tmp_path / "outside", {"4.png": b"4", "5.png": b"5"})
    root = write_files(tmp_path / "pets", {"a/1.png": b"1", "b/2.png": b"2"})
    (root / "a/loop").symlink_to(root / "a")
    (root / "a/up").symlink_to("..")
    (root / "a/twin.png").symlink_to(root / "b/2.png")
    (root / "a/gone.png").symlink_to("nothing.png")
    (root / "a/self.png").symlink_to("self.png")
    (root / "a/out.png").symlink_to(outside / "4.png")
    (root / "c").symlink_to(outside)
    (root / "d").symlink_to(outside)
    (outside / "back").symlink_to(root)
    listing = FolderTree(root).listing()
    found = reasons(listing, root)
    inside = "a link to something inside the same folder"
    nothing = "a link to nothing"
    assert found.pop("a/loop") == found.pop("a/up") == found.pop("a/twin.png") == inside
    assert found.pop("a/gone.png") == found.pop("a/self.png") == nothing
    # Of two links to the same folder, one is followed.
    second = "a link to a folder that was already read"
    followed, other = ("c", "d") if found.pop("d", None) == second else ("d", "c")
    assert found.pop(other, second) == second
    assert found == {f"{followed}/back": inside}
    assert listing.files == sorted(
        ["a/1.png", "a/out.png", "b/2.png", f"{followed}/4.png", f"{followed}/5.png"]
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes in folders")
def test_pipes_and_sockets_are_never_opened(tmp_path, monkeypatch):
    root = write_files(tmp_path / "pets", {"a/1.png": b"1"})
    os.mkfifo(root / "a/pipe.png")
    monkeypatch.chdir(root)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("a/socket.png")
        listing = FolderTree(root).listing()
    assert listing.files == ["a/1.png"]
    assert reasons(listing, root) == dict.fromkeys(
        ["a/pipe.png", "a/socket.png"], "neither a file nor a folder"
    )


def test_folders_without_files_are_reported_once(tmp_path):
    root = write_files(tmp_path / "pets", {"a/1.png": b"1"})
    (root / "empty/er").mkdir(parents=True)
    (root / "a/none").mkdir()
    listing = FolderTree(root).listing()
    assert reasons(listing, root) == dict.fromkeys(["empty", "a/none"], "a folder without files")
    path = zipped(tmp_path / "pets.zip", [("a/", b""), ("a/1.png", b"1"), ("empty/", b"")])
    (problem,) = ZipTree(path).listing().problems
    assert (problem.path, problem.reason) == (f"{path}/empty", "a folder without files")


def test_folders_that_cannot_be_read_are_reported(tmp_path, monkeypatch):
    root = write_files(tmp_path / "pets", {"a/1.png": b"1", "b/2.png": b"2"})
    scan = os.scandir

    def refuse(folder):
        if str(folder).endswith("b"):
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(module.os, "scandir", refuse)
    listing = FolderTree(root).listing()
    assert listing.files == ["a/1.png"]
    assert reasons(listing, root) == {"b": "cannot be read: Permission denied"}


def test_zip_names_never_lead_anywhere(tmp_path):
    bad = ["../up.png", "/etc/passwd", "a/../../x.png", "a//b.png", "..\\up2.png"]
    path = zipped(tmp_path / "x.zip", [*((name, b"!") for name in bad), ("a\\1.png", b"1")])
    tree = ZipTree(path)
    listing = tree.listing()
    assert listing.files == ["a/1.png"]
    assert tree.read("a/1.png") == b"1"
    assert {each.reason for each in listing.problems} == {"a name that leads out of the archive"}
    assert len(listing.problems) == len(bad)
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_twice_in_a_zip(tmp_path):
    tree = ZipTree(zipped(tmp_path / "x.zip", [("a/1.png", b"first"), ("a/1.png", b"second")]))
    listing = tree.listing()
    assert tree.read("a/1.png") == b"first"
    assert [each.reason for each in listing.problems] == ["in the archive a second time"]


def test_damaged_zip_members_are_refused_one_by_one(tmp_path):
    path = zipped(tmp_path / "x.zip", [("a/1.png", b"first" * 9), ("a/2.png", b"second" * 9)])
    content = bytearray(path.read_bytes())
    content[content.index(b"firstfirst") + 3] ^= 1
    path.write_bytes(content)
    tree = ZipTree(path)
    tree.listing()
    with pytest.raises(ImageError, match="cannot be read from the archive: Bad CRC-32"):
        tree.read("a/1.png")
    assert tree.read("a/2.png") == b"second" * 9


def test_what_is_no_zip(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK\x03\x04 but then nothing")
    with pytest.raises(UsageError, match=r"x\.zip' is not a zip archive that can be read"):
        ZipTree(path)


def test_zip_bombs(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2):
            archive.writestr(f"a/{number}.png", bytes(2 << 20))
    monkeypatch.setattr(zip_module, "MAX_BYTES", 1 << 20)
    tree = ZipTree(path)
    tree.listing()
    with pytest.raises(ImageError, match="larger than 1 MiB"):
        tree.read("a/0.png")
    # The same archive, declaring 2 × 1 GiB.
    content = path.read_bytes().replace((2 << 20).to_bytes(4, "little"), b"\0\0\0\x40")
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"would unpack to 2,048 MiB.*looks like a zip bomb"):
        ZipTree(path)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_digests_follow_the_content(kind, tmp_path):
    def tree(content):
        if kind == "folder":
            return FolderTree(write_files(tmp_path / "pets", {"a/1.png": content}))
        return ZipTree(zipped(tmp_path / "pets.zip", [("a/1.png", content)]))

    first = tree(b"one").digests(["a/1.png"])
    assert first != tree(b"two").digests(["a/1.png"])
    assert len(first) == 1


def test_a_run_inside_the_data_is_no_data(tmp_path):
    run = tmp_path / "runs" / "lenet-pets-1"
    (run / "figures").mkdir(parents=True)
    for name in ("recipe.toml", "environment.json", "figures/curves.png"):
        (run / name).write_bytes(b"x")
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(b"x")
    listing = FolderTree(tmp_path).listing()
    assert listing.files == ["cat/1.png"]
    assert [each.reason for each in listing.problems] == [
        "a run of Convscope, whose figures are no data"
    ]


def test_a_drive_in_a_zip_is_no_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("C:/win/1.png", b"x")
        archive.writestr("cat/1.png", b"x")
    listing = ZipTree(tmp_path / "a.zip").listing()
    assert listing.files == ["cat/1.png"]
    assert [each.reason for each in listing.problems] == ["a name that leads out of the archive"]
