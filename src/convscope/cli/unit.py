"""The part of `convscope show` that explains one number: `--unit LAYER:C,Y,X --image FILE`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.console import print_json
from convscope.errors import UsageError

if TYPE_CHECKING:
    from convscope.inspection.open.network import Inspectable


def check_options(
    image: Path | None, unit: str | None, *, backward: bool, label: str | None, out: Path | None
) -> None:
    """Complain about options that only mean something together.

    Raises:
        UsageError: One is given without the other that it needs.
    """
    if unit is None:
        for option, given in (
            ("--image", image is not None),
            ("--backward", backward),
            ("--class", label is not None),
            ("--out", out is not None),
        ):
            if given:
                raise UsageError(
                    f"{option} is for one number: add --unit LAYER:CHANNEL,ROW,COLUMN."
                    if option in ("--backward", "--class")
                    else f"{option} belongs to a question: add --unit LAYER:CHANNEL,ROW,COLUMN, or "
                    "another (convscope show --help)."
                )
        return
    if image is None:
        raise UsageError("--unit explains a number computed from an image: add --image FILE.")
    if label is not None and not backward:
        raise UsageError("--class is the class that the loss is for: add --backward.")
    if out is not None and out.suffix.lower() != ".png":
        raise UsageError(f"--out must be a file that ends with .png; given {str(out)!r}.")
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"--out: there is no folder {str(out.parent)!r}. Make it first.")


def show_unit(
    network: Inspectable,
    image: Path,
    unit: str,
    *,
    backward: bool,
    label: str | None,
    size: int | None,
    channels: int | None,
    classes: int | None,
    out: Path | None,
    json: bool,
) -> None:
    """Print where one number comes from, and draw it.

    Args:
        network: A network of the catalog, a run, its folder or model, or a `model.safetensors`.
        image: The image.
        unit: Layer and place of the number.
        backward: Also explain the gradients.
        label: Class for the loss, or None for the predicted one.
        size: Height and width of the image, or None for the usual.
        channels: Channels of the image, or None for the usual.
        classes: Number of classes, or None for the usual.
        out: The PNG, or None for a name made of the image's and the unit's.
        json: Print data instead of text.
    """
    from convscope.inspection.open.image import open_image
    from convscope.inspection.unit.unit import explain_unit
    from convscope.look.terminal import Console

    subject = open_image(network, image, size=size, channels=channels, classes=classes)
    explanation = explain_unit(subject, unit, backward=backward, label=label)
    file = out or Path(f"{image.stem}-{re.sub(r'[^A-Za-z0-9.]+', '-', unit)}.png")
    files = [file]
    explanation.figure(file)
    if backward:
        files.append(file.with_name(f"{file.stem}-backward{file.suffix}"))
        explanation.backward_figure(files[1])
    if json:
        print_json({**explanation.as_dict(), "files": [str(each) for each in files]})
        return
    Console(highlight=False).print(explanation)
    print()
    for each in files:
        print(f"figure: {each}")
