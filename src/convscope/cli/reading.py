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


def reading_fields(
    fit: str | None, split_folders: str | None, zip_encoding: str | None
) -> dict[str, Any]:
    """The options that were given, as fields of a recipe or of a `Reading`.

    Raises:
        UsageError: `split_folders` is not what it should be.
    """
    from convscope.data.reading import parse_split_folders

    fields: dict[str, Any] = {"fit": fit, "zip_encoding": zip_encoding}
    if split_folders is not None:
        fields["split_folders"] = parse_split_folders(split_folders)
    return {name: value for name, value in fields.items() if value is not None}


def reading_of(fit: str | None, split_folders: str | None, zip_encoding: str | None) -> Reading:
    """The options as a `Reading`.

    Raises:
        UsageError: One of them isn't accepted.
    """
    from convscope.data.reading import Reading

    return Reading(**reading_fields(fit, split_folders, zip_encoding))
