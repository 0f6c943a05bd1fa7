"""What `convscope show` answers with a figure: a question each, asked by an option."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from convscope.cli.console import check_out_file, print_json
from convscope.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convscope.data.load import Data
    from convscope.inspection.open.network import Inspectable


class Result(Protocol):
    """What every question is answered with: it prints, draws itself and becomes data."""

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw it, and write the PNG if a path is given."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""


@dataclass(frozen=True)
class Asked:
    """What was typed besides the question.

    Attributes:
        name: Of the network, as it was typed.
        network: What it stands for.
        image: An image file, if there is one.
        data: A data set, if there is one.
        size: Height and width of the images, or None for the usual.
        channels: Channels of the images, or None for the usual.
        classes: Number of classes, or None for the usual.
        reading: Fields of a `Reading`: how the files of the data set are read, where that isn't
            as the network's own were.
    """

    name: str
    network: Inspectable
    image: Path | None
    data: str | None
    size: int | None
    channels: int | None
    classes: int | None
    reading: dict[str, Any]


def _maps(asked: Asked, layer: str) -> Result:
    from convscope.inspection.feature_maps.feature_maps import feature_maps

    assert asked.image is not None  # noqa: S101 - `check_needs` has looked
    return feature_maps(
        asked.network,
        asked.image,
        layer,
        size=asked.size,
        channels=asked.channels,
        classes=asked.classes,
    )


def _receptive_field(asked: Asked, unit: str) -> Result:
    from convscope.inspection.receptive_field.receptive_field import receptive_field

    return receptive_field(
        asked.network, unit, image=asked.image, size=asked.size, channels=asked.channels
    )


def _kernels(asked: Asked, _: str) -> Result:
    from convscope.inspection.kernels.first_kernels import first_kernels

    return first_kernels(asked.network, asked.size, channels=asked.channels, classes=asked.classes)


def _parameters(asked: Asked, _: str) -> Result:
    from convscope.inspection.parameters.describe import describe_parameters

    return describe_parameters(
        asked.network,
        _data(asked, "test"),
        size=asked.size,
        channels=asked.channels,
        classes=asked.classes,
    )


def _initializations(asked: Asked, _: str) -> Result:
    from convscope.inspection.initialization.compare import compare_initializations

    return compare_initializations(
        asked.network, _data(asked, "train"), size=asked.size, channels=asked.channels
    )


def _excites(asked: Asked, layer: str) -> Result:
    from convscope.inspection.excitation.find import find_exciting_images

    data = _data(asked, "test")
    assert data is not None  # noqa: S101 - `check_needs` has looked
    name, _, numbers = layer.rpartition(":")
    if not name or not re.fullmatch(r"\d+(,\d+)*", numbers):  # as in the ":2" of a second call
        return find_exciting_images(asked.network, data, layer, size=asked.size)
    chosen = [int(number) for number in numbers.split(",")]
    return find_exciting_images(asked.network, data, name, chosen, size=asked.size)


def _data(asked: Asked, split: str) -> Data | None:
    """The data set by its name; its images, where it is said how their files are read."""
    if asked.data is None or not asked.reading:
        return asked.data
    from convscope.data.load import load, suit_reading
    from convscope.inspection.open.network import open_network

    own = open_network(asked.network, weights=False)
    reading = replace(suit_reading(own.reading, asked.data), **asked.reading)
    return load(asked.data, split, channels=own.channels, reading=reading)


@dataclass(frozen=True)
class Question:
    """How one question is answered.

    Attributes:
        ask: Finds the answer.
        image: Whether an image is taken.
        data: Whether a data set is taken.
        needs: What must be given, and why; empty if nothing must.
    """

    ask: Callable[[Asked, str], Result]
    image: bool = False
    data: bool = False
    needs: str = ""


QUESTIONS = {
    "--maps": Question(
        _maps, image=True, needs="--maps draws what a layer makes of an image: add --image FILE."
    ),
    "--receptive-field": Question(_receptive_field, image=True),
    "--kernels": Question(_kernels),
    "--parameters": Question(_parameters, data=True),
    "--initializations": Question(_initializations, data=True),
    "--excites": Question(
        _excites, data=True, needs="--excites looks through a data set: add --data DATA."
    ),
}
"""By the option that asks it."""


def answer_question(option: str, value: str, asked: Asked, out: Path | None, json: bool) -> None:
    """Answer one question: print it, and draw it.

    Args:
        option: One of `QUESTIONS`.
        value: What was given with the option.
        asked: What was typed besides.
        out: The PNG to write, or None for a name made of the image's or the network's.
        json: Print data instead of text.

    Raises:
        UsageError: Something is missing or doesn't belong here, or the file cannot be written.
    """
    question = QUESTIONS[option]
    for other, given, taken in (
        ("--image", asked.image, question.image),
        ("--data", asked.data, question.data),
    ):
        if given is not None and not taken:
            raise UsageError(f"{other} has no meaning for {option}. Leave it out.")
        if given is None and taken and question.needs:
            raise UsageError(question.needs)
    stem = Path(asked.name).name if asked.image is None else asked.image.stem
    what = value or option.removeprefix("--")
    if option == "--excites":
        what = f"excites-{value}"
    file = out or Path(f"{stem}-{re.sub(r'[^A-Za-z0-9.]+', '-', what)}.png")
    check_out_file("--out", file, ".png")
    result = question.ask(asked, value)
    result.figure(file)
    if json:
        print_json({**result.as_dict(), "files": [str(file)]})
        return
    print(result)
    print(f"figure: {file}")
