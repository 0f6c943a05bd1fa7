"""What PyTorch and its exporter say to their own developers is kept from the terminal."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

LIBRARIES = ("torch", "onnxscript", "onnx_ir")
SILENT = logging.CRITICAL + 1


@contextlib.contextmanager
def quiet_torch() -> Iterator[None]:
    """Within: PyTorch logs and warns of nothing; afterwards all levels are as they were.

    For what we only try: where an error is expected and told in a sentence of ours, PyTorch has
    already logged it with hundreds of lines. Warnings of other modules, as a network's own, are
    still given.
    """
    # Every logger that there is by name, because PyTorch gives many of them levels of their own.
    names = [name for name in logging.root.manager.loggerDict if _belongs(name)]
    loggers = [logging.getLogger(name) for name in {*LIBRARIES, *names}]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(SILENT)
    try:
        with warnings.catch_warnings():
            for library in LIBRARIES:
                warnings.filterwarnings("ignore", module=rf"{library}(\.|$)")
            yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)


def _belongs(name: str) -> bool:
    return name.partition(".")[0] in LIBRARIES
