"""What a file keeps of a network: its numbers to the bit, and nothing of what they are for."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import safetensors.torch
import torch
from torch import Tensor, nn

from convscope.data.image_set import ImageSet
from convscope.errors import UsageError
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.logits import compute_logits
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.printed import Part, Printed, TextTable
from convscope.networks.catalog import build
from convscope.networks.weights import load_weights
from convscope.runs.model import Model, load_model
from convscope.runs.run import Run
from convscope.runs.tensor_file import write_tensors
from convscope.runtime.module_copy import copy_module

Values: TypeAlias = Tensor | Sequence[Tensor] | Mapping[str, Tensor]
BATCH = 64


class KeptValue(NamedTuple):
    """Something that was written to a file and read back.

    Attributes:
        name: What it is.
        tensors: How many tensors it holds.
        bytes: Size of the file.
        difference: The largest difference of a number that was read from the one written.
    """

    name: str
    tensors: int
    bytes: int
    difference: float


@dataclass(frozen=True)
class KeptValues(Printed):
    """What was written and read back.

    Attributes:
        values: One for each thing.
    """

    values: tuple[KeptValue, ...]

    @property
    def difference(self) -> float:
        """The largest difference of all."""
        return max(value.difference for value in self.values)

    def shown(self) -> Iterator[Part]:
        """A row for each thing."""
        headings = (
            pick("written", "写入的内容"),
            pick("tensors", "张量数"),
            pick("file", "文件"),
            pick("largest difference", "最大差"),
        )
        rows = [
            [each.name, str(each.tensors), numbers.size(each.bytes), f"{each.difference:g}"]
            for each in self.values
        ]
        yield TextTable("", headings, rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"values": [each._asdict() for each in self.values]}


def write_and_read(values: Mapping[str, Values], folder: str | Path) -> KeptValues:
    """Write tensors to safetensors files, and compare what is read back.

    Args:
        values: By name: a tensor, several of them, or tensors by name, as `state_dict()` gives.
        folder: Where the files are written.
    """
    found = []
    for number, (name, value) in enumerate(values.items()):
        tensors = _by_name(value)
        file = Path(folder) / f"values-{number}.safetensors"
        write_tensors(file, tensors, name=file)
        read = safetensors.torch.load_file(file)
        difference = max(
            float((read[key].double() - tensor.double()).abs().max())
            for key, tensor in tensors.items()
        )
        found.append(KeptValue(name, len(tensors), file.stat().st_size, difference))
    return KeptValues(tuple(found))


def _by_name(value: Values) -> dict[str, Tensor]:
    if isinstance(value, Tensor):
        value = {"tensor": value}
    elif not isinstance(value, Mapping):
        value = {str(place): each for place, each in enumerate(value)}
    return {key: tensor.detach().cpu().contiguous() for key, tensor in value.items()}


class Refill(NamedTuple):
    """A network that was given the weights of another.

    Attributes:
        name: What is different from the network that was trained.
        fits: Whether every weight found its place, so that nobody complained.
        accuracy: Share of the images that are right; None where the weights don't fit.
    """

    name: str
    fits: bool
    accuracy: float | None


@dataclass(frozen=True)
class Refills(Printed):
    """Networks that were given the same weights.

    Attributes:
        networks: The first is the one that was trained.
    """

    networks: tuple[Refill, ...]

    def __getitem__(self, name: str) -> Refill:
        return next(each for each in self.networks if each.name == name)

    def shown(self) -> Iterator[Part]:
        """A row for each network."""
        words = {
            "as trained": pick("as it was trained", "与训练时相同"),
            "tanh": pick("tanh in place of ReLU", "ReLU 换成 tanh"),
            "pixels": pick("pixels 0 to 255, not normalized", "像素取 0 到 255，未规范化"),
            "resnet18": pick("another network: ResNet-18", "另一个网络：ResNet-18"),
        }
        rows = []
        for each in self.networks:
            fits = pick("fit", "能放进去") if each.fits else pick("refused", "被拒绝")
            right = "" if each.accuracy is None else numbers.percent(each.accuracy)
            rows.append([words[each.name], fits, right])
        headings = (
            pick("the weights in", "同样的权重用于"),
            "",
            pick("right on test images", "测试准确率"),
        )
        yield TextTable("", headings, rows, left=frozenset({0, 1}))

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {"networks": [each._asdict() for each in self.networks]}


def compare_refills(run: Run, images: ImageSet) -> Refills:
    """Give a run's weights, and nothing else of it, to networks that they may not be for.

    - "as trained": the network, and its normalization of the images.
    - "tanh": with tanh wherever it has ReLU.
    - "pixels": the images aren't normalized: numbers from 0 to 255.
    - "resnet18": another network.

    Args:
        run: Of a network of the catalog that has ReLU modules.
        images: Labelled images as the run takes them.
    """
    model = run.model()
    weights = model.network.state_dict()
    plain = model.card.model_copy(
        update={"mean": (0.0,) * model.card.channels, "std": (1 / 255,) * model.card.channels}
    )
    changed = copy_module(model.network)
    for parent in [*changed.modules()]:
        for name, child in parent.named_children():
            if isinstance(child, nn.ReLU):
                setattr(parent, name, nn.Tanh())
    other = build("resnet18", model.card.channels, len(model.card.classes))
    tried = {
        "as trained": model,
        "tanh": Model(changed, model.card),
        "pixels": Model(model.network, plain),
        "resnet18": Model(other.eval(), model.card),
    }
    return Refills(tuple(_refill(name, each, weights, images) for name, each in tried.items()))


def _refill(name: str, model: Model, weights: Mapping[str, Tensor], images: ImageSet) -> Refill:
    try:
        load_weights(model.network, weights)
    except UsageError:
        return Refill(name, False, None)
    found = compute_logits(model, images, batch_size=BATCH, device=torch.device("cpu"))
    return Refill(name, True, found.accuracy)


@dataclass(frozen=True)
class RebuiltModel(Printed):
    """A model that was built from its file, beside what the run had said.

    Attributes:
        network: What the file says it is.
        bytes: Size of the file.
        images: How many images were compared.
        same: Of how many both say the same class.
        difference: The largest difference of the probability of that class.
    """

    network: str
    bytes: int
    images: int
    same: int
    difference: float

    def shown(self) -> Iterator[Part]:
        """One row."""
        yield TextTable(
            "",
            (
                pick("network", "网络"),
                pick("file", "文件"),
                pick("same class", "类别相同"),
                pick("largest difference", "概率的最大差"),
            ),
            [[
                self.network, numbers.size(self.bytes), f"{self.same} / {self.images}",
                numbers.number(self.difference, 1),
            ]],
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def compare_rebuilt(file: str | Path, run: Run, images: ImageSet) -> RebuiltModel:
    """Build a network from a model file alone, and compare it with what the run wrote down.

    Args:
        file: A model.safetensors; may lie anywhere.
        run: Its predictions.csv has what the trained network said of its test images.
        images: The run's test images, in its order.
    """
    with (run.folder / "predictions.csv").open(encoding="utf-8", newline="") as lines:
        written = [*csv.DictReader(lines)]
    model = load_model(file)
    logits = compute_logits(model, images, batch_size=BATCH, device=torch.device("cpu")).values
    found = calibrate_probabilities(logits, model.card).max(dim=1)
    names = [model.card.classes[place] for place in found.indices.tolist()]
    said = [row["predicted"] for row in written]
    differences = [
        abs(float(row["probability"]) - probability)
        for row, probability in zip(written, found.values.tolist(), strict=True)
    ]
    return RebuiltModel(
        model.name,
        Path(file).stat().st_size,
        len(written),
        sum(a == b for a, b in zip(names, said, strict=True)),
        max(differences),
    )
