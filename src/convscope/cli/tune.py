"""`convscope tune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from convscope.cli.cache import CacheOption
from convscope.cli.complete import complete_data, complete_network, complete_recipe
from convscope.cli.console import check_out_file, print_json, show_plot
from convscope.cli.reading import (
    ClassFromOption,
    ColumnsOption,
    FitOption,
    GroupByOption,
    ImagesOption,
    SplitFoldersOption,
    ZipEncodingOption,
    reading_fields,
)
from convscope.cli.settings import check_fields, parse_settings

EPILOG = """
Examples:

  convscope tune digits --minutes 10

  convscope tune my_images/ --minutes 60 --set size=32 --out runs/search

  convscope tune digits --minutes 10 --resume --out runs/search

  convscope tune fashion-mnist --network resnet9 --epochs 5 --minutes 120
  --search learning_rate=0.05..0.8 --search width=8,16,32

  convscope tune cifar10 --minutes 480 --storage postgresql://me@server/studies

  convscope train stack digits --recipe runs/search/best.toml
"""


def tune(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA",
            help="As for train: a data set, folder, zip, table of labels or .tar files.",
            autocompletion=complete_data,
        ),
    ],
    minutes: Annotated[
        float, typer.Option(help="For everything: loading, trials, and the best with new seeds.")
    ],
    trials: Annotated[
        int | None, typer.Option(help="Trials at most. Default: as many as the time allows.")
    ] = None,
    network: Annotated[
        str,
        typer.Option(
            help="A network of the catalog; stack is made to be searched.",
            autocompletion=complete_network,
        ),
    ] = "stack",
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Where the search begins: book, fast, or a TOML file.",
            autocompletion=complete_recipe,
        ),
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUES",
            help="What to search, LOW..HIGH or A,B,C: a field of the recipe, or an argument of the "
            "network. Default: depth, width and kernel of stack, learning rate, augmentation.",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Of every trial.")] = None,
    seeds: Annotated[
        int, typer.Option(help="Train the best recipe with so many new seeds, and test those.")
    ] = 3,
    fit: FitOption = None,
    split_folders: SplitFoldersOption = None,
    zip_encoding: ZipEncodingOption = None,
    class_from: ClassFromOption = None,
    columns: ColumnsOption = None,
    images: ImagesOption = None,
    group_by: GroupByOption = None,
    cache: CacheOption = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Any other field of the recipe."),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Database that several machines share, as postgresql://user@host/name. Default: "
            "a file in --out.",
        ),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Name of the study in --storage. Default: NETWORK-DATA.")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the search in --out or --storage, or join the processes that do.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the search. Default: runs/tune-NETWORK-DATA-1, or next."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file to draw the search to, besides that in --out.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Search for a recipe within a time, and train the best one with new seeds.

    Validation images choose. Test images are asked once, of the best recipe with
    seeds that chose nothing. Needs Optuna (pip install optuna).
    """
    changes: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    changes |= reading_fields(
        fit=fit,
        split_folders=split_folders,
        zip_encoding=zip_encoding,
        class_from=class_from,
        columns=columns,
        images=images,
        group_by=group_by,
    )
    changes |= parse_settings(settings or [])
    check_fields(changes)
    if plot is not None:
        check_out_file("--plot", plot, ".png")

    from convscope.data.shards import join_paths
    from convscope.tuning.tune import tune as search_recipe

    found = search_recipe(
        network,
        join_paths(sources),
        recipe,
        minutes=minutes,
        trials=trials,
        search=search,
        seeds=seeds,
        out=out,
        storage=storage,
        study=study,
        resume=resume,
        quiet=quiet,
        **changes,
    )
    replaces = plot is not None and plot.exists()
    if plot is not None:
        found.figure(plot)
    if json:
        print_json(found.as_dict())
        return
    print(found)
    print(f"report: {found.report_file}")
    if plot is not None:
        show_plot(plot, replaces=replaces)
