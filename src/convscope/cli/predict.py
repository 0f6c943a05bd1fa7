"""`convscope predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_run
from convscope.cli.console import fail, print_json

if TYPE_CHECKING:
    from convscope.evaluation.predict import Predictions

EPILOG = """
Examples:

  convscope predict runs/mine cat.jpg dog.png

  convscope predict runs/mine/model.safetensors holiday_pictures/ --top 1 --json
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
        list[Path], typer.Argument(metavar="IMAGE", help="Pictures, and folders of pictures.")
    ],
    top: Annotated[int, typer.Option(help="Classes to name for each picture.")] = 3,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Say what is on pictures: the most probable classes of each, or "unknown".

    Files that can't be used are named on standard error, and left out.
    """
    from convscope.evaluation.predict import predict as ask

    predictions = ask(run, images, top=top, device=device)
    if json:
        print_json(predictions.as_json())
        return
    _show(predictions)


def _show(predictions: Predictions) -> None:
    for prediction in predictions.predictions:
        guesses = "   ".join(f"{guess.label} {guess.probability:.1%}" for guess in prediction.top)
        said = f"unknown (most like: {guesses})" if prediction.unknown else guesses
        print(f"{prediction.path}: {said}")
    for problem in predictions.problems:
        fail(f"Left out {problem.path}: {problem.reason}")
