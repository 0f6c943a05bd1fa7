"""Recording the dataflow graph of one call of a network.

PyTorch's functions are watched while the network runs (`TorchFunctionMode`), at the level at which
networks are written: one convolution, one batch norm, one addition. Global hooks on modules say
which module called. So control flow, reused modules, functional calls and in-place operations are
recorded as they happen, and nothing is added to the network.

Without images the network runs on tensors that have a shape and no numbers (`FakeTensorMode`),
which computes nothing and allocates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)

from convscope.errors import UsageError
from convscope.graph.batch import find_batch_axes
from convscope.graph.graph import Graph, Node
from convscope.graph.recomputed import count_recomputed_flops
from convscope.graph.recorder import Recorder
from convscope.graph.restore import collect_tensors, leave_as_found
from convscope.runtime.deep_nesting import allow_nesting
from convscope.runtime.exclusive import looking_at
from convscope.runtime.kept_state import generators_kept
from convscope.runtime.module_inputs import check_inputs, hint_at_batch
from convscope.runtime.module_output import main_logits
from convscope.runtime.quiet import quiet_torch
from convscope.runtime.usual_settings import usual_settings


def capture(
    network: nn.Module, images: Tensor | Sequence[int], *, gradients: bool = False
) -> Graph:
    """Record one call of a network, in evaluation mode.

    Afterwards the network is as it was: its mode, hooks, gradients, buffers and other attributes,
    and the state of the random generators.

    Args:
        network: Any module that maps one tensor of images to one tensor; of several outputs, the
            first is taken, or what a dictionary holds under "logits" or "out".
        images: Images (N, channels, height, width), whose tensors are kept with the nodes; or
            only a shape, (channels, height, width) or with N before it, to compute nothing.
        gradients: Keep what `Graph.gradients` needs. Only with images.

    Raises:
        UsageError: The network takes several inputs, returns no tensor, cannot compute
            images of this shape, or runs outside Python.
    """
    network = getattr(network, "_orig_mod", network)  # what torch.compile wrapped
    _check(network)
    allow_nesting(network)
    with looking_at(network), generators_kept():  # also what libraries draw when first used
        return _capture(network, images, gradients=gradients)


def _capture(network: nn.Module, images: Tensor | Sequence[int], *, gradients: bool) -> Graph:
    if isinstance(images, Tensor):
        graph = _run(network, _with_batch(images), gradients=gradients)
        return _complete(graph, network)
    if gradients:
        raise UsageError("gradients=True needs images, not only their shape.")
    shape = tuple(int(size) for size in images)
    shape = (1, *shape) if len(shape) == 3 else shape
    try:
        graph = _run(network, shape)
    except _NEEDS_NUMBERS:
        kind, device = _kind_of(network)
        image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
        graph = _run(network, image.to(device, kind), keep_values=False)
        graph.notes += (
            "The network looks at the numbers it computes to decide what to do, so this is what "
            "it does for one image of random numbers.",
        )
    return _complete(graph, network)


def _complete(graph: Graph, network: nn.Module) -> Graph:
    """What only further runs of the network tell."""
    find_batch_axes(graph, partial(_run, network))
    if graph.has_checkpoints:
        kind, _ = _kind_of(network)
        graph.recomputed_flops = count_recomputed_flops(network, graph.input.shape, kind)
    return graph


_NEEDS_NUMBERS = (DataDependentOutputException, DynamicOutputShapeException)


def _run(
    network: nn.Module,
    images: Tensor | tuple[int, ...],
    *,
    keep_values: bool = True,
    gradients: bool = False,
) -> Graph:
    tensors, parameter_names, tied = collect_tensors(network)
    stand_ins: dict[int, Tensor] = {}
    fake = None if isinstance(images, Tensor) else FakeTensorMode(allow_non_fake_inputs=True)

    def stand_in(tensor: Tensor) -> Tensor:
        made: Tensor
        if fake is not None:
            made = fake.from_tensor(tensor if tensor.is_leaf else tensor.detach())
            made.requires_grad_(False)
        elif isinstance(tensor, nn.Parameter):
            made = nn.Parameter(tensor.detach(), gradients and tensor.is_floating_point())
        else:
            made = tensor.detach().clone()
        stand_ins[id(tensor)] = made
        return made

    kind, device = _kind_of(network)
    with ExitStack() as stack:
        # with gradients always, as a network's own no_grad would not be seen otherwise; what it
        # holds asks for them only if they are wanted
        stack.enter_context(usual_settings(kind))
        stack.enter_context(leave_as_found(network, stand_in))
        if fake is not None:
            stack.enter_context(quiet_torch())  # it logs an error in full before raising it
            stack.enter_context(fake)
        if isinstance(images, Tensor):
            given = images.detach().clone().requires_grad_(gradients)
        else:
            given = torch.empty(images, dtype=kind, device=device)
        paths = {id(tensor): path for path, tensor in tensors.items()}
        paths |= {id(stand_ins[id(t)]): path for path, t in tensors.items() if id(t) in stand_ins}
        keep_values = keep_values and fake is None
        recorder = Recorder(network, given, tensors, paths, keep_values=keep_values)
        # a copy, because a leaf of the gradient graph may not be overwritten by an in-place layer
        first = given.clone() if gradients else given
        recorder.hold(first, recorder.nodes[0])
        try:
            with recorder:
                result = network(first)
        except (UsageError, *_NEEDS_NUMBERS):
            raise
        except Exception as error:
            raise _explain(error, network, tuple(given.shape), recorder.failed) from error
        main = _main(result)
        output = _output(recorder, network, main)
    notes = (f"{_name_of(network)} returns {_words(result)}; the main one is shown.",)
    return Graph(
        network=_name_of(network),
        nodes=recorder.nodes,
        output=output,
        root=recorder.root,
        weights=tensors,
        parameter_names=tuple(parameter_names),
        tied={path: tuple(others) for path, others in tied.items()},
        has_checkpoints=recorder.has_checkpoints,
        output_is_detached=isinstance(main, Tensor) and main in recorder.detached,
        notes=() if isinstance(result, Tensor) else notes,
        result=main if gradients and isinstance(main, Tensor) else None,
        stand_ins={p: stand_ins[id(tensors[p])] for p in parameter_names} if gradients else {},
    )


def _name_of(network: nn.Module) -> str:
    name = getattr(network, "name", None)
    return name if isinstance(name, str) else type(network).__name__


def _kind_of(network: nn.Module) -> tuple[torch.dtype, torch.device]:
    """Type and device of the numbers that the network computes with."""
    for parameter in network.parameters():
        if parameter.is_floating_point():
            return parameter.dtype, parameter.device
    return torch.float32, torch.device("cpu")


def _with_batch(images: Tensor) -> Tensor:
    return images[None] if images.dim() == 3 else images


def _check(network: nn.Module) -> None:
    name = _name_of(network)
    if any(isinstance(module, torch.jit.ScriptModule) for module in network.modules()):
        raise UsageError(
            f"{name} is a TorchScript module, which runs outside Python where it cannot be "
            "watched. Give the nn.Module it was made from."
        )
    check_inputs(network, name)


def _main(result: object) -> object:
    """The logits among several outputs, as training takes them; anything else as it is."""
    try:
        return main_logits(result)
    except UsageError:
        return result


def _output(recorder: Recorder, network: nn.Module, result: object) -> Node:
    """The node of what the network returned."""
    name = _name_of(network)
    if not isinstance(result, Tensor):
        raise UsageError(
            f"{name} returns {_words(result)}, and one tensor is needed. Wrap it in a module whose "
            f"forward returns one of them, as in: return self.network(x){_example(result)}."
        )
    node = recorder.node_of(result)
    if node is None or not node.depends_on_images:
        raise UsageError(
            f"What {name} returns was not computed from its images by functions of PyTorch, so "
            "there is nothing to show. Does it compute with NumPy, in torch.func.vmap, or in a "
            "compiled extension?"
        )
    return node


def _words(result: object) -> str:
    if isinstance(result, Mapping):
        return f"a {type(result).__name__} with {', '.join(repr(key) for key in result)}"
    if isinstance(result, Sequence) and not isinstance(result, str):
        return f"a {type(result).__name__} of {len(result)}"
    return f"a {type(result).__name__}"


def _example(result: object) -> str:
    if isinstance(result, Mapping) and result:
        return f"[{next(iter(result))!r}]"
    return "[0]" if isinstance(result, Sequence) else ".logits"


def _explain(
    error: Exception,
    network: nn.Module,
    shape: tuple[int, ...],
    failed: tuple[str, str] | None,
) -> UsageError:
    where = f" in {failed[1]!r}" if failed is not None and failed[1] else ""
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    if ".numpy() is not supported for tensor subclasses" in reason:
        reason = "it hands a tensor to NumPy, where it can't be followed; compute with PyTorch"
    return UsageError(
        f"{_name_of(network)} cannot compute images of shape {shape}: it fails{where} with "
        f"{type(error).__name__}: {reason}{hint_at_batch(error, shape[0])}"
    )
