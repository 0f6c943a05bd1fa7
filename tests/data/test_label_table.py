import pytest

from convscope.data.label_table import LabelledFile, is_table, name_table, read_table
from convscope.errors import UsageError


@pytest.fixture
def read(tmp_path):
    def run(content, name="labels.csv", columns=None, group_by=""):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(file, columns or {}, group_by)

    return run


def pairs(table):
    return [(each.path, each.label) for each in table.files]


WORDS = "path,label\n1.jpg,été\n2.jpg,noël\n3.jpg,forêt\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(read, encoding):
    assert pairs(read(WORDS.encode(encoding))) == [
        ("1.jpg", "été"), ("2.jpg", "noël"), ("3.jpg", "forêt"),
    ]  # fmt: skip


def test_chinese_of_old_windows(read):
    table = read("文件名,类别\n1.jpg,苹果\n2.jpg,香蕉\n3.jpg,苹果\n".encode("gbk"))
    assert [label for _, label in pairs(table)] == ["苹果", "香蕉", "苹果"]


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_what_parts_the_cells(read, mark):
    text = f'path{mark}label\r\n"a, b;1.jpg"{mark}"big ""cat"""\r\n\r\n2.jpg{mark} dog \r\n'
    table = read(text)
    assert pairs(table) == [("a, b;1.jpg", 'big "cat"'), ("2.jpg", "dog")]
    assert [each.line for each in table.files] == [2, 4]
    assert table.columns == {"path": "path", "label": "label"}


def test_without_headings(read):
    assert pairs(read("a.jpg,cat\nb.jpg,dog\n")) == [("a.jpg", "cat"), ("b.jpg", "dog")]
    assert pairs(read("a.jpg 3\nb.jpg 4\n", "train.txt")) == [("a.jpg", "3"), ("b.jpg", "4")]


def test_split_and_group(read):
    table = read("path,label,split,patient\n1.jpg,a,Train,p1\n2.jpg,b,val,\n3.jpg,b,holdout,p2\n")
    assert [(each.split, each.group) for each in table.files] == [
        ("train", "p1"), ("validation", ""), ("test", "p2"),
    ]  # fmt: skip
    flagged = read("path,label,is_valid\n1.jpg,a,False\n2.jpg,b,True\n")
    assert [each.split for each in flagged.files] == ["train", "validation"]
    fold = read("path,label,fold\n1.jpg,a,3\n2.jpg,b,4\n")
    assert [each.split for each in fold.files] == ["", ""]
    assert "split" not in fold.columns


def test_a_column_to_group_by(read):
    table = read("path,label,patient,tree\n1.jpg,a,p,t7\n", group_by="tree")
    assert table.files == [LabelledFile("1.jpg", "a", "", "t7", 2)]
    assert table.columns["group"] == "tree"


def test_an_unknown_split_is_named_with_its_line(read):
    with pytest.raises(UsageError, match=r"line 3: 'later' in the column 'split' is no split"):
        read("path,label,split\n1.jpg,a,train\n2.jpg,b,later\n")


def test_numbers_as_classes(read):
    assert [
        label for _, label in pairs(read("f,label\n1.jpg,3.0\n2.jpg,10\n".replace("f,", "file,")))
    ] == ["3", "10"]
    lines = "".join(f"{k}.jpg,{k / 7:.3f}\n" for k in range(30))
    with pytest.raises(
        UsageError, match="would be 30 numbers such as 0.000, 0.143 and 0.286, which"
    ):
        read("path,age\n" + lines)
    ids = "".join(f"{k}.jpg,{k}\n" for k in range(30))
    with pytest.raises(UsageError, match="are measurements"):
        read("path,number\n" + ids)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("path,label\n", r"has headings \(path and label\) but no lines"),
        (b"path,label\0\n", "isn't text"),
    ],
)
def test_what_is_no_table(read, content, message):
    with pytest.raises(UsageError, match=message):
        read(content)


def test_names(tmp_path):
    assert name_table(tmp_path / "birds" / "labels.csv") == "birds"
    assert name_table(tmp_path / "birds.csv") == "birds"
    (tmp_path / "a.TSV").touch()
    assert is_table(tmp_path / "a.TSV")
    assert not is_table(tmp_path / "b.csv")


def test_a_quote_that_never_ends_is_told_with_its_line(read):
    with pytest.raises(UsageError, match="line 2: a cell has more than 1,048,576 characters"):
        read('path,label\n"1.png,cat\n' + "2.png,dog\n" * 120_000)
