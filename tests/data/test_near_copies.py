"""A split that Convscope makes keeps copies on one side, and takes no look-alikes for copies.

Tests data/near_copies.py, data/check/alike.py.
"""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from convscope.data import near_copies
from convscope.data.check.alike import size_of_look_alikes
from convscope.data.check.check import check
from convscope.data.check.leaks import check_leaks
from convscope.data.exact_duplicates import merge
from convscope.data.load import load_splits
from convscope.data.near_copies import add_near_copies
from convscope.data.reading import Reading
from tests.data.check.scenes import image_set, scenes
from tests.data.image_files import encoded, write_files


@given(st.lists(st.lists(st.integers(0, 19), min_size=1, max_size=4)))
def test_merging_gives_the_connected_parts(links):
    groups = merge(20, links)
    for link in links:
        if len(set(link)) > 1:
            assert sum(set(link) <= set(group) for group in groups) == 1
    assert sum(map(len, groups)) == len({row for group in groups for row in group})
    assert all(group == sorted(group) and len(group) > 1 for group in groups)


@pytest.mark.parametrize(
    ("size", "per_class", "count", "expected"),
    [
        (4, 6, 60, 4),  # most of a class
        (3, 5, 60, 0),  # too few to tell
        (4, 8, 60, 0),  # half of it isn't most
        (13, 30, 60, 13),
        (13, 30, 200, 0),  # below a tenth of all
    ],
)
def test_groups_that_are_too_large_for_copies(size, per_class, count, expected):
    labels = np.arange(count) // per_class
    assert size_of_look_alikes(count, [[0, per_class], list(range(size))], labels) == expected
    assert size_of_look_alikes(count, [], labels) == 0
    # Rows behind the labels belong to no class.
    assert size_of_look_alikes(count + 9, [list(range(count, count + 9))], labels) == 0


def jpeg(image, quality):
    buffer = io.BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """40 scenes, each there four times: as it is, mirrored, saved again, and in another format."""
    files = {}
    for row, image in enumerate(scenes(40, side=48)):
        name = "ab"[row % 2]
        picture = image.transpose(1, 2, 0)
        files |= {
            f"{name}/{row}-0.png": encoded(picture),
            f"{name}/{row}-1.png": encoded(np.ascontiguousarray(picture[:, ::-1])),
            f"{name}/{row}-2.jpg": jpeg(image, 60),
            f"{name}/{row}-3.bmp": encoded(picture, "BMP"),
        }
    return write_files(tmp_path_factory.mktemp("copied"), files)


@pytest.mark.parametrize("seed", range(3))
def test_copies_come_into_one_split(copied, seed):
    splits = load_splits(copied, size=32, seed=seed)
    sides = {}
    for name, images in splits.items():
        for path in images.paths:
            sides.setdefault(path.rpartition("/")[2].split("-")[0], set()).add(name)
        assert set(images.labels.tolist()) == {0, 1}
    assert [found for found in sides.values() if len(found) > 1] == []
    assert 24 <= len(splits["test"]) <= 32
    assert check_leaks(splits, str(copied)) == []
    assert any("images are near copies of others" in note for note in splits["train"].notes)
    again = load_splits(copied, size=16, seed=seed)  # the size doesn't decide
    assert again["test"].paths == splits["test"].paths


def drawing(seed, side=32):
    """A disc or a stripe on plain ground: machine parts, forms, icons."""
    draw = np.random.default_rng(seed)
    image = Image.new("L", (side, side), 230)
    pen = ImageDraw.Draw(image)
    x, y = draw.integers(12, 20, 2).tolist()
    radius = int(draw.integers(6, 9))
    if seed % 2:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=40)
    else:
        pen.rectangle((0, y - radius // 2, side, y + radius // 2), fill=40)
    return np.asarray(image)


def test_drawings_that_look_alike_are_divided_and_it_is_said(tmp_path):
    files = {f"{['stripe', 'disc'][i % 2]}/{i}.png": encoded(drawing(i)) for i in range(160)}
    splits = load_splits(write_files(tmp_path, files))
    assert len(splits["test"]) in range(20, 45)
    for images in splits.values():
        assert set(images.labels.tolist()) == {0, 1}
    assert any("look alike" in note for note in splits["train"].notes)
    assert check_leaks(splits, str(tmp_path), allow_conflicts=True) == []


def test_of_many_images_only_exact_copies_are_kept_together(monkeypatch):
    monkeypatch.setattr(near_copies, "NEAR_LIMIT", 10)
    groups, (note,) = add_near_copies(image_set(scenes(12)), [[0, 3]])
    assert groups == [[0, 3]]
    assert note.startswith("Near copies are kept in one split only for up to 10 images")


def test_earlier_runs_are_divided_as_they_were(copied):
    earlier = load_splits(copied, size=32, reading=Reading(rules=1))
    assert earlier["test"].paths != load_splits(copied, size=32)["test"].paths


def test_the_check_of_look_alikes_steps_back(tmp_path):
    """Discs and stripes in mixed modes: nothing is refused, and no pairs are listed."""
    modes = ["L", "RGB", "RGBA", "P", "1"]
    files = {
        f"{part}/{'ab'[k % 2]}/{k}.png": encoded(Image.fromarray(drawing(k)).convert(modes[k % 5]))
        for k in range(80)
        for part in [["train", "test"][k // 60]]
    }
    root = write_files(tmp_path / "drawn", files)
    (found,) = [each for each in check(root, quiet=True).findings if each.kind == "look alike"]
    assert found.detail.startswith("Many images look alike (")
    assert found.detail.endswith(" pairs aren't listed")
    splits = load_splits(root, size=32)
    notes = check_leaks(splits, str(root), allow=True, allow_conflicts=True)
    assert any(note.startswith("Many images look alike (") for note in notes)
