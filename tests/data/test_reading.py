import pytest

from convscope.data.reading import Reading, parse_split_folders
from convscope.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train=A", {"train": "A"}),
        ("train=A, test=B C", {"train": "A", "test": "B C"}),
        ("none", "none"),
        ("auto", "auto"),
    ],
)
def test_split_folders_on_the_command_line(text, expected):
    assert parse_split_folders(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A", "takes SPLIT=FOLDER, as in train=A,test=B, or none; given 'A'"),
        ("train=", "takes SPLIT=FOLDER"),
        ("trian=A", "Unknown split 'trian'. Did you mean 'train'"),
        ("train=A,test=A", "names a folder twice"),
    ],
)
def test_mistakes_in_split_folders(text, message):
    with pytest.raises(UsageError, match=message):
        parse_split_folders(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fit": "crob"}, "Unknown fit 'crob'. Did you mean 'crop'"),
        ({"grey_range": (5, 5)}, r"grey_range is \(lowest, highest\), the first below"),
        ({"zip_encoding": "x"}, "zip_encoding is auto or an encoding"),
        ({"split_folders": {}}, "names folders, as in"),
    ],
)
def test_mistakes_in_fields(fields, message):
    with pytest.raises(UsageError, match=message):
        Reading(**fields)
