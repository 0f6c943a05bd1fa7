"""A module of somebody's own: whether it can be trained here, and what to say of it.

Everything that would go wrong later, or silently, is looked for before the first step: layers that
PyTorch can't see, weights that can't learn or can't be saved, an output that is no row of logits an
image. The module itself is left as it was found, but for lazy layers, which get their shapes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from convscope.errors import UsageError
from convscope.graph.restore import leave_as_found
from convscope.look.names import join_names
from convscope.runs.network_file import find_line
from convscope.runs.own_weights import check_weights
from convscope.runs.reached_weights import check_reached
from convscope.runtime.deep_nesting import allow_nesting
from convscope.runtime.module_copy import copy_module, inside_containers
from convscope.runtime.module_inputs import check_inputs, hint_at_batch
from convscope.runtime.module_output import main_logits
from convscope.runtime.training_mode import kept_in_evaluation, modes_kept

SHOWN = 3  # paths that a note names


def examine_module(
    module: nn.Module, shape: tuple[int, int, int], classes: int | None
) -> tuple[str, ...]:
    """Complain early about a module that can't be trained on such images; else, what to know of it.

    Args:
        module: Anything that was given as a network. Lazy layers get their shapes from images of
            this shape; nothing else of it changes.
        shape: (C, H, W) of an image.
        classes: How many the data has; None: as many as the module has logits.

    Returns:
        Notes, in sentences.

    Raises:
        UsageError: Says what is wrong with the module, and how to mend it.
    """
    name = check_is_module(module)
    _check_containers(module, name)
    check_weights(module, name)
    if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        raise UsageError(
            f"The module {name} has weights on the device 'meta', which have no numbers. Build it "
            "outside of torch.device('meta'), or call network.to_empty(device='cpu') and give it "
            "initial weights."
        )
    output = run_once(module, shape, training=False)
    logits = main_logits(output)
    wanted = "classes" if classes is None else classes
    if logits.ndim != 2 or tuple(logits.shape) != (2, classes or logits.shape[1]):
        raise UsageError(
            f"The module {name} gives {tuple(logits.shape)} for 2 images; training needs "
            f"logits of shape (2, {wanted}), one for each class of the data."
        )
    _check_single_image(module, shape, logits.shape[1])
    _check_buffers(module, shape)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        has = "only frozen parameters" if any(True for _ in module.parameters()) else "none"
        raise UsageError(
            f"The module {name} has nothing to train: of parameters it has {has}. Give it "
            "layers as attributes (self.conv = nn.Conv2d(…)), or call requires_grad_(True)."
        )
    notes = list(check_reached(module, name, shape))
    trained = run_once(module, shape, training=True)
    if main_logits(trained).shape != logits.shape:
        raise UsageError(
            f"The module {name} gives {tuple(logits.shape)} for 2 images in evaluation mode, and "
            f"{tuple(main_logits(trained).shape)} in training mode; both must be logits, one for "
            "each class."
        )
    if not isinstance(output, Tensor) or not isinstance(trained, Tensor):
        notes.append(
            f"{name} returns several outputs; the first is trained and evaluated, the others get "
            "no gradient of their own."
        )
    still = kept_in_evaluation(module)
    if still:
        notes.append(
            f"Kept in evaluation mode while {name} is trained, as they were given: "
            f"{join_names(still, SHOWN)}."
        )
    return tuple(notes)


def check_is_module(module: object) -> str:
    """The name of a module's class.

    Raises:
        UsageError: It is a class, a function or something else.
    """
    if isinstance(module, nn.Module):
        return type(module).__name__
    if isinstance(module, type) and issubclass(module, nn.Module):
        name = module.__name__
        raise UsageError(f"network is the class {name}; give an instance of it: {name}().")
    raise UsageError(
        "network must be a name of the catalog or a torch.nn.Module; given a "
        f"{type(module).__name__}. For the names: convscope networks."
    )


def give_shapes(module: nn.Module, shape: tuple[int, int, int]) -> None:
    """Let lazy layers (nn.LazyLinear, nn.LazyConv2d …) find their shapes from images of this shape.

    Args:
        module: Is changed only if it has lazy layers.
        shape: (C, H, W) of an image.

    Raises:
        UsageError: The module fails on such images.
    """
    if has_lazy_layers(module):
        with modes_kept(module), torch.no_grad(), torch.random.fork_rng(devices=[]):
            _call(module.eval(), torch.zeros(2, *shape))


def with_shapes(module: nn.Module, shape: tuple[int, int, int]) -> nn.Module:
    """The module; where it has lazy layers, a copy of it in which they have their shapes.

    Args:
        module: Is left as it is.
        shape: (C, H, W) of an image.

    Raises:
        UsageError: The module fails on such images.
    """
    if has_lazy_layers(module):
        module = copy_module(module)
        give_shapes(module, shape)
    return module


def has_lazy_layers(module: nn.Module) -> bool:
    """Whether some weights have no shape yet."""
    return any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers()))


def run_once(
    module: nn.Module, shape: tuple[int, int, int], *, training: bool, images: int = 2
) -> Any:
    """What the module returns for images of zeros, without gradients; it is left as found.

    Raises:
        UsageError: It fails on them, or can't be put into this mode.
    """
    allow_nesting(module)
    give_shapes(module, shape)
    with leave_as_found(module, torch.clone), torch.no_grad():
        try:
            module.train(training)
        except NotImplementedError as error:  # as of what torch.export made
            raise UsageError(
                f"The module {type(module).__name__} can't be put into training mode ({error}). "
                "Give the nn.Module that it was made from."
            ) from error
        return _call(module, torch.zeros(images, *shape))


def _call(module: nn.Module, images: Tensor) -> Any:
    check_inputs(module, f"The module {type(module).__name__}")
    device = next((tensor.device for tensor in module.parameters()), images.device)
    try:
        return module(images.to(device))
    except UsageError:
        raise
    except Exception as error:  # whatever a module of somebody's own may raise
        raise UsageError(
            f"The module {type(module).__name__} fails on images of shape "
            f"{tuple(images.shape)}: {' '.join(str(error).split()) or type(error).__name__}"
            f"{_place_of(module, error)}"
            f"{_hint_at_kind(module)}{hint_at_batch(error, len(images))}"
        ) from error


def _place_of(module: nn.Module, error: BaseException) -> str:
    """The line of the module's own file that failed, if it is in one that was named by a person."""
    file = getattr(sys.modules.get(type(module).__module__), "__file__", None)
    line = None if file is None else find_line(Path(file), error)
    return "" if line is None else f" ({file}, line {line})"


def _hint_at_kind(module: nn.Module) -> str:
    """What to do about weights of another kind than images are, if there are only such."""
    kinds = {p.dtype for p in module.parameters() if p.dtype.is_floating_point}
    if not kinds or torch.float32 in kinds:
        return ""
    found = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in kinds))
    hint = f". Its weights are {found}, and images come in float32: give it as network.float()."
    if torch.float64 in kinds:
        return hint
    return f"{hint} Whether bfloat16 is faster is measured; precision='bfloat16' asks for it."


def _check_containers(module: nn.Module, name: str) -> None:
    """Refuse layers and weights in plain lists and dicts, where PyTorch doesn't see them."""
    registered = {id(each) for each in module.modules()}
    weights = {id(each) for each in module.parameters()}
    for path, each in module.named_modules():
        for attribute, value in vars(each).items():
            if attribute.startswith("_") and attribute in vars(nn.Module()):
                continue  # PyTorch's own dictionaries
            hidden = [
                inner
                for inner in inside_containers(value)
                if (
                    isinstance(inner, nn.Module) and id(inner) not in registered and _matters(inner)
                )
                or (isinstance(inner, nn.Parameter) and id(inner) not in weights)
            ]
            if hidden and isinstance(value, list | tuple | dict | set):
                where = f"{path}.{attribute}" if path else attribute
                kind = type(value).__name__
                what = "layers" if isinstance(hidden[0], nn.Module) else "weights"
                better = {
                    ("layers", True): "nn.ModuleDict",
                    ("layers", False): "nn.ModuleList",
                    ("weights", True): "nn.ParameterDict",
                    ("weights", False): "nn.ParameterList",
                }[what, isinstance(value, dict)]
                raise UsageError(
                    f"The module {name} keeps {what} in a plain {kind}, {where!r}, where PyTorch "
                    f"doesn't find them: they would neither be trained nor saved. Make it an "
                    f"{better}: self.{attribute} = {better}(…)."
                )


def _matters(hidden: nn.Module) -> bool:
    """Whether a layer that PyTorch doesn't see has weights, or a training mode."""
    return bool(hidden.state_dict()) or any(
        isinstance(each, nn.modules.dropout._DropoutNd) for each in hidden.modules()
    )


def _check_single_image(module: nn.Module, shape: tuple[int, int, int], classes: int) -> None:
    """Refuse a module that takes images only several at a time."""
    advice = (
        "Predictions, the server and the last images of an epoch may be one image alone. Is "
        "there a squeeze() without an axis, which drops the axis of the images, too (squeeze(1) "
        "doesn't), or a normalization over the images of a batch?"
    )
    try:
        logits = main_logits(run_once(module, shape, training=False, images=1))
    except UsageError as error:
        raise UsageError(f"{error} For 2 images it doesn't fail. {advice}") from error
    if tuple(logits.shape) != (1, classes):
        raise UsageError(
            f"The module {type(module).__name__} gives {tuple(logits.shape)} for 1 image, where "
            f"(1, {classes}) is needed. {advice}"
        )


def _check_buffers(module: nn.Module, shape: tuple[int, int, int]) -> None:
    """Refuse buffers that grow with every call."""
    with leave_as_found(module, torch.clone), torch.no_grad():
        sizes = []
        for _ in range(2):
            _call(module, torch.zeros(2, *shape))
            sizes.append({path: tensor.shape for path, tensor in module.state_dict().items()})
    growing = [path for path, size in sizes[1].items() if size != sizes[0].get(path)]
    if growing:
        raise UsageError(
            f"The buffer {growing[0]!r} of {type(module).__name__} gets another shape with every "
            "call, so no model file could be loaded into it again. Register it with "
            "persistent=False, or keep it in a plain attribute."
        )
