"""Watching PyTorch's functions and modules at work, and writing down what they do to which tensor.

Which node made a tensor is known by the tensor's identity. An in-place operation hands its tensor
on to a new node, told by the tensor's version number; other views of the same memory then stand
for a mixture of both, and become a node of their own when they are next used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge
from torch.overrides import TorchFunctionMode, resolve_name

from convscope.graph.calls import CallTree
from convscope.graph.custom_functions import watch_custom_functions
from convscope.graph.detached import DetachedTensors
from convscope.graph.graph import ModuleCall, Node
from convscope.graph.naming import name_nodes
from convscope.graph.nesting import (
    Slot,
    WeightSlot,
    make_replay,
    map_nested,
    memory_of,
    role_of,
    same_part,
    tensors_in,
    version_of,
)
from convscope.graph.operations.table import FUNCTIONS, NEEDED
from convscope.graph.operations.understand import MADE_FROM_NOTHING, SAME, name_of, understand
from convscope.graph.product_counter import ProductCounter
from convscope.graph.recomputed import runs_in_checkpoint

_LIGHT = SAME | MADE_FROM_NOTHING | {"dim", "size", "shape", "ndim", "dtype", "device", "numel"}
"""Functions that ask about a tensor, and compute nothing."""


class _Overwritten(NamedTuple):
    """What a view stands for after another view of its memory was written to."""

    before: Node
    writer: Node


class Recorder(TorchFunctionMode):
    """Records nodes and calls of modules while it is entered.

    Args:
        network: The network that will be called.
        images: The tensor it will be called with.
        weights: The tensors that the network holds, by path.
        paths: From the identity of such a tensor, or of its stand-in, to the path.
        keep_values: Keep a copy of every tensor.

    Attributes:
        nodes: The nodes so far, the first for `images`. They are named when recording ends.
        root: The call of the network.
        detached: The tensors that the network detached.
        has_checkpoints: Whether a part ran in a checkpoint, to be run once more backwards.
        failed: The function that raised an error, and the path of the module that called it.
    """

    def __init__(
        self,
        network: nn.Module,
        images: Tensor,
        weights: Mapping[str, Tensor],
        paths: Mapping[int, str],
        *,
        keep_values: bool,
    ) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.failed: tuple[str, str] | None = None
        self.has_checkpoints = False
        self._calls = CallTree(network, lambda: len(self.nodes), self.node_of)
        self.root = self._calls.root
        self._caller: list[ModuleCall] = []  # of each node
        self._weights = weights
        self._paths = paths
        self._keep_values = keep_values
        self._keep_edges = images.requires_grad
        self._made: dict[int, tuple[Tensor, Node | _Overwritten]] = {}
        self._in_memory: dict[int, list[Tensor]] = {}
        self.detached = DetachedTensors()
        self._inside = False  # a function that is followed, whatever it calls
        self._hooks = ExitStack()
        self.hold(images, first := self._add("input", "", {}, [], {}, images))
        first.depends_on_images = True

    def __enter__(self) -> Recorder:
        """Begin to record."""
        self._hooks.enter_context(self._calls.watch())
        self._hooks.enter_context(watch_custom_functions(self._follow_custom))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        """End, and name the nodes."""
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._hooks.close()
        name_nodes(self.nodes, self._caller, self.root)

    def node_of(self, tensor: Tensor) -> Node | None:
        """The node that made `tensor`; None for parameters, and tensors made elsewhere."""
        _, source = self._made.get(id(tensor), (tensor, None))
        if source is None:
            source = next(
                (
                    self._made[id(other)][1]
                    for other in self._in_memory.get(memory_of(tensor), ())
                    if same_part(tensor, other)
                ),
                None,
            )
        if isinstance(source, _Overwritten):
            node = self._add("overwritten", "", {}, [*source], {}, tensor, source._fields)
            node.shares_memory = True
            self.hold(tensor, node)
            return node
        return source

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run `func`, and write down what it made or changed."""
        kwargs = kwargs or {}
        return self._follow(func, name_of(func), args, kwargs)

    def _follow_custom(
        self,
        func: Callable[..., Any],
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        return self._follow(func, f"{name}.apply", args, kwargs)

    def _follow(
        self,
        func: Callable[..., Any],
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        if self.failed is not None or self._inside:  # an error is explained, or what is inside
            return func(*args, **kwargs)
        self._inside = True
        try:
            return self._write_down(func, name, args, kwargs)
        finally:
            self._inside = False

    def _write_down(
        self,
        func: Callable[..., Any],
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        self.has_checkpoints |= runs_in_checkpoint()
        given = [*tensors_in((args, kwargs))]
        if name not in _LIGHT:
            for tensor in given:  # a view of what was written over, before that changes again
                self.node_of(tensor)
        versions = [version_of(tensor) for tensor in given]
        # It takes its time, so it is asked only where no formula is known.
        counter = None if name in FUNCTIONS or name in _LIGHT else ProductCounter()
        try:
            with counter or nullcontext():
                result = func(*args, **kwargs)
        except Exception:
            self.failed = (name, self._calls.running[-1].path)
            self._calls.is_over = True
            raise
        changed = [t for t, old in zip(given, versions, strict=True) if version_of(t) != old]
        made = [*tensors_in(result)] or changed[:1]
        if not made or not given or name in MADE_FROM_NOTHING:
            return result
        if name in SAME and not changed and made[0].dtype == given[0].dtype:
            source = self.node_of(given[0])
            if source is not None:
                self.hold(made[0], source)
                self.detached.pass_on(name, given[0], made[0])
            return result
        for index, tensor in enumerate(made):
            which = index if len(made) > 1 else None
            node = self._record(func, name, args, kwargs, tensor, which, changed)
            if counter is not None and index == 0:
                node.pytorch_flops, node.overlooked = counter.flops, counter.overlooked
                node.is_counted = counter.is_complete
            elif name in _LIGHT:  # as one that makes another type of the same numbers
                node.is_counted = True
        return result

    def _record(
        self,
        func: Callable[..., Any],
        name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        made: Tensor,
        which: int | None,
        changed: Sequence[Tensor],
    ) -> Node:
        kind, bound = understand(name, args, kwargs)
        inputs: list[Node] = []
        roles: list[str] = []
        parameters: dict[str, str] = {}
        detached: set[int] = set()

        def slot(tensor: Tensor) -> WeightSlot | Slot:
            role = role_of(tensor, bound, {*roles, *parameters})
            path = self._paths.get(id(tensor))
            if path is not None and id(tensor) not in self._made:
                role = role if role not in parameters else f"{role} {len(parameters)}"
                parameters[role] = path
                return WeightSlot(role, self._weights[path])
            if tensor in self.detached:
                detached.add(len(inputs))
            inputs.append(self.node_of(tensor) or self._constant(tensor))
            roles.append(role)
            return Slot(len(inputs) - 1)

        given = (args, dict(kwargs))
        template = map_nested(given, lambda x: slot(x) if isinstance(x, Tensor) else x)
        plain = {
            key: value for key, value in bound.items() if next(tensors_in(value), None) is None
        }
        if which is not None:
            plain["output"] = which
        node = self._add(kind, resolve_name(func) or name, plain, inputs, parameters, made, roles)
        node.shares_memory = memory_of(made) in self._in_memory
        node.changes_input = any(tensor is made for tensor in changed)
        node.detached = frozenset(detached)
        self.detached.discard(made)
        node.call = make_replay(func, template, which, clone=bool(changed))
        self.hold(made, node)
        for tensor in changed:
            self._overwrite(tensor, node)
        return node

    def _constant(self, tensor: Tensor) -> Node:
        self.hold(tensor, node := self._add("constant", "", {}, [], {}, tensor))
        return node

    def _add(
        self,
        kind: str,
        function: str,
        arguments: dict[str, Any],
        inputs: Sequence[Node],
        parameters: dict[str, str],
        made: Tensor,
        roles: Sequence[str] = (),
    ) -> Node:
        node = Node(
            name="",
            kind=kind,
            module=self._calls.running[-1].path,
            function=function,
            arguments={key: value for key, value in arguments.items() if value is not NEEDED},
            inputs=tuple(inputs),
            roles=tuple(roles),
            parameters=parameters,
            shape=tuple(made.shape),
            dtype=made.dtype,
            depends_on_images=any(source.depends_on_images for source in inputs),
            value=made.detach().clone() if self._keep_values else None,
            grad_enabled=torch.is_grad_enabled(),
            edge=get_gradient_edge(made) if self._keep_edges and made.requires_grad else None,
        )
        self.nodes.append(node)
        self._caller.append(self._calls.running[-1])
        return node

    def hold(self, tensor: Tensor, node: Node) -> None:
        """Remember that `tensor` is what `node` made."""
        self._made[id(tensor)] = (tensor, node)
        views = self._in_memory.setdefault(memory_of(tensor), [])
        if all(view is not tensor for view in views):
            views.append(tensor)

    def _overwrite(self, tensor: Tensor, writer: Node) -> None:
        """`writer` wrote to `tensor`: other views of its memory do not hold what they held."""
        for view in self._in_memory.get(memory_of(tensor), ()):
            if view is tensor or same_part(view, tensor):
                self._made[id(view)] = (view, writer)
            else:
                before = self.node_of(view)
                if before is not None:
                    self._made[id(view)] = (view, _Overwritten(before, writer))
