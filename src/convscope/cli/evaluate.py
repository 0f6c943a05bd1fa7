"""`convscope evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.cache import CacheOption
from convscope.cli.complete import complete_data, complete_out_of_distribution, complete_run
from convscope.cli.console import print_json
from convscope.cli.network import NetworkOption, open_module
from convscope.cli.reading import (
    ClassFromOption,
    ColumnsOption,
    ImagesOption,
    SplitFoldersOption,
    reading_fields,
)

EPILOG = """
Examples:

  convscope evaluate runs/lenet-digits-1

  convscope evaluate runs/lenet-digits-1 --split validation

  convscope evaluate runs/mine --data new_images/ --json

  convscope evaluate runs/mine --data new_images/ --include-trained

  convscope evaluate runs/mine --unknown-rate 0.1 --out-of-distribution holiday_photos/

  convscope evaluate runs/Net-pets-1 --network my_net.py:Net
"""


def evaluate(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="Folder of the run.", autocompletion=complete_run),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="Other images; classes are matched by name. Default: those of the run.",
            autocompletion=complete_data,
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="test, validation or train.")] = "test",
    unknown_rate: Annotated[
        float | None,
        typer.Option(
            help="Choose anew when to say 'unknown': for this share of the run's validation "
            "images (0: never). Changes the run's model file.",
        ),
    ] = None,
    out_of_distribution: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA",
            help="Images of nothing the model knows: is it deceived? A name, a folder, or noise; "
            "may be given several times. Default: noise and digits.",
            autocompletion=complete_out_of_distribution,
        ),
    ] = None,
    include_trained: Annotated[
        bool,
        typer.Option(
            "--include-trained",
            help="Also evaluate images that the run was trained on, and copies of them; by default "
            "they are left out.",
        ),
    ] = False,
    split_folders: SplitFoldersOption = None,
    class_from: ClassFromOption = None,
    columns: ColumnsOption = None,
    images: ImagesOption = None,
    cache: CacheOption = None,
    network: NetworkOption = None,
    batch_size: Annotated[int, typer.Option(help="Images computed together.")] = 64,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    robustness: Annotated[
        bool,
        typer.Option(
            help="Evaluate it on shifted, noisy, blurred and otherwise worse images too: some "
            "seconds, and minutes for networks of more than 1,000 million MACs."
        ),
    ] = True,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Evaluate a trained network: accuracy, classes, confusion matrix, worst mistakes.

    Writes report.html, a page with everything, into the run's folder, and
    its data: evaluation.json, mistakes.csv, predictions.csv and figures;
    for other data or another split, under names that say so.
    """
    from convscope.evaluation.analysis import analyse
    from convscope.evaluation.evaluate import evaluate_model
    from convscope.evaluation.report import write_report
    from convscope.planning.words import beside_actual
    from convscope.runs.forecast import read_forecast
    from convscope.runs.run import Run

    opened = Run(run)
    model = opened.model(open_module(network, run))
    if unknown_rate is not None:
        from convscope.evaluation.calibrate import calibrate_model

        model = calibrate_model(model, opened, unknown_rate, batch_size=batch_size, device=device)
    evaluation = evaluate_model(
        model,
        opened,
        data,
        split,
        batch_size=batch_size,
        device=device,
        out_of_distribution=out_of_distribution or None,
        include_trained=include_trained,
        reading=reading_fields(
            split_folders=split_folders, class_from=class_from, columns=columns, images=images
        ),
    )
    if not json:  # before anything is written, which may fail
        print(evaluation)
        print()
    analysis = analyse(evaluation, device=device, batch_size=batch_size, robustness=robustness)
    files = write_report(analysis, evaluation.report_name)
    if json:
        listed = {what: str(file) for what, file in files.items()}
        print_json({"run": str(run), **analysis.as_dict(), "files": listed})
        return
    show_files(files)
    forecast = read_forecast(opened.folder)
    if evaluation.is_usual and forecast:
        print(beside_actual(forecast))


def show_files(files: dict[str, Path]) -> None:
    """Print where the files of an evaluation are."""
    for what, file in files.items():
        print(f"{what + ':':<14}{file}")
