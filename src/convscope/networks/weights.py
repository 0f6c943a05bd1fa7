"""Weights from a file into a network: nothing in the file is run, and everything must fit."""

from __future__ import annotations

import functools
import pickle
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from convscope.errors import ConvscopeError, UsageError
from convscope.look.names import join_names
from convscope.networks.catalog import build, entry, list_networks
from convscope.networks.name_prefixes import (
    COUNTER,
    find_prefix,
    fitting_paths,
    without_compiled,
)
from convscope.networks.network import Network

SHOWN = 3  # names that an error quotes of each kind
PICKLES = (".pth", ".pt", ".pth.tar", ".ckpt", ".bin")
WRAPPINGS = ("state_dict", "model_state_dict", "model")  # under which checkpoints keep weights
LFS_POINTER = b"version https://git-lfs"


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file, by name, on the CPU.

    Args:
        path: A `.safetensors` file; or a `.pth`, `.pt`, `.pth.tar`, `.ckpt` or `.bin` file that
            holds a `state_dict`, by itself or under "state_dict" beside other things. These are
            pickles, of which only tensors and plain containers are accepted.

    Raises:
        UsageError: No such file, or not such a file.
        ConvscopeError: The file is damaged.
    """
    if not isinstance(path, str | Path):
        raise UsageError(
            "weights must be a file, or tensors by name as network.state_dict() gives them; given "
            f"a {type(path).__name__}."
        )
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"No weights file {str(path)!r}.")
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise UsageError(
                f"{str(path)!r} holds no weights, but says where Git LFS keeps them. Fetch them: "
                "git lfs pull."
            )
    name = path.name.lower()
    if name.endswith(".safetensors"):
        return _read_safetensors(path)
    if name.endswith(PICKLES):
        return _read_pickle(path)
    raise UsageError(
        f"Weights are read from .safetensors files and from {', '.join(PICKLES)}; {str(path)!r} is "
        "none of them."
    )


def load_weights(network: nn.Module, weights: str | Path | Mapping[str, Tensor]) -> None:
    """Fill `network` with published or saved weights; all must fit, or nothing is changed.

    Weights that the published form has and the network leaves out on purpose (GoogLeNet's auxiliary
    classifiers) are skipped with a warning. A prefix that all names share and that a program put
    there ("module.", "_orig_mod.", "model."), or below which just the network's weights lie, is
    taken off, and what lies beside is left out; both with a warning.

    Args:
        network: The network to fill.
        weights: A file for `read_weights`, or tensors by name.

    Raises:
        UsageError: The weights are of another architecture.
        ConvscopeError: The file is damaged.
    """
    if isinstance(weights, Mapping):
        fitting, left_out, prefix = match_weights(network, weights)
    else:
        whose = f"The weights in {str(weights)!r}"
        fitting, left_out, prefix = match_weights(network, read_weights(weights), whose)
    network.load_state_dict(fitting, strict=False)  # strict but for the counters
    not_numbers = [
        name
        for name, t in fitting.items()
        if t.is_floating_point() and not t.float().isfinite().all()
    ]
    if not_numbers:
        warnings.warn(
            f"Weights that hold NaN or infinity: {join_names(not_numbers, SHOWN)}.", stacklevel=2
        )
    if prefix:
        warnings.warn(f"Names in the weights begin with {prefix!r}; it is taken off.", stacklevel=2)
    if left_out:
        warnings.warn(
            f"Left out, as the network has no such part: {join_names(left_out, SHOWN)}.",
            stacklevel=2,
        )


class MatchedNames(NamedTuple):
    """Weights of a file by the names that they have in a network.

    Attributes:
        tensors: By name in the network, where the file means one.
        left_out: Names in the file of what the network leaves out on purpose.
        prefix: What a program had put before all names.
    """

    tensors: dict[str, Tensor]
    left_out: list[str]
    prefix: str


def match_weights(
    network: nn.Module, weights: Mapping[str, Tensor], whose: str = "These weights"
) -> MatchedNames:
    """Weights by the names they have in a network, all of which fit.

    Args:
        network: May lie on the device "meta", without memory.
        weights: By the names in a file.
        whose: What the error calls them.

    Raises:
        UsageError: The weights are of another architecture.
    """
    matched = match_names(network, weights)
    differences = find_differences(network.state_dict(), matched.tensors)
    if differences:
        called = network.name if isinstance(network, Network) else type(network).__name__
        raise UsageError(
            f"{whose} are of another architecture than {called}: {'; '.join(differences)}."
            f"{advise(network, matched.tensors)}"
        )
    return matched


def match_names(network: nn.Module, weights: Mapping[str, Tensor]) -> MatchedNames:
    """Weights by the names they have in a network; whether they fit is for `find_differences`.

    Args:
        network: Of the catalog, or a module.
        weights: By the names in a file.
    """
    prefix, own = find_prefix(network, weights), network.state_dict()
    tensors: dict[str, Tensor] = {}
    left_out: list[str] = []
    for full, tensor in weights.items():
        if not full.startswith(prefix):
            left_out.append(full)
            continue
        published = without_compiled(full.removeprefix(prefix), own)
        name = network.published_name(published) if isinstance(network, Network) else published
        if name is None:
            left_out.append(published)
        else:
            tensors[name] = tensor
    return MatchedNames(tensors, left_out, prefix)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        raise ConvscopeError(f"Weights file {str(path)!r} is damaged: {error}.") from None


def _read_pickle(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about the file is said below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise UsageError(
            f"{str(path)!r} is damaged, or holds more than tensors, which is not read because it "
            "could run code. Save the state_dict alone, best as .safetensors."
        ) from None
    except Exception as error:  # a damaged archive raises whatever its bytes lead to
        if "TorchScript" in str(error):
            raise UsageError(
                f"{str(path)!r} is a TorchScript program, which is not read because it could run "
                "code. Save the state_dict alone, best as .safetensors."
            ) from None
        reason = (str(error).splitlines() or [""])[0]
        if isinstance(error, LookupError) or not reason:
            reason = "its content isn't what torch.save writes"
        raise ConvscopeError(f"Weights file {str(path)!r} is damaged: {reason}") from None
    if isinstance(content, dict) and not _are_tensors(content):
        held = [key for key, value in content.items() if _are_tensors(value)]
        known = [key for key in WRAPPINGS if key in held]
        if not known and len(held) > 1:
            raise UsageError(
                f"{str(path)!r} holds several sets of weights: {join_names(map(str, held))}. Save "
                "one of them by itself, best as .safetensors."
            )
        if len(held) > 1:
            warnings.warn(
                f"{str(path)!r} holds several sets of weights: {join_names(map(repr, held))}. Of "
                f"these, {known[0]!r} is taken; for another, save it by itself.",
                stacklevel=2,
            )
        content = next((content[key] for key in (*known, *held)), content)
    if not _are_tensors(content):
        raise UsageError(
            f"{str(path)!r} holds no tensors by name. Save network.state_dict() and nothing else."
        )
    return dict(content)


def _are_tensors(content: object) -> bool:
    """Whether something holds tensors by name, and nothing else."""
    return (
        isinstance(content, dict)
        and bool(content)
        and all(isinstance(key, str) and isinstance(each, Tensor) for key, each in content.items())
    )


def find_differences(here: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> list[str]:
    """What keeps the weights `there` from fitting the places `here`, in words."""
    missing = [n for n in here if n not in there and not n.endswith(COUNTER)]
    unknown = [name for name in there if name not in here]
    misshaped = [
        f"{name} ({_shape(there[name])} instead of {_shape(tensor)})"
        for name, tensor in here.items()
        if name in there and not is_lazy(tensor) and there[name].shape != tensor.shape
    ]
    of_other_numbers = [
        f"{name} ({_kind(there[name])} instead of {_kind(tensor)})"
        for name, tensor in here.items()
        if name in there and not name.endswith(COUNTER) and not _holds(tensor, there[name])
    ]
    found = {
        "missing": missing,
        "unknown": unknown,
        "of another shape": misshaped,
        "of another kind of numbers": of_other_numbers,
    }
    return [f"{kind} {join_names(names, SHOWN)}" for kind, names in found.items() if names]


def _holds(place: Tensor, given: Tensor) -> bool:
    """Whether numbers keep their meaning in such a place: rounded they may be, but not cut off."""
    if is_lazy(place) or place.is_complex() or place.dtype == given.dtype:
        return True
    if place.is_floating_point():
        return given.is_floating_point()
    return not given.is_floating_point() and not given.is_complex()


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def advise(network: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Which networks of the catalog have weights of these names."""
    fitting = [name for name in list_networks() if _names(weights) == _names_of(name)]
    if isinstance(network, Network) and network.name in fitting:
        return (
            " The names fit, so build it with the in_channels, classes and other arguments that "
            "the weights were trained with."
        )
    if fitting:
        return f" Their names fit {join_names(map(repr, fitting))}."
    paths = fitting_paths(weights, network.state_dict())
    if len(paths) > 1:
        return f" They fit below each of {join_names(map(repr, paths))}: save one of these alone."
    return ""


@functools.cache
def _names_of(network: str) -> set[str]:
    with torch.device("meta"):
        return _names(build(network, entry(network).image[0]).state_dict())


def _names(weights: Iterable[str]) -> set[str]:
    return {name for name in weights if not name.endswith(COUNTER)}


def _shape(tensor: Tensor) -> str:
    return "×".join(str(n) for n in tensor.shape) or "one number"
