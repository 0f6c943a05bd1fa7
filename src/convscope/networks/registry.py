"""The list that every network's file enters its variants in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

from convscope.networks.network import Network

Builder = Callable[..., Network]


@dataclass(frozen=True)
class Entry:
    """The facts about one network of the catalog.

    Attributes:
        name: What `build` calls it.
        family: The architecture it is a variant of, as in "ResNet".
        paper: Authors, title and year of the paper that describes it.
        image: (channels, height, width) of the images it is usually given.
        native: The name of the variant made for images of 28 to 32 pixels, if there is one.
        builder: Makes it, from `in_channels`, `classes` and the arguments of its own.
    """

    name: str
    family: str
    paper: str
    image: tuple[int, int, int]
    native: str | None
    builder: Builder = field(repr=False)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments that the builder takes."""
        return tuple(inspect.signature(self.builder).parameters)

    @property
    def takes_size(self) -> bool:
        """Whether the network is built for one image size, given as the argument `size`."""
        return "size" in self.arguments


REGISTRY: dict[str, Entry] = {}


def register(
    name: str,
    *,
    family: str,
    paper: str,
    image: tuple[int, int, int],
    native: str | None = None,
) -> Callable[[Builder], Builder]:
    """Enter the decorated builder in the catalog; the arguments are those of `Entry`.

    Raises:
        ValueError: The name is taken.
    """

    def enter(builder: Builder) -> Builder:
        if name in REGISTRY:
            raise ValueError(f"Two networks are called {name!r}.")
        REGISTRY[name] = Entry(name, family, paper, image, native, builder)
        return builder

    return enter
