"""`convscope export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_run
from convscope.cli.console import print_json
from convscope.look.numbers import duration, percent, size

if TYPE_CHECKING:
    from convscope.shipping.export.export import WeightsExport
    from convscope.shipping.export.onnx_export import OnnxExport

EPILOG = """
Examples:

  convscope export runs/mine mine.onnx

  convscope export runs/mine mine.onnx --int8 --force

  convscope export runs/mine/model.safetensors mine.onnx --images holiday_images/

  convscope export runs/resnet18-pets-1 weights.safetensors
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
    force: Annotated[bool, typer.Option("--force", help="Replace files.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Write a run's model to one file for other programs.

    An .onnx file takes raw images of any size and answers with class names,
    probabilities and "unknown". It is compared with the run on real images,
    and not written if it answers differently. A short program that reads it
    is written beside it.
    """
    from convscope.shipping.export.export import WeightsExport
    from convscope.shipping.export.export import export as write

    written = write(run, file, int8=int8, opset=opset, images=images, force=force)
    if json:
        print_json({"run": str(run), **written.as_dict()})
    elif isinstance(written, WeightsExport):
        _show_weights(written)
    else:
        _show_model(written)


def _show_model(written: OnnxExport) -> None:
    agreement, cost = written.agreement, written.int8
    print(
        f"{written.file}: {written.network} in {'float32' if cost is None else '8 bits'}, opset "
        f"{written.opset}, {size(written.bytes)}, {duration(written.milliseconds / 1000)} an image"
    )
    if cost is not None:
        print(
            f"In float32: {size(cost.float_bytes)}, {duration(cost.float_milliseconds / 1000)}. "
            f"Accuracy on {cost.images:,} test images: {percent(cost.accuracy, 2)} in 8 bits, "
            f"{percent(cost.float_accuracy, 2)} in float32"
        )
    print(
        f"{'Compared' if cost is None else 'Compared before that'} with the run on "
        f"{agreement.images:,} images: the same class for every one, probabilities within "
        f"{agreement.largest_difference:.0e}"
    )
    print(f"Try it: python {written.reader} IMAGE")


def _show_weights(written: WeightsExport) -> None:
    print(
        f"{written.file}: weights of {written.network}, for\n"
        f"model = {written.torchvision}\n"
        f"model.load_state_dict(safetensors.torch.load_file({str(written.file)!r}))"
    )
    if written.channels != 3:
        print(
            f"Their first layer takes {written.channels} channel, torchvision's 3: "
            "replace it in the model first."
        )
