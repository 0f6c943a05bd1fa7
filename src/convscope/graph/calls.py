"""Which module is at work: the calls of modules while a network runs, as they nest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from convscope.graph.graph import ModuleCall, Node
from convscope.runtime.module_calls import hooking_modules


class CallTree:
    """Notes every call of a module while `watch` is entered.

    Args:
        network: The network that will be called.
        count: Says how many nodes there are so far.
        node_of: The node that made a tensor.

    Attributes:
        root: The call of the network.
        running: The calls at work, outermost first.
        is_over: Set when the network fails: what is called then explains the error.
    """

    def __init__(
        self,
        network: nn.Module,
        count: Callable[[], int],
        node_of: Callable[[Tensor], Node | None],
    ) -> None:
        self.root = ModuleCall("", "", type(network).__name__, library=False, start=1)
        self.running = [self.root]
        self.is_over = False
        self._network = network
        self._count = count
        self._node_of = node_of
        self._paths = {id(module): path for path, module in network.named_modules()}

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Within: every module's calls are noted, by global hooks, so nothing is added to it."""
        try:
            with hooking_modules(self._enter, self._leave):
                yield
        finally:
            self.root.stop = self._count()

    def _enter(self, module: nn.Module, _: object) -> None:
        if self.is_over or module is self._network:
            return
        caller = self.running[-1]
        type_name = type(module).__name__
        path = self._paths.get(id(module), f"{caller.path}.{type_name}".lstrip("."))
        library = type(module).__module__.startswith("torch.nn.")
        call = ModuleCall(path, path, type_name, library=library, start=self._count())
        caller.calls.append(call)
        self.running.append(call)

    def _leave(self, module: nn.Module, _: object, output: object) -> None:
        if self.is_over or module is self._network:
            return
        call = self.running.pop()
        call.stop = self._count()
        if isinstance(output, Tensor):
            call.output = self._node_of(output)
