"""Explain what a trained network says of one image: attribution, feature maps, kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convscope.data.batches import Normalization
from convscope.data.convert import convert
from convscope.data.decode import ImageError, decode
from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError, UsageError, training_diverged, unknown_name
from convscope.inspection.attribution.attribution import Attribution, frozen, logits_of
from convscope.inspection.attribution.methods import METHODS, chosen_methods
from convscope.inspection.explanation import Explanation
from convscope.inspection.feature_maps import FirstKernels, feature_maps, first_kernels
from convscope.inspection.page import write_explanation
from convscope.runs.model_file import ModelCard, load_model
from convscope.runs.run import Run
from convscope.runtime.device import choose_device

MOST_GUESSES = 5


def explain(
    run: Run | str | Path,
    image: str | Path | NDArray[np.uint8],
    *,
    method: str = "all",
    label: str | None = None,
    out: str | Path | None = None,
    device: str = "auto",
    network: nn.Module | None = None,
) -> Explanation:
    """Show what a trained network's answer to an image rests on, in figures and one HTML page.

    A file is treated as `predict` treats it: the largest centred square, resized to the model's
    size, in the model's number of channels.

    Args:
        run: A run, its folder, or a `model.safetensors`.
        image: An image file, or uint8 (C, H, W).
        method: "saliency", "integrated-gradients", "occlusion", "grad-cam", or "all".
        label: The class to explain. None: the one that the network takes the image for.
        out: Folder to write to. None: `explanations/IMAGE` in the run's folder.
        device: "auto" takes a GPU if there is one.
        network: The module to fill, if the run trained one that isn't in the catalog.

    Raises:
        UsageError: No run, no model in it, no such method or class, or a method that the network
            has no layer for.
        ConvscopeError: The image or the model file can't be used, or the network's answers are
            not numbers.
    """
    methods = chosen_methods(method)
    model, card, folder = _open(run, network)
    if label is not None and label not in card.classes:
        raise unknown_name("class", label, card.classes)
    name, shown = _decode_image(image, card)
    target_folder = _folder(folder / "explanations" / Path(name).stem if out is None else Path(out))
    chosen = choose_device(device)
    model.to(chosen)
    normalization = Normalization(card.mean, card.std)
    pixels = normalization.apply(torch.from_numpy(shown[None]).to(chosen))  # (1, C, H, W)
    black = normalization.apply(torch.zeros_like(pixels))
    probabilities = _probabilities(model, pixels)
    target = int(probabilities.argmax()) if label is None else card.classes.index(label)
    attributions, notes = _attributions(model, pixels, target, black, methods, method)
    order = probabilities.argsort(descending=True, stable=True)[:MOST_GUESSES].tolist()
    explanation = Explanation(
        image_name=name,
        image=shown,
        label=card.classes[target],
        probability=float(probabilities[target]),
        guesses=tuple((card.classes[i], float(probabilities[i])) for i in order),
        attributions=attributions,
        maps=tuple(feature_maps(model, pixels)),
        kernels=_kernels(model, pixels),
        notes=notes,
        files={},
    )
    return write_explanation(explanation, target_folder)


def _open(run: Run | str | Path, network: nn.Module | None) -> tuple[nn.Module, ModelCard, Path]:
    """The network, its card, and the folder it lies in."""
    if not isinstance(run, Run):
        path = Path(run)
        if path.is_file() or path.suffix == ".safetensors":
            return *load_model(path, network), path.parent
        run = Run(path)
    return *run.model(network), run.folder


def _decode_image(
    image: str | Path | NDArray[np.uint8], card: ModelCard
) -> tuple[str, NDArray[np.uint8]]:
    """The image's name, and what the network gets to see: uint8 (C, size, size)."""
    if isinstance(image, str | Path):
        try:
            return Path(image).name, decode(image, size=card.size, channels=card.channels)
        except ImageError as error:
            raise ConvscopeError(f"{str(image)!r} can't be used: {error.reason}.") from None
    if not isinstance(image, np.ndarray) or image.ndim != 3:
        given = (
            f"an array of shape {image.shape}"
            if isinstance(image, np.ndarray)
            else type(image).__name__
        )
        raise UsageError(
            f"image must be a file or one image uint8 (C, H, W); given {given}. From an "
            "ImageSet, take data.images[0]."
        )
    one = ImageSet(image[None], [0], card.classes)
    return "image", convert(one, size=card.size, channels=card.channels).images[0]


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {str(path)!r} can't be made: {error.strerror}. Give another one as out."
        ) from None
    return path


def _probabilities(model: nn.Module, pixels: Tensor) -> Tensor:
    with frozen(model), torch.no_grad():
        logits = logits_of(model, pixels)[0].float()
    if not logits.isfinite().all():
        raise training_diverged("For this image ")
    return logits.softmax(dim=0).cpu()


def _attributions(
    model: nn.Module,
    pixels: Tensor,
    target: int,
    black: Tensor,
    methods: list[str],
    asked: str,
) -> tuple[tuple[Attribution, ...], tuple[str, ...]]:
    """What the methods find; and why one was left out that wasn't asked for by name."""
    found: list[Attribution] = []
    notes: list[str] = []
    for name in methods:
        try:
            found.append(METHODS[name](model, pixels, target, black))
        except UsageError as error:
            if asked != "all":
                raise
            notes.append(f"Left out {name}: {error}")
    return tuple(found), tuple(notes)


def _kernels(model: nn.Module, pixels: Tensor) -> FirstKernels | None:
    try:
        return first_kernels(model, pixels.shape[1:])
    except UsageError:
        return None  # a network without convolutions has other things to show
