"""What PyTorch and its exporter say to their own developers is kept from the terminal."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator

from torch import nn

LIBRARIES = ("torch", "onnxscript", "onnx_ir")
SILENT = logging.CRITICAL + 1

_lock = threading.Lock()
_within: list[contextlib.ExitStack] = []
"""One for each that is within, of all threads; the first undoes what was done."""


@contextlib.contextmanager
def quiet_torch() -> Iterator[None]:
    """Within: PyTorch logs and warns of nothing; afterwards all levels are as they were.

    For what we only try: where an error is expected and told in a sentence of ours, PyTorch has
    already logged it with hundreds of lines. Warnings of other modules, as a network's own, are
    still given. Levels and filters belong to the process: of several threads that are within, the
    last to leave puts them back.
    """
    with _lock:
        _within.append(contextlib.ExitStack() if _within else _silence())
    try:
        yield
    finally:
        with _lock:
            _within.pop().close()  # the last to leave takes the first


def quiet_compiler(network: object) -> contextlib.AbstractContextManager[None]:
    """`quiet_torch`, if the network or a part of it was compiled: `torch.compile` reports there.

    Args:
        network: Anything; only a module can be compiled.
    """
    modules = network.modules() if isinstance(network, nn.Module) else ()
    is_compiled = any("_orig_mod" in module._modules for module in modules)
    return quiet_torch() if is_compiled else contextlib.nullcontext()


def _silence() -> contextlib.ExitStack:
    """Silence the libraries; closing what is returned undoes it."""
    # Every logger that there is by name, because PyTorch gives many of them levels of their own.
    names = [name for name in logging.root.manager.loggerDict if _belongs(name)]
    loggers = [logging.getLogger(name) for name in {*LIBRARIES, *names}]
    levels = [logger.level for logger in loggers]
    undo = contextlib.ExitStack()
    undo.enter_context(warnings.catch_warnings())
    for library in LIBRARIES:
        warnings.filterwarnings("ignore", module=rf"{library}(\.|$)")
    undo.callback(_set_levels, loggers, levels)
    _set_levels(loggers, [SILENT] * len(loggers))
    return undo


def _set_levels(loggers: list[logging.Logger], levels: list[int]) -> None:
    """Set all levels at once: each `setLevel` by itself visits every logger of the process."""
    for logger, level in zip(loggers, levels, strict=True):
        logger.level = level
    loggers[0].setLevel(levels[0])  # forgets, for all loggers, what they had found to be heard


def _belongs(name: str) -> bool:
    return name.partition(".")[0] in LIBRARIES
