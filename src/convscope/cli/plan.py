"""`convscope plan`: how long a training run will take and whether it will fit, before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from convscope.cli.complete import (
    complete_data,
    complete_machine,
    complete_network,
    complete_precision,
    complete_recipe,
)
from convscope.cli.console import check_out_file, print_json, show, show_plot
from convscope.cli.network import FromOption, open_network
from convscope.cli.plan_lists import print_history, print_machines
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
from convscope.errors import UsageError
from convscope.look.amounts import parse_count, parse_size

EPILOG = """
Examples:

  convscope plan resnet18 cifar10

  convscope plan resnet9 cifar10 --fits 2GB

  convscope plan googlenet my_images/ --size 96 --minutes 30

  convscope plan resnet50 cifar10 --what-if --plot plan.png

  convscope plan resnet18 my_images/ --from published

  convscope plan all fashion-mnist --plot networks.png

  convscope plan all cifar10 --budget 100M

  convscope plan resnet18 cifar10 --on a100

  convscope plan --history
"""


def plan(
    network: Annotated[
        str | None,
        typer.Argument(
            help="See: convscope networks. Or my_net.py:Net; or all: a table.",
            autocompletion=complete_network,
        ),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA",
            help="digits, fashion-mnist, mnist, cifar10; a folder or zip of images; a .csv or "
            ".tsv of paths and classes; or .tar files, as shards/*.tar.",
            autocompletion=complete_data,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="As for train.", autocompletion=complete_recipe),
    ] = None,
    from_: FromOption = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training images.")] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Time for training: how many epochs fit, and with what changed more."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per step.")] = None,
    size: Annotated[
        int | None, typer.Option(help="Resize images to this height and width, in pixels.")
    ] = None,
    fit: FitOption = None,
    split_folders: SplitFoldersOption = None,
    zip_encoding: ZipEncodingOption = None,
    class_from: ClassFromOption = None,
    columns: ColumnsOption = None,
    images: ImagesOption = None,
    group_by: GroupByOption = None,
    precision: Annotated[
        str | None,
        typer.Option(help="auto, float32 or bfloat16.", autocompletion=complete_precision),
    ] = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="As for train: less memory, more time.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Any other field of the recipe."),
    ] = None,
    fits: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Find the largest batch for this memory, as 4GB."),
    ] = None,
    what_if: Annotated[
        bool,
        typer.Option(
            "--what-if", help="Also with other batches, image sizes, precision, recomputation."
        ),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="COUNT",
            help="With all: only networks with at most so many MACs an image, as 100M.",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            metavar="MACHINE",
            help="Rougher: for a machine you don't have, as a100. Or: list.",
            autocompletion=complete_machine,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="PNG file to draw memory and time to; with all: cost and accuracy."),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="With all: the folder of runs whose accuracies are shown. Or: runs."),
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="How good forecasts have been on this machine.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Forecast time and memory of a training run, each with its range; nothing is trained."""
    given = {
        "from_": from_,
        "epochs": epochs,
        "minutes": minutes,
        "batch_size": batch_size,
        "size": size,
        "precision": precision,
        "recompute": "auto" if recompute else None,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
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
    if history:
        if network is not None or changes or fits or budget or plot or what_if or on:
            raise UsageError("--history stands alone (or with --json): convscope plan --history")
        print_history(json=json)
        return
    if on == "list":
        print_machines(json=json)
        return
    from convscope.data.shards import join_paths

    data = join_paths(sources) if sources else None
    if network is None or (data is None and not (Path(network) / "recipe.toml").is_file()):
        raise UsageError(
            "Give a network and data, as in: convscope plan resnet9 cifar10. For a table of all "
            "networks: convscope plan all cifar10"
        )
    limit = None if fits is None else parse_size("--fits", fits)
    if "minutes" in changes:
        changes.setdefault("epochs", None)  # the time alone decides, unless told otherwise
    check_fields(changes)
    if plot is not None:
        check_out_file("--plot", plot, ".png")
    if on is not None:
        if network == "all" or fits or plot or what_if or budget:
            raise UsageError("--on stands without all, --fits, --plot, --what-if and --budget.")
        _elsewhere(network, data, recipe, on, changes, json=json)
        return
    if network == "all" and data is not None:
        if fits or what_if:
            raise UsageError("--fits and --what-if are for one network, not for all.")
        if budget and plot:
            raise UsageError("--plot draws all networks; give it without --budget.")
        if runs is not None and not runs.is_dir():
            raise UsageError(
                f"--runs '{runs}' isn't a folder. Give the one that holds run folders."
            )
        _all(data, recipe, budget, changes, plot, runs or Path("runs"), json=json)
        return
    if runs is not None:
        raise UsageError(f"--runs goes with all: convscope plan all {data} --runs {runs}")
    if budget is not None:
        raise UsageError(
            f"--budget chooses among all networks: convscope plan all {data} --budget {budget}"
        )
    _one(network, data, recipe, changes, limit, plot, what_if=what_if, json=json)


def _one(
    network: str,
    data: str | None,
    recipe: str | None,
    changes: dict[str, Any],
    limit: int | None,
    plot: Path | None,
    *,
    what_if: bool,
    json: bool,
) -> None:
    from convscope.look.terminal import Console
    from convscope.planning import plan as planning

    with Console(stderr=True).status("Recording a training step and timing its operations"):
        made = planning.plan(open_network(network, data, changes), data, recipe, **changes)
        largest = None if limit is None else made.largest_batch(limit)
    others = None
    if what_if or made.recipe.minutes is not None:
        others = made.alternatives(quiet=json)
    replaces = plot is not None and plot.exists()
    if plot is not None:
        made.figure(plot)
    if json:
        result = made.as_dict()
        if largest is not None:
            result["fits"] = largest.as_dict()
        if others is not None:
            result["alternatives"] = others.as_dict()["rows"]
        print_json(result | ({} if plot is None else {"files": {"plot": str(plot)}}))
        return
    show(made)
    for more in (largest, others):
        if more is not None:
            print()
            show(more)
    if plot is not None:
        show_plot(plot, replaces=replaces)


def _all(
    data: str,
    recipe: str | None,
    budget: str | None,
    changes: dict[str, Any],
    plot: Path | None,
    runs: Path,
    *,
    json: bool,
) -> None:
    from convscope.planning.overview import plan_all

    most = None if budget is None else parse_count("--budget", budget)
    found = plan_all(data, recipe, budget=most, runs=runs, quiet=json, **changes)
    replaces = plot is not None and plot.exists()
    if plot is not None:
        found.figure(plot)
    if json:
        print_json(found.as_dict() | ({} if plot is None else {"files": {"plot": str(plot)}}))
        return
    show(found)
    if plot is not None:
        show_plot(plot, replaces=replaces)


def _elsewhere(
    network: str,
    data: str | None,
    recipe: str | None,
    machine: str,
    changes: dict[str, Any],
    *,
    json: bool,
) -> None:
    from convscope.planning.machines import find_machine
    from convscope.planning.plan import Plan

    spec = find_machine(machine)
    found = Plan(open_network(network, data, changes), data, recipe, **changes).elsewhere(spec)
    if json:
        print_json(found.as_dict())
    else:
        show(found)
