"""One file that predicts: weights, with everything needed to use them in the metadata.

`model.safetensors` holds the state of the network as tensors and one metadata entry,
`convscope`, a JSON object with the fields of `ModelCard`. Reading it runs no code: the
architecture is named, and built from the catalog. Two more, `sha256` and `check`, tell whether a
single bit of weights or metadata has changed since they were written. docs/format.md has it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeAlias

import numpy as np
import pydantic
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.decode import MAX_PIXELS, decode
from convscope.data.reading import FULL_RANGE, Fit, Reading
from convscope.errors import ConvscopeError, UsageError, first_invalid
from convscope.files import atomic_path
from convscope.networks.catalog import build
from convscope.runs.origin import Origin
from convscope.runs.tensor_file import digest, read_tensors, sealed, write_tensors

Positive = Annotated[int, pydantic.Field(gt=0)]
Deviation = Annotated[float, pydantic.Field(ge=0, le=1e6)]
Mean = Annotated[float, pydantic.Field(ge=-1e6, le=1e6)]
Text = Annotated[str, pydantic.Field(max_length=10_000)]
Number = Annotated[int, pydantic.Field(gt=-(2**31), lt=2**31)]
Score: TypeAlias = Literal["max_probability", "max_logit", "energy", "gaussian_energy"]
Rate = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]


class Gaussians(pydantic.BaseModel, frozen=True, extra="forbid"):
    """What logits of known images look like: one normal distribution a class.

    Attributes:
        means: (G, K): the means of the K logits of images of each class; classes without images are
            left out, so G ≤ K.
        factors: (G, K, K): (logits - mean) @ factor has the identity as its covariance.
        offsets: (G,): logarithm of the factor's determinant.
        energy: What the energy of the logits counts for beside the logarithm of the density.
    """

    means: tuple[tuple[Finite, ...], ...]
    factors: tuple[tuple[tuple[Finite, ...], ...], ...]
    offsets: tuple[Finite, ...]
    energy: Rate

    def fits(self, classes: int) -> bool:
        """Whether all parts have the shapes that belong to this many logits."""
        rows = [*self.means, *(row for factor in self.factors for row in factor)]
        lengths = {len(self.means), len(self.factors), len(self.offsets)}
        return (
            len(lengths) == 1
            and bool(self.means)
            and all(len(factor) == classes for factor in self.factors)
            and all(len(row) == classes for row in rows)
        )


class Rejection(pydantic.BaseModel, frozen=True, extra="forbid"):
    """When to say "unknown": where the score of an image's logits lies below a threshold.

    Attributes:
        score: What is computed from the logits; `evaluation.unknown` has the formulas.
        threshold: Images that score lower are unknown.
        rate: Share of the validation images, all of known classes, that are rejected by it.
        gaussians: For the score "gaussian_energy", and for no other.
    """

    score: Score
    threshold: Finite
    rate: Annotated[float, pydantic.Field(ge=0, le=1)]
    gaussians: Gaussians | None = None

    @pydantic.model_validator(mode="after")
    def _score_has_what_it_needs(self) -> Rejection:
        if (self.score == "gaussian_energy") != (self.gaussians is not None):
            raise ValueError("gaussians belong to the score 'gaussian_energy', which needs them")
        return self


class ModelCard(pydantic.BaseModel, frozen=True, extra="forbid"):
    """What a network needs besides its weights to turn an image into a class name.

    Attributes:
        network: Name in the catalog; empty for a module that the catalog doesn't know.
        network_arguments: Arguments of its builder besides channels and classes.
        classes: Names, in the order of the logits.
        channels: Channels of an image (1 grey, 3 red-green-blue).
        size: Height and width, in pixels, that images are resized to.
        mean: Subtracted per channel, of images scaled to [0, 1].
        std: Divided by per channel, after that.
        trained_on: Name of the data.
        fit: How images that aren't square become square.
        grey_range: The values of 16-bit grey files that become 0 and 255.
        temperature: Logits are divided by it before softmax, so that probabilities can be trusted.
        rejection: When to say "unknown"; None gives every image a class.
        origin: What the training began from; None: from nothing.
    """

    format: Literal[1] = 1
    network: Text
    network_arguments: dict[Text, bool | Number | Finite | Text] = {}
    classes: Annotated[tuple[Text, ...], pydantic.Field(min_length=1, max_length=1_000_000)]
    channels: Annotated[int, pydantic.Field(gt=0, le=1024)]
    size: Annotated[int, pydantic.Field(gt=0, le=8192)]
    mean: tuple[Mean, ...]
    std: tuple[Deviation, ...]
    trained_on: Text = ""
    fit: Fit = "crop"
    grey_range: tuple[Finite, Finite] = FULL_RANGE
    temperature: Annotated[float, pydantic.Field(ge=1e-6, le=1e6)] = 1.0
    rejection: Rejection | None = None
    origin: Origin | None = None

    @pydantic.model_validator(mode="after")
    def _fields_agree(self) -> ModelCard:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes: two have the same name")
        if not len(self.mean) == len(self.std) == self.channels:
            raise ValueError(f"mean and std must have {self.channels} values, as channels says")
        if not {"in_channels", "classes"}.isdisjoint(self.network_arguments):
            raise ValueError("network_arguments: channels and classes are fields of their own")
        low, high = self.grey_range
        if low >= high:
            raise ValueError("grey_range: the first value must lie below the second")
        gaussians = self.rejection.gaussians if self.rejection is not None else None
        if gaussians is not None and not gaussians.fits(len(self.classes)):
            raise ValueError(f"rejection: gaussians don't fit {len(self.classes)} classes")
        return self

    @property
    def reading(self) -> Reading:
        """How other files than those trained on are read, to be like them."""
        return Reading(self.fit, self.grey_range, known=self.classes)

    def decode(
        self, source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS
    ) -> NDArray[np.uint8]:
        """An image file as the network takes it, uint8 (channels, size, size).

        Args:
            source: A file, or its content.
            max_pixels: An image whose header promises more is refused.

        Raises:
            ImageError: The file can't be used.
        """
        return decode(
            source,
            size=self.size,
            channels=self.channels,
            max_pixels=max_pixels,
            fit=self.fit,
            grey_range=self.grey_range,
        )

    def build(self) -> nn.Module:
        """The network, with fresh weights.

        Raises:
            UsageError: The network isn't one of the catalog, so only its own code can build it.
        """
        if not self.network:
            raise UsageError(
                "This model is a module of your own, which the file can't rebuild. "
                "Give it: --network my_net.py:Net. In Python: convscope.predict(run, images, "
                "module=my_module), likewise for evaluate, explain, unit and export; or "
                "Run(folder).model(my_module)."
            )
        return build(self.network, self.channels, len(self.classes), **self.network_arguments)


def save_model(path: str | Path, network: nn.Module, card: ModelCard) -> None:
    """Write weights and card to one safetensors file, atomically.

    Args:
        path: The file, usually `model.safetensors`.
        network: The module whose `state_dict` is stored (copied to the CPU, contiguous).
        card: What else is needed to predict.
    """
    tensors = {
        name: tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in network.state_dict().items()
    }
    metadata = sealed({"convscope": card.model_dump_json(), "sha256": digest(tensors)})
    with atomic_path(path) as temporary:
        write_tensors(temporary, tensors, metadata, name=path)


def write_card(path: str | Path, card: ModelCard) -> None:
    """Give a model file another card, atomically; weights and other metadata stay as they are.

    Args:
        path: A file that `save_model` wrote.
        card: Replaces the one in the file.

    Raises:
        UsageError: The file doesn't exist, or has no card to replace.
        ConvscopeError: The file is damaged.
    """
    metadata, tensors = read_tensors(Path(path))
    _card(Path(path), metadata)
    metadata = sealed(metadata | {"convscope": card.model_dump_json()})
    with atomic_path(path) as temporary:
        write_tensors(temporary, tensors, metadata, name=path)


def read_card(path: str | Path) -> ModelCard:
    """The card of a model file, without reading its weights.

    Raises:
        UsageError: The file doesn't exist, or holds weights without a card.
        ConvscopeError: The file is damaged.
    """
    metadata = read_tensors(Path(path), with_tensors=False).metadata
    return _card(Path(path), metadata)


def has_card(path: str | Path) -> bool:
    """Whether a safetensors file has a card, and not weights alone.

    Raises:
        UsageError: The file doesn't exist.
        ConvscopeError: The file is damaged.
    """
    metadata = read_tensors(Path(path), with_tensors=False).metadata
    return "convscope" in metadata


class ModelFile(NamedTuple):
    """The content of a model file: card and weights, by name."""

    card: ModelCard
    tensors: dict[str, Tensor]


def read_model_file(path: str | Path) -> ModelFile:
    """Card and weights of a model file, which is opened once; the weights are checked.

    Raises:
        UsageError: The file doesn't exist, or holds weights without a card.
        ConvscopeError: The file is damaged: its weights aren't those that were written.
    """
    metadata, tensors = read_tensors(Path(path))
    return ModelFile(_card(Path(path), metadata), tensors)


def _card(path: Path, metadata: Mapping[str, str]) -> ModelCard:
    if "convscope" not in metadata:
        raise UsageError(
            f"{str(path)!r} holds weights alone, without the network's name, classes and "
            "normalization. A run's model.safetensors has them; train one with 'convscope train'."
        )
    try:
        return ModelCard.model_validate_json(metadata["convscope"])
    except (pydantic.ValidationError, RecursionError) as error:
        reason = first_invalid(error) if isinstance(error, pydantic.ValidationError) else error
        raise ConvscopeError(f"Model file {str(path)!r}: its metadata: {reason}.") from None
