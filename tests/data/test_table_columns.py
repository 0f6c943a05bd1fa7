import pytest

from convscope.data.table_columns import find_columns, has_headings, parse_columns
from convscope.errors import UsageError


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (["path", "label"], {"path": 0, "label": 1}),
        (["Image_ID", "Sex", "dx", "Patient ID"], {"path": 0, "label": 2, "group": 3}),
        (["label", "class name", "file-name"], {"path": 2, "label": 1}),
        (["类别", "文件名"], {"path": 1, "label": 0}),
        (["fname", "labels", "is_valid"], {"path": 0, "label": 1, "split": 2}),
        (["image", "kind of bird"], {"path": 0, "label": 1}),
        (["split", "target", "img"], {"path": 2, "label": 1, "split": 0}),
    ],
)
def test_columns_by_their_usual_names(headings, expected):
    assert find_columns(headings, [], {}, "t.csv") == expected


def test_paths_are_known_by_their_look():
    rows = [["cat", "7", "a.jpg"], ["dog", "9", "b.jpg"]]
    assert find_columns(["kind", "number", "where"], rows, {"label": "kind"}, "t.csv") == {
        "path": 2, "label": 0,
    }  # fmt: skip


def test_columns_that_somebody_names():
    headings = ["a", "b", "c", "label"]
    given = {"path": "B", "label": "3", "group": "a"}
    assert find_columns(headings, [], given, "t.csv") == {"path": 1, "label": 2, "group": 0}
    with pytest.raises(UsageError, match="'t.csv' has no column 'z'; it has a, b, c and label"):
        find_columns(headings, [], {"path": "z"}, "t.csv")


def test_what_cant_be_found_is_asked():
    with pytest.raises(UsageError) as caught:
        find_columns(["a", "b", "c"], [["1", "2", "3"]], {}, "t.csv")
    assert str(caught.value) == (
        "'t.csv': no column is known to hold the path of an image and its class; it has a, b and "
        'c. Say which, as in --columns path=a,label=c (columns={"path": "a", "label": "c"}).'
    )


def test_headings():
    assert has_headings(["id", "label"])
    assert not has_headings(["a.JPG", "cat"])


def test_columns_on_the_command_line():
    assert parse_columns("path=image id, label=dx") == {"path": "image id", "label": "dx"}
    with pytest.raises(UsageError, match="takes WHAT=COLUMN, as in path=image_id,label=dx"):
        parse_columns("path")
    with pytest.raises(UsageError, match="Unknown column 'paths'. Did you mean 'path'"):
        parse_columns("paths=a")
