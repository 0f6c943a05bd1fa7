"""Explain what a network says of one image: attribution, feature maps, kernels.

found = explain(run, "shoe.png")
print(found)                    # the guesses, and what each method says of itself
found.figure("why.png")         # which pixels count
found.save("why/")              # every figure, and one page that holds them all
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.errors import UsageError, training_diverged, unknown_name
from convscope.inspection.attribution.attribute import attribute
from convscope.inspection.attribution.attribution import Attribution, freeze, logits_of
from convscope.inspection.attribution.methods import choose_methods
from convscope.inspection.explanation.explanation import Explanation
from convscope.inspection.feature_maps.feature_maps import read_feature_maps
from convscope.inspection.kernels.first_kernels import FirstKernels, read_first_kernels
from convscope.inspection.open.image import AnyImage, OpenedImage, open_image
from convscope.inspection.open.network import Inspectable
from convscope.runtime.usual_settings import in_usual_settings

MOST_GUESSES = 5


@in_usual_settings
def explain(
    network: Inspectable,
    image: AnyImage,
    *,
    method: str = "all",
    label: int | str | None = None,
    size: int | None = None,
    device: str = "auto",
    module: nn.Module | None = None,
) -> Explanation:
    """Show what a network's prediction for an image rests on. Nothing is written (see `save`).

    A file is treated as `predict` treats it: the largest centred square, resized to the model's
    size, in the model's number of channels.

    Args:
        network: A run, its folder, or a `model.safetensors`; a module; or a name of the catalog.
        image: An image file or uint8 (C, H, W); or a float tensor (C, H, W), as the network takes
            it.
        method: "saliency", "integrated-gradients", "occlusion", "grad-cam", or "all".
        label: The class to explain, by name or number. None: the one that the network takes the
            image for.
        size: Height and width of the image. None: what the run was trained with, or the usual.
        device: Where to compute. "auto" takes a GPU if there is one; a module stays where it is.
        module: The module to fill, if `network` is a run of one that isn't in the catalog.

    Raises:
        UsageError: No such network, method or class, or a method that the network has no layer
            for.
        ConvscopeError: The image or the model file can't be used, or the network's logits are
            not numbers.
    """
    methods = choose_methods(method)
    opened = open_image(network, image, size=size, device=device, module=module)
    model, pixels = opened.network, opened.pixels
    probabilities = _probabilities(model, pixels, opened.temperature)
    names = opened.classes or tuple(f"class {number}" for number in range(len(probabilities)))
    target = int(probabilities.argmax()) if label is None else _class(label, names)
    attributions, notes = _attributions(opened, target, methods, method)
    order = probabilities.argsort(descending=True, stable=True)[:MOST_GUESSES].tolist()
    return Explanation(
        image_name=opened.image_name,
        image=opened.visible_image(),
        label=names[target],
        probability=float(probabilities[target]),
        guesses=tuple((names[i], float(probabilities[i])) for i in order),
        attributions=attributions,
        maps=tuple(read_feature_maps(model, pixels)),
        kernels=_kernels(model, pixels),
        notes=(*opened.notes, *notes),
    )


def _class(label: int | str, names: tuple[str, ...]) -> int:
    """The number of a class, given by name or number."""
    if isinstance(label, str) and label in names:
        return names.index(label)
    number = int(label) if isinstance(label, int) or label.isdecimal() else -1
    if 0 <= number < len(names):
        return number
    raise unknown_name("class", str(label), names)


def _probabilities(model: nn.Module, pixels: Tensor, temperature: float) -> Tensor:
    """Those that predictions give: (classes,)."""
    with freeze(model), torch.no_grad():
        logits = logits_of(model, pixels)[0].float()
    if not logits.isfinite().all():
        raise training_diverged("For this image ")
    return (logits / temperature).softmax(dim=0).cpu()


def _attributions(
    opened: OpenedImage, target: int, methods: list[str], asked: str
) -> tuple[tuple[Attribution, ...], tuple[str, ...]]:
    """What the methods find; and why one was left out that wasn't asked for by name."""
    found: list[Attribution] = []
    notes: list[str] = []
    for name in methods:
        try:
            found.append(attribute(opened, name, target))
        except UsageError as error:
            if asked != "all":
                raise
            notes.append(f"Left out {name}: {error}")
    return tuple(found), tuple(notes)


def _kernels(model: nn.Module, pixels: Tensor) -> FirstKernels | None:
    try:
        return read_first_kernels(model, pixels.shape[1:])
    except UsageError:
        return None  # a network without convolutions has other things to show
