"""`convscope predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.complete import complete_precision, complete_run
from convscope.cli.console import check_out_file, fail, print_json
from convscope.cli.network import NetworkOption, open_module

EPILOG = """
Examples:

  convscope predict runs/mine cat.jpg dog.png

  convscope predict runs/mine/model.safetensors holiday_images/ --top 1 --json

  convscope predict runs/mine holiday_images/ --csv holiday.csv

  convscope predict runs/Net-pets-1 cat.jpg --network my_net.py:Net
"""


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Folder of the run, or a model.safetensors.",
            autocompletion=complete_run,
        ),
    ],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE", help="Images, folders of images, .tar files.")
    ],
    top: Annotated[int, typer.Option(help="Classes to name for each image.")] = 3,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            help="float32, or bfloat16: quicker; probabilities move by a hundredth or so.",
            autocompletion=complete_precision,
        ),
    ] = "float32",
    network: NetworkOption = None,
    csv: Annotated[
        Path | None, typer.Option(help="CSV file to write a line for each image to.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Say what is on images: the most probable classes of each, or "unknown".

    Files that can't be used are named on standard error, and left out. The exit code is then 1 if
    one of them was named here, 0 if all of them lay in folders.
    """
    from convscope.data.file_kinds import make_printable
    from convscope.evaluation.predict import predict as predict_files
    from convscope.runtime.allocator import keep_memory

    if csv is not None:
        check_out_file("--csv", csv, ".csv")
    replaced = csv is not None and csv.exists()
    keep_memory()  # the next batch needs what the last one did; a tenth more speed
    predictions = predict_files(
        run,
        images,
        top=top,
        device=device,
        precision=precision,  # type: ignore[arg-type]
        module=open_module(network, run),
    )
    if csv is not None:
        predictions.write_csv(csv)
    if json:
        files = {} if csv is None else {"csv": str(csv)}
        print_json({**predictions.as_dict(), "files": files})
    elif csv is None:
        for prediction in predictions.predictions:
            print(f"{prediction.path}: {prediction}")
    else:
        print(f"{len(predictions.predictions)} images: {csv}{' (replaced)' if replaced else ''}")
    if not json:
        for problem in predictions.problems:
            fail(f"Left out {problem.path}: {problem.reason}")
    named = {make_printable(str(path)) for path in images}
    if any(problem.path in named for problem in predictions.problems):
        raise typer.Exit(1)
