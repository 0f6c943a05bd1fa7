"""Watching functions that people wrote with their own backward pass (`torch.autograd.Function`).

PyTorch hands these to nobody who watches its functions: what they call inside is seen, without the
gradients that they define. So while a network is recorded, the one method that all of them are
called by is replaced, and each call is seen as one operation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch.autograd import Function
from torch.utils.checkpoint import CheckpointFunction

from convscope.graph.recomputed import in_reentrant_checkpoint

Follow = Callable[[Callable[..., Any], str, tuple[Any, ...], dict[str, Any]], Any]

_CONTAINERS = "torch.nn.parallel"
"""The module whose functions only run others, which are what is to be seen."""


@contextmanager
def watch_custom_functions(follow: Follow) -> Iterator[None]:
    """Within: calls of custom functions in this thread go through `follow`.

    Args:
        follow: Takes the function, its name and its arguments by position and by name; it calls
            the function and returns what comes out.
    """
    thread = threading.get_ident()
    original = Function.__dict__["apply"]

    def apply(cls: type[Function], *args: Any, **kwargs: Any) -> Any:
        function = original.__get__(None, cls)
        if threading.get_ident() != thread or cls.__module__.startswith(_CONTAINERS):
            return function(*args, **kwargs)
        if cls is CheckpointFunction:  # runs another without gradients, and once more for them
            run, _preserve_rng_state, *inputs = args
            with in_reentrant_checkpoint():
                return run(*inputs)
        return follow(function, cls.__name__, args, kwargs)

    setattr(Function, "apply", classmethod(apply))  # noqa: B010 - a method, to mypy
    try:
        yield
    finally:
        setattr(Function, "apply", original)  # noqa: B010
