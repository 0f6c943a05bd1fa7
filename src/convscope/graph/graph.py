"""The dataflow graph of one call of a network, as `capture` records it.

graph = capture(network, (1, 96, 96))
graph["layer1.0.conv1"].shape          # (1, 64, 24, 24)
graph["layer1"].name                   # 'layer1.1.relu2', the node that made a module's output
[node.kind for node in graph]          # in the order of execution
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from convscope.errors import UsageError, unknown_name


@dataclass(eq=False)
class Node:
    """One operation of the call, and the tensor it made.

    Attributes:
        name: Unique. The path of the module where the operation is the module's own
            ("layer1.0.conv1"), else the path and the kind ("layer1.0.sum"); from the second call
            on with a number ("relu:2").
        kind: The operation's usual name ("convolution", "batch norm", "sum"), "input" for the
            images, "constant" for a tensor the call brought along, or "other: NAME" for a
            function of PyTorch that Convscope does not know.
        module: Path of the module that called it; "" is the network itself.
        function: PyTorch's name of the function, as in "torch.nn.functional.conv2d".
        arguments: What the operation was given besides tensors, by name, with the defaults filled
            in. Sizes of windows are tuples, one number a dimension.
        inputs: The nodes whose tensors it took, in the order of the arguments.
        roles: The names of the arguments that the inputs are, as in "input"; those of a list share
            a name.
        parameters: Which parameters and buffers it took: from the name of the argument ("weight")
            to the path ("layer1.0.conv1.weight"). Tied ones have the first of their paths.
        shape: The shape of the tensor it made, with the batch axis.
        batch_axis: The axis of `shape` that counts the images; None if none does, as in what is
            computed from weights alone.
        dtype: The type of the numbers it made.
        depends_on_images: Whether a path leads here from the images.
        shares_memory: Whether its tensor lies in the memory of another node's (views, in-place).
        changes_input: Whether it overwrote its input (in-place).
        pytorch_flops: What PyTorch's own counter found inside an operation of unknown kind.
        overlooked: PyTorch's names of the products inside it that the counter has no formula for.
        is_counted: Whether all of it, of an unknown kind, is counted, or counts as nothing.
        grad_enabled: Whether it ran outside of the network's own `torch.no_grad()`.
        detached: Which of `inputs`, by their number, no gradient flows back into, as the network
            detached them.
        value: A copy of the tensor as it was made, if `capture` was given real images.
        call: The operation as a function of the tensors of `inputs` alone; see `replay`.
        edge: Where the tensor lies in autograd's graph, if gradients were asked; see
            `Graph.gradients`.
    """

    name: str
    kind: str
    module: str
    function: str
    arguments: dict[str, Any]
    inputs: tuple[Node, ...]
    roles: tuple[str, ...]
    parameters: dict[str, str]
    shape: tuple[int, ...]
    dtype: torch.dtype
    depends_on_images: bool
    batch_axis: int | None = 0
    shares_memory: bool = False
    changes_input: bool = False
    pytorch_flops: int = 0
    overlooked: tuple[str, ...] = ()
    is_counted: bool = False
    grad_enabled: bool = True
    detached: frozenset[int] = frozenset()
    value: Tensor | None = field(default=None, repr=False)
    call: Callable[..., Any] | None = field(default=None, repr=False)
    edge: GradientEdge | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.kind!r}, {self.shape})"

    @property
    def image_inputs(self) -> list[Node]:
        """The inputs that depend on the images, each once."""
        return [node for node in dict.fromkeys(self.inputs) if node.depends_on_images]

    @property
    def unit_shape(self) -> tuple[int, ...]:
        """The shape without the batch axis."""
        return self.unit_index(self.shape)

    def unit_index(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """An index without its number along the batch axis."""
        axis = self.batch_axis
        return index if axis is None else (*index[:axis], *index[axis + 1 :])

    def full_index(self, unit: Sequence[int]) -> tuple[int, ...]:
        """The index of a unit with the batch axis, for the first image."""
        axis = self.batch_axis
        return tuple(unit) if axis is None else (*unit[:axis], 0, *unit[axis:])

    def replay(self, *tensors: Tensor, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        """Run the operation again on other tensors.

        Args:
            tensors: One for each of `inputs`; they are left as they are.
            weights: What takes the place of parameters, by the name of the argument.
        """
        if self.call is None:
            raise ValueError(f"{self.name} is no operation that could be run again")
        result: Tensor = self.call(*tensors, weights=weights or {})
        return result


@dataclass(eq=False)
class ModuleCall:
    """One call of a module: which nodes it made. Calls nest as the modules called one another.

    Attributes:
        name: The path of the module, from the second call on with a number ("block:2").
        path: The path of the module; "" is the network itself.
        type_name: Its class, as in "BasicBlock".
        library: Whether the class is PyTorch's own, from torch.nn.
        start: Index in the graph of the first node made within.
        stop: Index behind the last node made within.
        output: The node whose tensor the module returned, if it returned one tensor.
        calls: The calls it made itself.
    """

    name: str
    path: str
    type_name: str
    library: bool
    start: int
    stop: int = 0
    output: Node | None = None
    calls: list[ModuleCall] = field(default_factory=list)

    def walk(self) -> Iterator[ModuleCall]:
        """This call and all within, outermost first, in the order of execution."""
        yield self
        for call in self.calls:
            yield from call.walk()


@dataclass(eq=False)
class Graph:
    """All operations of one call of a network, in the order of execution.

    Attributes:
        network: Name of the network.
        nodes: The operations. The first is the input.
        output: The node whose tensor the network returned.
        root: The call of the network, with all calls of modules within.
        weights: The network's own parameters and buffers by path, tied ones once.
        parameter_names: Those paths of `weights` that are parameters.
        tied: Other paths of the same parameter, by its first.
        output_is_detached: Whether the network detached what it returned.
        has_checkpoints: Whether parts of it ran in `torch.utils.checkpoint`.
        recomputed_flops: Floating-point operations of the forward pass that checkpoints compute
            once more in the backward pass; None if that couldn't be counted.
        result: The tensor the network returned, with its gradient graph, if gradients were asked.
        notes: What a person should know about how the graph came to be.
        stand_ins: What took the place of the parameters during the call, if gradients were asked.
    """

    network: str
    nodes: list[Node]
    output: Node
    root: ModuleCall
    weights: dict[str, Tensor]
    parameter_names: tuple[str, ...]
    tied: dict[str, tuple[str, ...]]
    output_is_detached: bool = False
    has_checkpoints: bool = False
    recomputed_flops: int | None = 0
    result: Tensor | None = None
    notes: tuple[str, ...] = ()
    stand_ins: dict[str, Tensor] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def input(self) -> Node:
        """The node of the images."""
        return self.nodes[0]

    def __getitem__(self, name: str) -> Node:
        """The node of this name; for the name of a module, the node that made its output.

        Raises:
            UsageError: There is no such layer.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        outputs = {call.name: call.output for call in self.root.walk() if call.output is not None}
        if name not in outputs:
            names = {node.name for node in self.nodes} | outputs.keys()
            raise unknown_name(f"layer of {self.network}:", name, names)
        return outputs[name]

    def users(self, node: Node) -> list[Node]:
        """The nodes that took `node`'s tensor."""
        return [other for other in self.nodes if node in other.inputs]

    def gradients(
        self, of: Tensor | Node, wanted: Sequence[Node | str], seed: Tensor | None = None
    ) -> list[Tensor]:
        """Gradients of a number, computed without touching the network's own.

        Args:
            of: A tensor computed from `result` (the loss), or a node.
            wanted: Nodes, or paths of parameters, to differentiate by. A node stands for its
                tensor as it was made, also where a later operation overwrote it.
            seed: The gradient at `of`, of its shape. Needed unless `of` is a single number.

        Returns:
            One tensor for each of `wanted`, zero where `of` does not depend on it.

        Raises:
            UsageError: `capture` was not asked to keep gradients, or there are none.
        """
        outputs: list[Any] = [self._differentiable(of) if isinstance(of, Node) else of]
        inputs: list[Any] = [self._differentiable(item) for item in wanted]
        if isinstance(of, Tensor) and not of.requires_grad:
            raise UsageError(
                f"What {self.network} returns doesn't hang on its images by operations of PyTorch "
                "(is there a detach(), or NumPy?), so there are no gradients."
            )
        found = torch.autograd.grad(
            outputs,
            inputs,
            None if seed is None else [seed],
            retain_graph=True,
            allow_unused=True,
        )
        tensors = [item.value if isinstance(item, Node) else self.weights[item] for item in wanted]
        return [
            torch.zeros_like(tensor) if gradient is None else gradient.detach()
            for gradient, tensor in zip(found, tensors, strict=True)
        ]

    def _differentiable(self, item: Node | str) -> GradientEdge | Tensor:
        if self.result is None:
            raise UsageError(
                "This graph was captured without gradients. Use "
                "capture(network, images, gradients=True)."
            )
        if isinstance(item, str):
            if item not in self.parameter_names:
                raise unknown_name(f"parameter of {self.network}:", item, self.parameter_names)
            return self.stand_ins[item]
        if item.edge is None:
            raise UsageError(f"No gradient flows through {item.name} ({item.kind}).")
        return item.edge
