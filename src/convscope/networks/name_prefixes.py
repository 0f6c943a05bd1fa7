"""What other programs put before the names of weights, so that a network's are found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

COUNTER = "num_batches_tracked"  # a count of batch norm that files older than PyTorch 1.0 lack
PREFIXES = ("module.", "_orig_mod.", "model.")
"""What nn.DataParallel, torch.compile and training frameworks put before every name."""


COMPILED = "_orig_mod."
"""What torch.compile puts before the names inside a part of a network that it compiled."""


def without_compiled(name: str, own: Mapping[str, Tensor]) -> str:
    """A name as it was before parts of the network were compiled; as it is, if the network's is."""
    return name if name in own else name.replace(f".{COMPILED}", ".")


def find_prefix(network: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """What stands before all names, or all that fit: without it they may be the network's."""
    prefix, own = "", network.state_dict().keys()
    while True:
        found = next(
            (
                each
                for each in PREFIXES
                if weights
                and all(name.startswith(prefix + each) for name in weights)
                and not all(name.startswith(prefix + each) for name in own)
            ),
            None,
        )
        if found is None:
            rest = {name.removeprefix(prefix) for name in weights}
            paths = [] if rest >= own else fitting_paths(rest, own)
            return prefix + paths[0] if len(paths) == 1 else prefix
        prefix += found


def fitting_paths(names: Iterable[str], own: Iterable[str]) -> list[str]:
    """Where in another module the network may have lain ("net.backbone."): below it, all is its.

    Other weights may lie beside, as a loss's or a count of averaged models.

    Args:
        names: Those in a file.
        own: The network's.
    """
    wanted = {name for name in own if not name.endswith(COUNTER)}
    below: dict[str, set[str]] = {}
    for name in names:
        parts = name.split(".")
        for depth in range(1, len(parts)):
            prefix = ".".join(parts[:depth]) + "."
            rest = name.removeprefix(prefix)
            if not rest.endswith(COUNTER):
                below.setdefault(prefix, set()).add(rest)
    return [prefix for prefix, rest in below.items() if wanted and rest == wanted]
