"""Where a run takes its first weights from: `--from SOURCE`, found, read and described.

A source is "published" (what torchvision publishes for the network), a run, a `model.safetensors`,
or a file of weights alone. Finding it reads no weights, so that a plan needn't download any.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from convscope.data.download import RemoteFile, download
from convscope.data.reading import FULL_RANGE
from convscope.errors import ConvscopeError, UsageError
from convscope.files import file_sha256
from convscope.folders import search_folders, writable_folder
from convscope.networks.published import (
    LICENCE,
    MEAN,
    PUBLISHED,
    SIZE,
    STD,
    PublishedWeights,
    find_published,
)
from convscope.networks.weights import read_weights
from convscope.runs.model_file import ModelCard, has_card, read_card, read_model_file
from convscope.runs.run import Run

FOLDER = "weights"  # of the cache and of CONVSCOPE_DATA, where published files lie
NOT_STATED = "not stated"


@dataclass(frozen=True)
class WeightSource:
    """A source that is there, or can be fetched.

    Attributes:
        given: What it was called: "published" or a path.
        network: Name of the network that begins with it; empty: a module of one's own.
        file: Its weights; None: published ones, wherever they are.
        published: What is known of them; None: of another source.
        card: What a model file says besides its weights; None: there is none.
    """

    given: str
    network: str
    file: Path | None = None
    published: PublishedWeights | None = None
    card: ModelCard | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names that its logits stand for; empty where they aren't known here."""
        return self.card.classes if self.card else ()

    @property
    def licence(self) -> str:
        """The terms of its weights, as far as is known."""
        if self.published:
            return LICENCE
        origin = self.card.origin if self.card else None
        return origin.licence if origin else NOT_STATED

    def settings(self) -> dict[str, Any]:
        """The fields of a recipe that weights only make sense with."""
        if self.published:
            return {
                "channels": 3,
                "size": SIZE,
                "normalization": {"mean": MEAN, "std": STD},
                "network_arguments": self.published.arguments,
            }
        if self.card is None:
            return {}
        card = self.card
        arguments = {name: each for name, each in card.network_arguments.items() if name != "size"}
        fields = {
            "size": card.size,
            "normalization": {"mean": card.mean, "std": card.std},
            "fit": card.fit,
            "network_arguments": arguments,
        }
        if card.channels == 3:
            fields["channels"] = 3  # grey images are repeated; colour images into grey: begin_from
        if card.grey_range != FULL_RANGE:
            fields["grey_range"] = card.grey_range
        return fields

    def read(self) -> SourceWeights:
        """The weights; published ones are fetched if they aren't here yet.

        Raises:
            UsageError: The file isn't one of weights.
            ConvscopeError: It is damaged, or can't be fetched.
        """
        file = self.file or fetch(self.network)
        digest = file_sha256(file)
        if self.published and not digest.startswith(self.published.sha256):
            raise ConvscopeError(
                f"{str(file)!r} isn't the published file of this name: its SHA-256 begins with "
                f"{digest[:8]}, not {self.published.sha256}. Remove it, and it is fetched again."
            )
        tensors = read_model_file(file).tensors if self.card else read_weights(file)
        return SourceWeights(tensors, file, digest)


class SourceWeights(NamedTuple):
    """The weights of a source.

    Attributes:
        tensors: By the names that they have in the file.
        file: Where they were read.
        sha256: Of the file.
    """

    tensors: dict[str, Tensor]
    file: Path
    sha256: str


def find_source(given: str, network: str | nn.Module) -> WeightSource:
    """What `--from` names, for a network; no weights are read and nothing is fetched.

    Args:
        given: "published", a run, a `model.safetensors` or a file of weights.
        network: What is to begin with the weights.

    Raises:
        UsageError: There is nothing of this name, or it is of another network.
        ConvscopeError: It is damaged.
    """
    name = network if isinstance(network, str) else ""
    if given == "published":
        if not name:
            raise UsageError(
                "--from published: published weights are known for networks of the catalog. For a "
                "module of your own, give a run or a file of weights."
            )
        return WeightSource(given, name, published=find_published(name))
    path = Path(given).expanduser()
    if not path.exists():
        raise UsageError(
            f"--from {given!r}: there is no such run or file. Accepted: published, the folder of a "
            "run, a model.safetensors, or a file of weights (.safetensors, .pth)."
        )
    file = _file_of(Run(path)) if path.is_dir() else path
    published = PUBLISHED.get(name)
    if published is not None and published.sha256 in file.name:
        return WeightSource(given, name, file, published)
    if not (file.suffix == ".safetensors" and has_card(file)):
        return WeightSource(given, name, file)
    card = read_card(file)
    if name and card.network != name:
        if not card.network:
            raise UsageError(
                f"--from {given!r} holds the weights of a module of somebody's own, not of {name}."
            )
        raise UsageError(
            f"--from {given!r} holds the weights of {card.network}, not of {name}. Give: convscope "
            f"train {card.network} DATA --from {given}"
        )
    return WeightSource(given, name, file, card=card)


def _file_of(run: Run) -> Path:
    if not run.model_file.exists():
        raise UsageError(
            f"Run {str(run.folder)!r} has no weights to begin from yet: it stopped before its "
            f"first epoch ended. Go on with it: convscope resume {run.folder}"
        )
    return run.model_file


def find_here(network: str) -> Path | None:
    """The published weights of a network, if they lie on this machine; nothing is fetched."""
    file = find_published(network).file
    places = (folder / file for folder in search_folders(FOLDER))
    return next((place for place in places if place.is_file()), None)


def fetch(network: str) -> Path:
    """The file of published weights: in the folders of data, or downloaded into the cache.

    Raises:
        UsageError: Nothing is published for this network.
        ConvscopeError: It can't be downloaded; says where to put it by hand.
    """
    here = find_here(network)
    if here is not None:
        return here
    published = find_published(network)
    remote = RemoteFile(published.file, (published.url,), published.sha256, "sha256")
    return download(remote, writable_folder(FOLDER))
