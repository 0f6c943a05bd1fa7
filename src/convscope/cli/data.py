"""`convscope data`: what is in a data set, before anything is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convscope.cli.cache import CacheOption
from convscope.cli.complete import complete_data
from convscope.cli.console import print_json
from convscope.cli.data_check import check_data
from convscope.cli.reading import (
    ClassFromOption,
    ColumnsOption,
    FitOption,
    GroupByOption,
    ImagesOption,
    SplitFoldersOption,
    ZipEncodingOption,
    reading_of,
)
from convscope.errors import UsageError
from convscope.files import file_name

if TYPE_CHECKING:
    from convscope.data.image_set import ImageSet

EPILOG = r"""
Examples:

  convscope data fashion-mnist

  convscope data pets/ --size 96 --out pets.png

  convscope data pets/labels.csv --columns path=image_id,label=dx --group-by patient

  convscope data flat/ --class-from '(\D+)_'

  convscope data shards/*.tar

  convscope data pets/ --check --report pets.csv --figure pets-duplicates.png
"""
SHEET = 120  # images on the sheet, at most
ROW = 10  # images of a class, at most


def data(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA",
            help="digits, fashion-mnist, mnist, cifar10; or a folder or .zip with one subfolder "
            "of images per class, or with classes in file names; or a .csv or .tsv of paths and "
            "classes; or .tar files, as shards/*.tar, with classes beside the images.",
            autocompletion=complete_data,
        ),
    ],
    size: Annotated[
        int | None, typer.Option(min=1, help="Height and width to resize the images to.")
    ] = None,
    channels: Annotated[int | None, typer.Option(help="1 for grey, 3 for colour.")] = None,
    fit: FitOption = None,
    split_folders: SplitFoldersOption = None,
    zip_encoding: ZipEncodingOption = None,
    class_from: ClassFromOption = None,
    columns: ColumnsOption = None,
    images: ImagesOption = None,
    group_by: GroupByOption = None,
    cache: CacheOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides the splits that the source lacks.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="PNG file for the image sheet. Default: NAME-images.png, here."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Look for duplicates, images in two splits, unreadable files, odd images and "
            "small classes, and draw no sheet.",
        ),
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="With --check: all findings, to a .csv or .json file.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="With --check: duplicates side by side, to a .png file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the splits, classes and problems of a data set, and draw a sheet of its images."""
    reading = reading_of(
        fit=fit,
        split_folders=split_folders,
        zip_encoding=zip_encoding,
        class_from=class_from,
        columns=columns,
        images=images,
        group_by=group_by,
    )
    from convscope.data.shards import join_paths

    source = join_paths(sources)
    if check:
        if out is not None:
            raise UsageError(
                "--out is for the image sheet, which --check doesn't draw. Use --figure to see "
                "duplicates."
            )
        check_data(
            source,
            size=size,
            channels=channels,
            reading=reading,
            report=report,
            figure=figure,
            json=json,
        )
        return
    for option, path in (("--report", report), ("--figure", figure)):
        if path is not None:
            raise UsageError(f"{option} goes with --check. Give both.")

    from convscope.data.load import load_splits

    splits = load_splits(source, size=size, channels=channels, seed=seed, reading=reading)
    sheet = out or _free_name(Path(f"{file_name(splits['train'].name)}-images.png"))
    replaced = sheet.exists()
    _draw(splits["train"], sheet, seed)
    result = _summary(splits, sheet)
    if json:
        print_json(result)
    else:
        _print(result, f"{sheet} (replaced)" if replaced else str(sheet))


def _free_name(path: Path) -> Path:
    """`path`, or the first numbered one beside it that does not exist."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _draw(train: ImageSet, path: Path, seed: int) -> None:
    """A sheet with a few training images of each class, drawn at random."""
    import numpy as np

    from convscope.look.image_grid import image_grid

    if not path.parent.is_dir():
        raise UsageError(f"--out: there is no folder '{path.parent}'. Make it first.")
    random = np.random.default_rng(seed)
    each = max(1, min(ROW, SHEET // len(train.classes)))
    rows: list[int] = []
    for label in range(min(SHEET, len(train.classes))):
        members = np.flatnonzero(train.labels == label)
        rows += sorted(random.permutation(members)[:each].tolist())
    captions = [train.classes[train.labels[row]] for row in rows]
    title = f"{train.name}: {len(train):,} training images, {len(train.classes)} classes"
    image_grid(path, train.images[rows], captions, title)


def _summary(splits: dict[str, ImageSet], sheet: Path) -> dict[str, Any]:
    train = splits["train"]
    problems = dict.fromkeys(each for images in splits.values() for each in images.problems)
    return {
        "name": train.name,
        "splits": {name: len(images) for name, images in splits.items()},
        "classes": list(train.classes),
        "counts": {name: images.counts() for name, images in splits.items()},
        "image_shape": list(train.image_shape),
        "original_sizes": [
            {"height": height, "width": width, "images": count}
            for (height, width), count in sorted(train.original_sizes.items())
        ],
        "notes": list(train.notes),
        "problems": [{"path": each.path, "reason": each.reason} for each in problems],
        "sheet": str(sheet),
    }


def _print(result: dict[str, Any], sheet: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from convscope.look.terminal import Console

    console = Console(highlight=False)
    channels, height, width = result["image_shape"]
    kind = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    table = Table(
        title=Text(f"{result['name']}: {height}×{width} pixels, {kind}"), show_footer=True
    )
    table.add_column("class", footer="all")
    for split, count in result["splits"].items():
        table.add_column(split, footer=f"{count:,}", justify="right")
    for name in result["classes"]:
        table.add_row(
            Text(name, no_wrap=True), *(f"{each[name]:,}" for each in result["counts"].values())
        )
    console.print(table)
    if result["original_sizes"]:
        console.print(_sizes(result["original_sizes"]))
    for note in result["notes"]:
        console.print(Text(note), soft_wrap=True)
    console.print(Text(f"Image sheet: {sheet}"), soft_wrap=True)
    if result["problems"]:
        console.print(f"Left out ({len(result['problems'])}):")
        for problem in result["problems"]:
            console.print(Text(f"  {problem['path']}: {problem['reason']}"), soft_wrap=True)


def _sizes(sizes: list[dict[str, int]]) -> str:
    """The range of the original sizes, and the most frequent one."""
    heights, widths = ([each[side] for each in sizes] for side in ("height", "width"))
    most = max(sizes, key=lambda each: each["images"])
    return (
        f"Original sizes: {min(heights)} to {max(heights)} pixels high, {min(widths)} to "
        f"{max(widths)} wide; most often {most['height']}×{most['width']} ({most['images']:,})"
    )
