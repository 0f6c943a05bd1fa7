"""The caller's settings of PyTorch don't decide what Convscope computes.

Inference mode, autocast, the default device and the default type of numbers hold for whatever is
called within them. A training in inference mode fails, a network built while the default is
bfloat16 predicts otherwise: so public functions compute in PyTorch's usual settings.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.Lock()
_limits: list[int] = []
"""Python's limit of nested calls as each that is within, of all threads, found it."""


def in_usual_settings(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a public function that computes: see `usual_settings`.

    Python's limit of nested calls, which deep networks raise (`deep_nesting`), is as before when
    no thread is in such a function any more.
    """

    @functools.wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        with _limit_of_calls_kept(), usual_settings():
            return function(*args, **kwargs)

    return within


@contextmanager
def _limit_of_calls_kept() -> Iterator[None]:
    with _lock:
        _limits.append(sys.getrecursionlimit())
    try:
        yield
    finally:
        with _lock:
            limit = _limits.pop()
            if not _limits:  # the last to leave has the first one's
                sys.setrecursionlimit(limit)


@contextmanager
def usual_settings(default: torch.dtype = torch.float32) -> Iterator[None]:
    """Within: gradients, no autocast, tensors on the processor; afterwards as the caller had it.

    Args:
        default: The type of numbers of tensors whose type isn't said.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.enable_grad())
        for kind in ("cpu", "cuda", "mps"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":  # a mode that costs time is only then entered
            stack.enter_context(torch.device("cpu"))
        before = torch.get_default_dtype()
        if before != default:
            torch.set_default_dtype(default)
            stack.callback(torch.set_default_dtype, before)
        yield
