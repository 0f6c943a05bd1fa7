"""Networks of hundreds of modules within one another, which Python's limit of calls stops."""

from __future__ import annotations

import sys

from torch import nn

CALLS = 30  # of Python that a module within another may take, exporters and recorders included
MOST = 50_000


def allow_nesting(network: nn.Module) -> None:
    """Raise Python's limit of nested calls if modules are nested so deeply that it would be met.

    It stays raised, since what follows (steps, exports, copies) needs it as well, until the public
    function that was called has ended (`usual_settings`).
    """
    depth = 1 + max(path.count(".") for path, _ in network.named_modules())
    sys.setrecursionlimit(max(sys.getrecursionlimit(), min(1000 + CALLS * (depth - 20), MOST)))
