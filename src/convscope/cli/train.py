"""`convscope train` and `convscope resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from convscope.cli.cache import CacheOption
from convscope.cli.complete import (
    complete_data,
    complete_network_to_train,
    complete_recipe,
    complete_run,
)
from convscope.cli.console import print_json
from convscope.cli.network import (
    FromOption,
    NetworkOption,
    open_maker,
    open_module,
    open_network,
)
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
from convscope.cli.run_summary import show_run
from convscope.cli.settings import check_fields, parse_settings
from convscope.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Histograms = Annotated[
    bool, typer.Option("--histograms", help="Parameter histograms to TensorBoard every epoch.")
]

EPILOG = r"""
Examples:

  convscope train lenet fashion-mnist

  convscope train resnet9 cifar10 --minutes 10

  convscope train auto my_images/ --minutes 10

  convscope train resnet18-32px my_images/ --size 32 --out runs/mine

  convscope train resnet18-32px labels.csv --size 32 --group-by patient

  convscope train resnet18-32px shards/*.tar --size 32

  convscope train resnet18-32px flat/ --size 32 --class-from '(\D+)_'

  convscope train resnet9 my_images/ --folds 5 --out runs/my-folds

  convscope train lenet fashion-mnist --seeds 5 --out runs/lenet-seeds

  convscope train resnet18 my_images/ --from published --minutes 10

  convscope train resnet9 my_images/ --from runs/resnet9-cifar10-1

  convscope train my_net.py:Net my_images/ --epochs 20

  convscope train lenet digits --set optimizer=adam --lr 0.001 --set augmentation.crop=1
"""


def train(
    network: Annotated[
        str,
        typer.Argument(
            help="See: convscope networks. Or auto, with --minutes: some race, and the best goes "
            "on. Or one of yours, as my_net.py:Net.",
            autocompletion=complete_network_to_train,
        ),
    ],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA",
            help="digits, fashion-mnist, mnist, cifar10; a folder or zip of images; a .csv or "
            ".tsv of paths and classes; or .tar files, as shards/*.tar.",
            autocompletion=complete_data,
        ),
    ],
    recipe: Annotated[
        str | None,
        typer.Option(
            help="book, fast, transfer, or a TOML file. Default: transfer with --from; else book "
            "if it covers the network, else fast.",
            autocompletion=complete_recipe,
        ),
    ] = None,
    from_: FromOption = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training images.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Train for this long; the schedule is fitted to it.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--lr", help="The largest learning rate of the schedule.")
    ] = None,
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
    cache: CacheOption = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything random.")] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Train this many times, with the seeds that follow, and show the spread. The same "
            "command with the same --out goes on where it stopped."
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Cross-validation, for small sets: divide the data into so many parts, and train "
            "for each of them a network that is tested on it. Goes on as with --seeds."
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="auto (measures), float32 or bfloat16.")
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option(
            "--recompute",
            help="Compute activations a second time, where it pays, instead of keeping them: less "
            "memory, more time, the same weights.",
        ),
    ] = False,
    balance: Annotated[
        bool,
        typer.Option(
            "--balance", help="Show every class equally often, however many images it has."
        ),
    ] = False,
    allow_leaks: Annotated[
        bool,
        typer.Option(
            "--allow-leaks", help="Train even if images are both in train and in another split."
        ),
    ] = False,
    allow_conflicting_labels: Annotated[
        bool,
        typer.Option(
            "--allow-conflicting-labels", help="Train even if the same image has two classes."
        ),
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Any other field of the recipe."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run or of the seeds. Default: runs/NETWORK-DATA-1, or next."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in --out.")] = False,
    histograms: Histograms = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a network on images and evaluate it on the test images."""
    given = {
        "from_": from_,
        "epochs": epochs,
        "minutes": minutes,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "size": size,
        "seed": seed,
        "device": device,
        "precision": precision,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if recompute:
        changes["recompute"] = "auto"
    if balance:
        changes["balance"] = True
    if allow_leaks:
        changes["allow_leaks"] = True
    if allow_conflicting_labels:
        changes["allow_conflicting_labels"] = True
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
    if "minutes" in changes:
        changes.setdefault("epochs", None)  # the time alone decides, unless told otherwise

    from convscope.data.shards import join_paths
    from convscope.runtime.joining import speaks_to_person
    from convscope.training.train import train as train_network

    check_fields(changes)
    data = join_paths(sources)
    if seeds is not None and folds is not None:
        raise UsageError("--seeds and --folds: give one of them.")
    if folds is not None:
        from convscope.training.folds import train_folds

        parts = train_folds(
            open_maker(network, data, changes),
            data,
            recipe,
            folds=folds,
            out=out,
            force=force,
            histograms=histograms,
            quiet=quiet,
            **changes,
        )
        print_json(parts.as_dict()) if json else print(parts)
        return
    if seeds is not None:
        from convscope.cli.seeds import show_seeds
        from convscope.training.seeds import train_seeds

        group = train_seeds(
            open_maker(network, data, changes),
            data,
            recipe,
            seeds=seeds,
            out=out,
            force=force,
            histograms=histograms,
            quiet=quiet,
            **changes,
        )
        show_seeds(group, json=json)
        return
    run = train_network(
        open_network(network, data, changes, recipe),
        data,
        recipe,
        out=out,
        force=force,
        histograms=histograms,
        quiet=quiet,
        **changes,
    )
    if speaks_to_person():
        show_run(run, json=json)


def resume(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", autocompletion=complete_run)],
    data: Annotated[str | None, typer.Option(help="Where the images are now.")] = None,
    network: NetworkOption = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Go on although recipe.toml was changed in what can change while a run goes on, "
            "such as learning_rate; it is recorded.",
        ),
    ] = False,
    histograms: Histograms = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on with a run, or a race of train auto, that was stopped, from its newest checkpoint."""
    from convscope.runtime.joining import speaks_to_person
    from convscope.training.resume import resume as resume_run

    resumed = resume_run(
        run,
        module=open_module(network, run),
        data=data,
        force=force,
        histograms=histograms,
        quiet=quiet,
    )
    if speaks_to_person():
        show_run(resumed, json=json)
