"""What other programs put before the names of weights, so that a network's are found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor, nn

COUNTER = "num_batches_tracked"  # a count of batch norm that files older than PyTorch 1.0 lack
PREFIXES = ("module.", "_orig_mod.", "model.")
"""What nn.DataParallel, torch.compile and training frameworks put before every name."""


def find_prefix(network: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """What a program has put before all names, so that without it they may be the network's."""
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
            return prefix + _attribute_path([name.removeprefix(prefix) for name in weights], own)
        prefix += found


def _attribute_path(names: Sequence[str], own: Iterable[str]) -> str:
    """Where in another module the network lay ("net.backbone."): taken off, all names are its."""
    wanted = {name for name in own if not name.endswith(COUNTER)}
    if not names or not wanted:
        return ""
    prefix = ""
    for part in names[0].split(".")[:-1]:
        prefix += f"{part}."
        rest = {name.removeprefix(prefix) for name in names}
        if {name for name in rest if not name.endswith(COUNTER)} == wanted:
            return prefix
    return ""
