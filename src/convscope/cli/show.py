"""`convscope show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_data, complete_network, complete_run
from convscope.cli.console import print_json
from convscope.cli.network import NetworkOption, open_network, open_subject
from convscope.cli.reading import (
    ClassFromOption,
    ColumnsOption,
    ImagesOption,
    SplitFoldersOption,
    reading_fields,
)
from convscope.cli.show_questions import QUESTIONS, Asked, answer_question
from convscope.cli.unit import check_options, show_unit
from convscope.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from convscope.runs.model import Model

EPILOG = """
Examples:

  convscope show resnet18

  convscope show googlenet --size 224 --channels 3 --classes 1000 --expand

  convscope show runs/lenet-digits-1 --json

  convscope show my_net.py:Net --size 32 --channels 3

  convscope show resnet18 --drawing resnet18.svg

  convscope show runs/lenet-digits-1 --unit features.conv1:2,10,12 --image seven.png --backward

  convscope show runs/lenet-digits-1 --maps features.conv1 --image seven.png

  convscope show runs/lenet-digits-1 --excites features.conv2 --data digits

  convscope show runs/lenet-digits-1 --parameters --data digits

  convscope show runs/mine --excites features.conv2 --data labels.csv --columns label=species

  convscope show runs/Net-pets-1 --network my_net.py:Net --unit conv:2,10,12 --image cat.jpg

  convscope show vgg11-32px --initializations

  convscope show resnet18 --receptive-field layer2:5,3,3
"""


def complete_subject(text: str) -> list[str]:
    """Names in the catalog, and run folders."""
    return [*complete_network(text), *complete_run(text)]


def show(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK|RUN",
            help="Name of a network, folder of a run, or a network of yours: my_net.py:Net.",
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
    receptive_field: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER:C,Y,X",
            help="Show what a unit sees of the image instead, and how much each pixel matters.",
        ),
    ] = None,
    kernels: Annotated[
        bool, typer.Option("--kernels", help="Draw the kernels that images meet first instead.")
    ] = False,
    parameters: Annotated[
        bool,
        typer.Option(
            "--parameters",
            help="Describe the parameters instead; with --data also gradients and dead units.",
        ),
    ] = False,
    initializations: Annotated[
        bool,
        typer.Option(
            "--initializations",
            help="Compare what each initialization does to the signal through depth instead.",
        ),
    ] = False,
    excites: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER[:C,…]",
            help="Find the images of --data that excite a layer's channels most instead.",
        ),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(help="For --unit, --maps and --receptive-field: an image."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="For --excites, --parameters and --initializations: a data set.",
            autocompletion=complete_data,
        ),
    ] = None,
    class_from: ClassFromOption = None,
    columns: ColumnsOption = None,
    images: ImagesOption = None,
    split_folders: SplitFoldersOption = None,
    own: NetworkOption = None,
    backward: Annotated[
        bool, typer.Option("--backward", help="For --unit: explain the gradients as well.")
    ] = False,
    label: Annotated[
        str | None,
        typer.Option("--class", help="For --backward: the right class. Default: the predicted."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The PNG to write for a question. Default: IMAGE-LAYER….png and so on."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Show a network layer by layer: shapes, parameters, MACs, what each layer sees.

    Without a size, images are what the network is usually given, or what the run trained on.

    With --unit and --image, show where one number comes from: the arithmetic, in text and in a
    figure. Other options ask other questions, one at a time; each is answered in text and in a
    figure.
    """
    questions = {
        "--maps": maps,
        "--receptive-field": receptive_field,
        "--excites": excites,
        "--kernels": "" if kernels else None,
        "--parameters": "" if parameters else None,
        "--initializations": "" if initializations else None,
    }
    asked = {"--unit": unit, **questions, "--drawing": drawing}
    several = [option for option, given in asked.items() if given is not None]
    if len(several) > 1:
        raise UsageError(f"{' and '.join(several)} are different questions. Ask one at a time.")
    reading = reading_fields(
        class_from=class_from, columns=columns, images=images, split_folders=split_folders
    )
    if reading and data is None:
        given = f"--{next(iter(reading)).replace('_', '-')}"
        raise UsageError(f"{given} says how a data set is read: add --data DATA.")
    for option in QUESTIONS:
        value = questions[option]
        if value is not None:
            check_options(None, None, backward=backward, label=label, out=None)
            subject = open_subject(network, own)
            besides = Asked(network, subject, image, data, size, channels, classes, reading)
            answer_question(option, value, besides, out, json=json)
            return
    check_options(image, unit, backward=backward, label=label, out=out)
    if data is not None:
        raise UsageError("--data is for --excites, --parameters and --initializations.")
    if unit is not None and image is not None:
        show_unit(
            open_subject(network, own),
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
    show_layers(
        open_subject(network, own),
        size,
        channels=channels,
        classes=classes,
        expand=expand,
        drawing=drawing,
        json=json,
    )


def show_layers(
    network: str | Model,
    size: int | None,
    *,
    channels: int | None,
    classes: int | None,
    expand: bool,
    drawing: Path | None,
    json: bool,
) -> None:
    """Print a network layer by layer, and draw it if asked to.

    Args:
        network: A network of the catalog, the folder of a run, a model file, or an opened one.
        size: Height and width of the images, or None for the usual.
        channels: Channels of the images, or None for the usual.
        classes: Number of classes, or None for the usual.
        expand: Show every layer, not blocks of them.
        drawing: An .svg or .png to write, or None.
        json: Print data instead of text.
    """
    from convscope.graph.capture import capture
    from convscope.inspection.open.network import open_for_shape
    from convscope.inspection.trace.trace import trace_graph
    from convscope.runs.model import Model

    known = {"size": size, "channels": channels, "classes": classes}
    opened = open_network(network, changes=known) if isinstance(network, str) else network
    if isinstance(opened, str | Model):
        module, shape = open_for_shape(opened, size, channels=channels, classes=classes)
    elif size is None:
        raise UsageError(f"{network}: of which size are its images? Give --size, as in --size 32.")
    else:
        shape = (channels or _channels_of(opened), size, size)
        module, shape = open_for_shape(opened, shape)
    graph = capture(module, shape)
    trace = trace_graph(graph)
    files = {}
    if drawing is not None:
        from convscope.inspection.drawing.drawing import draw

        draw(graph, expand=expand, path=drawing)
        files["drawing"] = str(drawing)
    if json:
        print_json(trace.as_dict() | files)
        return
    from convscope.inspection.trace.table import as_table
    from convscope.look.terminal import Console

    console = Console(highlight=False)
    for part in as_table(trace, console.width, expand=expand):
        console.print(part)
    for what, file in files.items():
        print(f"{what}: {file}")


def _channels_of(network: nn.Module) -> int:
    """The channels that a network's first convolution takes; 3 if it has none."""
    counts = (getattr(layer, "in_channels", None) for layer in network.modules())
    return next((count for count in counts if isinstance(count, int)), 3)
