"""The options that say how the files of a folder or archive are to be understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from convscope.data.reading import Reading

FitOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--fit",
        help="How images that aren't square become square: crop (the central part), pad (black "
        "beside) or stretch. Default: crop.",
    ),
]
SplitFoldersOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--split-folders",
        metavar="SPLIT=FOLDER,…",
        help="Which folders are splits, as train=A,test=B; or none: they are classes. Default: "
        "found out, or asked.",
    ),
]
ZipEncodingOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--zip-encoding",
        help="Encoding of names in a zip that aren't marked as UTF-8, as gbk. Default: found out.",
    ),
]


ClassFromOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--class-from",
        metavar="PATTERN",
        help="Classes are in the names of files: a regular expression whose group is the class, as "
        r"'(\D+)_' for cat_017.jpg.",
    ),
]
ColumnsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="WHAT=COLUMN,…",
        help="Columns of a table of labels, as path=image_id,label=dx; also split and group. "
        "Default: found by their usual names.",
    ),
]
ImagesOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--images",
        metavar="FOLDER",
        help="Where the paths in a table of labels begin: a folder or zip. Default: its own.",
    ),
]
GroupByOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        metavar="PATTERN",
        help="What stays in one split, as all images of a patient: a column of the table, or a "
        "regular expression for the path of a file, as 'patient[0-9]+'.",
    ),
]


def reading_fields(**options: str | None) -> dict[str, Any]:
    """The options that were given, as fields of a recipe or of a `Reading`.

    Args:
        **options: Of the options above, by their names with underscores; None was not given.

    Raises:
        UsageError: One of those that name folders or columns is not what it should be.
    """
    from convscope.data.reading import parse_split_folders
    from convscope.data.table_columns import parse_columns

    fields: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if "split_folders" in fields:
        fields["split_folders"] = parse_split_folders(fields["split_folders"])
    if "columns" in fields:
        fields["columns"] = parse_columns(fields["columns"])
    return fields


def reading_of(**options: str | None) -> Reading:
    """The options as a `Reading`.

    Raises:
        UsageError: One of them isn't accepted.
    """
    from convscope.data.reading import Reading

    return Reading(**reading_fields(**options))
