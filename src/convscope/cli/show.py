"""`convscope show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_network, complete_run
from convscope.cli.console import print_json
from convscope.cli.maps import show_maps
from convscope.cli.unit import check_options, show_unit
from convscope.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from torch import nn

EPILOG = """
Examples:

  convscope show resnet18

  convscope show googlenet --size 224 --channels 3 --classes 1000 --expand

  convscope show runs/lenet-digits-1 --json

  convscope show resnet18 --drawing resnet18.svg

  convscope show runs/lenet-digits-1 --unit features.conv1:2,10,12 --image seven.png --backward

  convscope show runs/lenet-digits-1 --maps features.conv1 --image seven.png
"""


def complete_subject(text: str) -> list[str]:
    """Names in the catalog, and run folders."""
    return [*complete_network(text), *complete_run(text)]


def show(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK|RUN",
            help="Name of a network, or folder of a run.",
            autocompletion=complete_subject,
        ),
    ],
    size: Annotated[
        int | None, typer.Option(min=1, help="Height and width of the images, in pixels.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option(min=1, help="Channels of the images: 1 grey, 3 colour.")
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="Number of classes.")] = None,
    expand: Annotated[
        bool, typer.Option("--expand", help="Show every layer, not blocks of them.")
    ] = False,
    drawing: Annotated[
        Path | None, typer.Option(help="Also draw the network: an .svg or .png to write.")
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER:C,Y,X",
            help="Explain one number instead: channel C, row Y, column X (or unit N) of a layer's "
            "output; softmax:N is the probability of class N.",
        ),
    ] = None,
    maps: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="Draw a layer's feature maps instead."),
    ] = None,
    image: Annotated[Path | None, typer.Option(help="For --unit and --maps: an image.")] = None,
    backward: Annotated[
        bool, typer.Option("--backward", help="For --unit: explain the gradients as well.")
    ] = False,
    label: Annotated[
        str | None,
        typer.Option("--class", help="For --backward: the right class. Default: the predicted."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="For --unit and --maps: the PNG to write. Default: IMAGE-LAYER….png."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Show a network layer by layer: shapes, parameters, operations, what each layer sees.

    Without a size, images are what the network is usually given, or what the run trained on.

    With --unit and --image, show where one number comes from: the arithmetic, in text and in a
    figure. With --maps and --image, draw what a layer makes of an image.
    """
    asked = {"--unit": unit, "--maps": maps, "--drawing": drawing}
    several = [option for option, given in asked.items() if given is not None]
    if len(several) > 1:
        raise UsageError(f"{' and '.join(several)} are different questions. Ask one at a time.")
    if maps is not None:
        check_options(None, None, backward=backward, label=label, out=None)
        show_maps(
            network,
            image,
            maps,
            size=size,
            channels=channels,
            classes=classes,
            out=out,
            json=json,
        )
        return
    check_options(image, unit, backward=backward, label=label, out=out)
    if unit is not None and image is not None:
        show_unit(
            network,
            image,
            unit,
            backward=backward,
            label=label,
            size=size,
            channels=channels,
            classes=classes,
            out=out,
            json=json,
        )
        return
    from convscope.graph.capture import capture
    from convscope.inspection.trace.trace import traced

    module, shape = open_network(network, size, channels, classes)
    graph = capture(module, shape)
    trace = traced(graph)
    files = {}
    if drawing is not None:
        from convscope.inspection.drawing.drawing import draw

        draw(graph, drawing, expand=expand)
        files["drawing"] = str(drawing)
    if json:
        print_json(trace.as_dict() | files)
        return
    from rich.console import Console

    from convscope.inspection.trace.table import as_table

    console = Console(highlight=False)
    for part in as_table(trace, console.width, expand=expand):
        console.print(part)
    for what, file in files.items():
        print(f"{what}: {file}")


def open_network(
    name: str, size: int | None, channels: int | None, classes: int | None
) -> tuple[nn.Module, tuple[int, int, int]]:
    """The network that a command is about, and the shape of its images.

    Args:
        name: A network of the catalog, or the folder of a run.
        size: Height and width of the images, or None for the usual.
        channels: Channels of the images, or None for the usual.
        classes: Number of classes, or None for the usual.

    Raises:
        UsageError: There is no such network or run, or the run's cannot be changed so.
    """
    from convscope.inspection.subject import subject
    from convscope.networks.catalog import entry, list_networks
    from convscope.runs.run import Run

    if name in list_networks():
        usual = entry(name).image
        shape = (channels or usual[0], size or usual[1], size or usual[2])
        return subject(name, shape, classes or 10)
    if not Path(name).exists():
        if "/" in name:
            Run(name)  # says which runs there are
        raise unknown_name("network or run folder", name, list_networks())
    module, card = Run(name).model()
    for option, given, trained in (
        ("--channels", channels, card.channels),
        ("--classes", classes, len(card.classes)),
    ):
        if given is not None and given != trained:
            raise UsageError(
                f"{option} {given} does not fit run {name!r}, which was trained with {trained}. "
                f"Leave it out, or show the network: convscope show {card.network}."
            )
    return module, (card.channels, size or card.size, size or card.size)
