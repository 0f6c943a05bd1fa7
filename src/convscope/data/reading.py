"""How the files of a folder or archive are to be read, where people may want it otherwise."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from convscope.data.name_patterns import check_pattern
from convscope.data.table_columns import check_columns
from convscope.errors import UsageError, unknown_name

Fit: TypeAlias = Literal["crop", "pad", "stretch"]
"""How an image that isn't square becomes square: by its central part, by black beside it, or by
shrinking the longer side more."""

GreyRange: TypeAlias = tuple[float, float]
"""The values of grey of more than 8 bits that become 0 and 255; what lies beyond is cut off."""

SplitFolders: TypeAlias = Literal["auto", "none"] | Mapping[str, str]
"""Which folders are splits: found out; none are; or split → name of the folder."""

FITS = ("crop", "pad", "stretch")
SPLITS = ("train", "validation", "test")
FULL_RANGE: GreyRange = (0.0, 65535.0)


@dataclass(frozen=True)
class Reading:
    """How files become labelled images.

    Attributes:
        fit: How images that aren't square become square.
        grey_range: The values that become 0 and 255 in grey files of more than 8 bits; None: found
            from the training files (`data.grey_range` has the rule).
        split_folders: "auto" finds out which folders are splits (`data.layout` has the rules);
            "none": the folders are classes; or split → folder, as in `{"train": "A"}`. Without
            "train", the folders that aren't named are the classes to train on.
        zip_encoding: Encoding of names in a zip archive that aren't marked as UTF-8, such as "gbk";
            "auto" finds out (`data.name_encoding` has the rule).
        known: Classes that a network knows already, for other data than it was trained on: folders
            of these names are classes, and nothing is asked.
        class_from: A regular expression whose group is the class of a file by its path, where no
            folders tell it (`data.labelled_layout`); "" for folders.
        columns: Of a table of labels: "path", "label", "split", "group" → column, where its usual
            names don't tell (`data.table_columns`).
        images: Of a table of labels: the folder or zip that its paths begin in; "" for its own.
        group_by: What keeps images in one split: a column of the table, or a regular expression
            looked for in the path of each file. Files with the same match (of its first group, if
            it has one) stay together. "": a table's column for groups, if it has one.
        rules: 2; 1 reads and divides as Convscope did before: classes in the order of their
            letters (1, 10, 2), near copies on any side, 16-bit values divided by 257.
    """

    fit: Fit = "crop"
    grey_range: GreyRange | None = None
    split_folders: SplitFolders = field(default="auto")
    zip_encoding: str = "auto"
    rules: Literal[1, 2] = 2
    known: tuple[str, ...] = ()
    class_from: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    images: str = ""
    group_by: str = ""

    def __post_init__(self) -> None:
        if self.fit not in FITS:
            raise unknown_name("fit", str(self.fit), FITS)
        check_split_folders(self.split_folders)
        check_zip_encoding(self.zip_encoding)
        if self.class_from:
            check_pattern("class_from", self.class_from, groups=1)
        check_columns(self.columns)
        if self.grey_range is not None and not self.grey_range[0] < self.grey_range[1]:
            raise UsageError(
                f"grey_range is (lowest, highest), the first below the second; given "
                f"{self.grey_range}."
            )


def check_split_folders(value: Any) -> None:
    """Complain about what `split_folders` doesn't accept.

    Raises:
        UsageError: Neither "auto", "none" nor split → folder.
    """
    if value in ("auto", "none"):
        return
    if not isinstance(value, Mapping) or not value:
        raise UsageError(
            'split_folders is "auto", "none", or names folders, as in {"train": "A", "test": "B"} '
            f"(--split-folders train=A,test=B); given {value!r}."
        )
    for name in value:
        if name not in SPLITS:
            raise unknown_name("split", str(name), SPLITS)
    if len(set(value.values())) < len(value):
        raise UsageError(f"split_folders names a folder twice: {dict(value)}. Each is one split.")


def check_zip_encoding(name: str) -> None:
    """Complain about an encoding that doesn't exist.

    Raises:
        UsageError: Python knows none of that name.
    """
    try:
        if name != "auto":
            codecs.lookup(name)
    except LookupError:
        raise UsageError(
            f"zip_encoding is auto or an encoding, such as gbk, big5, shift_jis, euc_kr or cp437; "
            f"given {name!r}."
        ) from None


def parse_split_folders(text: str) -> SplitFolders:
    """`train=A,test=B`, `auto` or `none`, as it is given on the command line.

    Raises:
        UsageError: It is something else.
    """
    if text in ("auto", "none"):
        return "auto" if text == "auto" else "none"
    folders: dict[str, str] = {}
    for part in text.split(","):
        split, equals, folder = part.partition("=")
        if not (equals and folder.strip()):
            raise UsageError(
                "--split-folders takes SPLIT=FOLDER, as in train=A,test=B, or none; "
                f"given {text!r}."
            )
        folders[split.strip()] = folder.strip()
    check_split_folders(folders)
    return folders


DEFAULT = Reading()
