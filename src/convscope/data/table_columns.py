"""Which columns of a table hold the path, the class, the split and the group of an image.

Names count in any case, with or without spaces and underscores: `Image_ID`, `file name`. Of several
that fit, the one that stands first in `NAMES` is taken. A table without headings has numbers for
names: 1, 2, …
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from convscope.data.file_kinds import may_be_image
from convscope.errors import UsageError, unknown_name
from convscope.look.names import join_names

NAMES = {
    "path": (
        "path filepath imagepath file filename imagefile imagefilename imagename image img imgpath "
        "imgname fname fn picture photo imageid imgid id 路径 文件 文件名 图片 图像 ファイル"
    ),
    "label": (
        "classname labelname categoryname class label labels category target species breed "
        "diagnosis dx variety type y 类别 标签 分类 种类 クラス ラベル"
    ),
    "split": "split subset partition fold set usage phase 划分",
    "group": (
        "group groupid patient patientid subject subjectid individual individualid plant plantid "
        "animal animalid specimen specimenid lesion lesionid scene sceneid sequence sequenceid "
        "分组 患者 病人"
    ),
}
FLAGS = {"isvalid": "validation", "isvalidation": "validation", "isval": "validation"} | {
    "istest": "test"
}
"""Columns that say by true or false whether an image is for this split."""


def find_columns(
    headings: Sequence[str], rows: Sequence[Sequence[str]], given: Mapping[str, str], where: str
) -> dict[str, int]:
    """The place of each column that is needed: "path", "label", perhaps "split" and "group".

    Args:
        headings: The names of the columns.
        rows: Cells of the table, by which a column of paths is known where its name isn't.
        given: What somebody said: "path", "label", "split", "group" → the name of a column, or its
            number from 1 on.
        where: How a person finds the table.

    Raises:
        UsageError: A column doesn't exist, or path or label can't be found.
    """
    found: dict[str, int] = {}
    for role, name in given.items():
        if role not in NAMES:
            raise unknown_name("column", role, NAMES)
        found[role] = _place(name, headings, where)
    plain = [_plain(each) for each in headings]
    for role, names in NAMES.items():
        if role not in found:
            places = (plain.index(name) for name in names.split() if name in plain)
            place = next((each for each in places if each not in found.values()), None)
            if place is not None:
                found[role] = place
    if "split" not in found:
        found |= [("split", plain.index(name)) for name in FLAGS if name in plain]
    if "path" not in found:
        columns = (place for place in range(len(headings)) if place not in found.values())
        found |= [("path", place) for place in columns if _holds_paths(rows, place)][:1]
    if "label" not in found and "path" in found:
        others = [place for place in range(len(headings)) if place not in found.values()]
        if len(others) == 1:
            found["label"] = others[0]
    missing = [role for role in ("path", "label") if role not in found]
    if missing:
        what = {"path": "the path of an image", "label": "its class"}
        raise UsageError(
            f"'{where}': no column is known to hold {join_names(what[each] for each in missing)}; "
            f"it has {join_names(headings)}. Say which, as in --columns "
            f'path={headings[0]},label={headings[-1]} (columns={{"path": "{headings[0]}", '
            f'"label": "{headings[-1]}"}}).'
        )
    return found


def has_headings(first: Sequence[str]) -> bool:
    """Whether the first line of a table names its columns: no cell of it is an image's path."""
    return not any(may_be_image(cell) for cell in first)


def check_columns(value: Mapping[str, str]) -> None:
    """Complain about what `columns` doesn't accept.

    Raises:
        UsageError: It isn't "path", "label", "split" or "group" → name of a column.
    """
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
        raise UsageError(
            'columns names columns of a table, as in {"path": "image_id", "label": "dx"} '
            f"(--columns path=image_id,label=dx); given {value!r}."
        )
    for role in value:
        if role not in NAMES:
            raise unknown_name("column", str(role), NAMES)


def parse_columns(text: str) -> dict[str, str]:
    """`path=image_id,label=dx`, as it is given on the command line.

    Raises:
        UsageError: It is something else.
    """
    columns: dict[str, str] = {}
    for part in text.split(","):
        role, equals, name = part.partition("=")
        if not (equals and name.strip()):
            raise UsageError(
                f"--columns takes WHAT=COLUMN, as in path=image_id,label=dx; given {text!r}."
            )
        columns[role.strip()] = name.strip()
    check_columns(columns)
    return columns


def _place(name: str, headings: Sequence[str], where: str) -> int:
    if name in headings:
        return headings.index(name)
    alike = [place for place, each in enumerate(headings) if _plain(each) == _plain(name)]
    if len(alike) == 1:
        return alike[0]
    if name.isascii() and name.isdigit() and 1 <= int(name) <= len(headings):
        return int(name) - 1
    raise UsageError(f"'{where}' has no column {name!r}; it has {join_names(headings)}.")


def _plain(heading: str) -> str:
    return re.sub(r"[\s_\-.]+", "", heading).casefold()


def _holds_paths(rows: Sequence[Sequence[str]], place: int) -> bool:
    cells = [row[place] for row in rows if len(row) > place]
    return bool(cells) and 2 * sum(may_be_image(cell) is True for cell in cells) > len(cells)
