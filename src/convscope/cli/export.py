"""`convscope export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convscope.cli.complete import complete_run
from convscope.cli.console import print_json
from convscope.cli.network import NetworkOption, open_module

EPILOG = """
Examples:

  convscope export runs/mine mine.onnx

  convscope export runs/mine mine.onnx --int8 --force

  convscope export runs/mine/model.safetensors mine.onnx --images holiday_images/

  convscope export runs/resnet18-pets-1 weights.safetensors

  convscope export runs/Net-pets-1 mine.onnx --network my_net.py:Net
"""


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Folder of the run, or a model.safetensors.",
            autocompletion=complete_run,
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="To write: .onnx, the model; .safetensors, weights with torchvision's names.",
        ),
    ],
    int8: Annotated[
        bool,
        typer.Option(
            "--int8",
            help="Quantize to 8 bits; refused if that costs more than half a point of accuracy.",
        ),
    ] = False,
    opset: Annotated[int, typer.Option(help="Version of the ONNX operators.")] = 18,
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Compare on these images. Default: the run's test images.",
        ),
    ] = None,
    network: NetworkOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Write a run's model to one file for other programs.

    An .onnx file takes raw images of any size and gives class names,
    probabilities and "unknown". It is compared with the run on real images,
    and not written if it predicts otherwise. A short program that reads it
    is written beside it.
    """
    from convscope.shipping.export.export import export as write

    written = write(
        run,
        file,
        int8=int8,
        opset=opset,
        images=images,
        force=force,
        module=open_module(network, run),
    )
    if json:
        print_json({"run": str(run), **written.as_dict()})
    else:
        print(written)
