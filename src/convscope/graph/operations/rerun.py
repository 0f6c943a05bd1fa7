"""An operation that is run again, so that it can be differentiated.

Sources: forward and reverse mode are explained in Baydin et al., "Automatic differentiation in
machine learning: a survey", 2018, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn.attention import SDPBackend, sdpa_kernel

from convscope.errors import UsageError
from convscope.graph.graph import Node
from convscope.graph.operations.call import Call
from convscope.graph.operations.numbers import Index, layer_operand

MOST_ROWS = 2000  # output numbers that are differentiated one by one, where nothing else works

AGREEMENT = 1e-5  # of derivatives that were found in two ways, as a share of their size

Key = int | str  # which input of the operation, or the name of the argument that a parameter is


@contextmanager
def _free() -> Iterator[None]:
    """Gradients are on whatever the caller set, random generators are left, attention is plain."""
    with (
        torch.inference_mode(mode=False),
        torch.enable_grad(),
        torch.random.fork_rng(devices=[]),
        sdpa_kernel(SDPBackend.MATH),
    ):
        yield


@dataclass(frozen=True)
class Rerun:
    """An operation that was run again, with its graph of gradients.

    Attributes:
        node: The operation.
        leaves: What it was given: inputs by their number, parameters by the argument's name.
        made: What came out.
    """

    node: Node
    leaves: dict[Key, Tensor]
    made: Tensor

    @property
    def differentiable(self) -> list[Key]:
        """The tensors from which autograd can follow to what came out."""
        if not self.made.requires_grad:
            return []
        return [key for key, leaf in self.leaves.items() if leaf.requires_grad]

    def result(self, index: Index) -> float:
        """One of the numbers that came out."""
        return float(self.made[index].detach())

    def replay(self, changed: Mapping[Key, Tensor]) -> Tensor:
        """Run it once more with some of the tensors changed."""
        return _replay(self.node, {**self.leaves, **changed})

    def is_random(self, index: Index) -> bool:
        """Whether a number comes out differently when the random generator stands elsewhere."""
        with _free():
            torch.default_generator.manual_seed(1)
            again = _unguarded_replay(self.node, self.leaves)
        return float(again[index].detach()) != self.result(index)

    def one_at(self, index: Index) -> Tensor:
        """Zeros in the shape of the output, with a 1 at one place."""
        one = torch.zeros_like(self.made, requires_grad=False)
        one[index] = 1.0
        return one

    def gradients(self, keys: Sequence[Key], flowing: Tensor) -> list[Tensor]:
        """What flows back into some of the tensors; zero where nothing depends on one."""
        leaves = [self.leaves[key] for key in keys]
        with _free():
            found = torch.autograd.grad(
                self.made, leaves, flowing, retain_graph=True, allow_unused=True
            )
        return [
            torch.zeros_like(leaf) if gradient is None else gradient.detach()
            for gradient, leaf in zip(found, leaves, strict=True)
        ]

    def slopes_by(self, key: Key, place: Index, flowing: Tensor) -> Tensor | None:
        """The local derivatives of all output numbers by one number of a tensor.

        There are three ways to have them, and not every function allows each. So each is held
        against the gradient that flows into the number, which every one allows.

        Args:
            key: Which tensor.
            place: The number's place there.
            flowing: The gradient that flows into the output.

        Returns:
            In the shape of the output; where nothing flows they may be left out as 0. None if no
            way leads there.
        """
        (expected,) = self.gradients([key], flowing)
        scale = float(expected.abs().max())
        for way in (self._carry_along, self._from_backward_pass, self._row_by_row):
            try:
                slopes = way(key, place, flowing)
            except Exception:  # noqa: S112 - an unknown function can raise anything
                continue
            parts = slopes * flowing
            size = max(float(parts.abs().sum()), scale)
            if abs(float(parts.sum() - expected[place])) <= AGREEMENT * size:
                return slopes
        return None

    def _carry_along(self, key: Key, place: Index, flowing: Tensor) -> Tensor:
        """Forward mode: the derivatives are carried along with the computation."""
        leaf = self.leaves[key].detach()
        one = torch.zeros_like(leaf)
        one[place] = 1.0
        with _free(), forward_ad.dual_level():
            dual = forward_ad.make_dual(leaf, one)  # type: ignore[no-untyped-call]
            made = self.replay({key: dual})
            tangent: Tensor | None = forward_ad.unpack_dual(made).tangent  # type: ignore[no-untyped-call]
        return torch.zeros_like(flowing) if tangent is None else tangent.detach()

    def _from_backward_pass(self, key: Key, place: Index, flowing: Tensor) -> Tensor:
        """The backward pass is linear in what flows, so it is differentiated by that."""
        with _free():
            varied = torch.zeros_like(flowing).requires_grad_()
            made = self.replay({})
            (back,) = torch.autograd.grad(made, self.leaves[key], varied, create_graph=True)
            (slopes,) = torch.autograd.grad(back[place], varied)
        return slopes.detach()

    def _row_by_row(self, key: Key, place: Index, flowing: Tensor) -> Tensor:
        """One backward pass for each output number that something flows into."""
        rows = [tuple(row) for row in flowing.nonzero().tolist()]
        if len(rows) > MOST_ROWS:
            raise ValueError("too many")
        slopes = torch.zeros_like(flowing)
        for row in rows:
            slopes[row] = self.gradients([key], self.one_at(row))[0][place]
        return slopes


def _replay(node: Node, leaves: Mapping[Key, Tensor]) -> Tensor:
    with _free():
        return _unguarded_replay(node, leaves)


def _unguarded_replay(node: Node, leaves: Mapping[Key, Tensor]) -> Tensor:
    tensors = [leaves[place] for place in range(len(node.inputs))]
    weights = {key: leaf for key, leaf in leaves.items() if isinstance(key, str)}
    return node.replay(*tensors, weights=weights)


def run_again(call: Call) -> Rerun:
    """Run an operation on what it was given, in double precision if it lets itself.

    Raises:
        UsageError: It can't be run again.
    """
    node = call.node
    if node.call is None:
        raise UsageError(
            f"How gradients flow through {node.name!r}, a tensor that was partly written over in "
            "place, isn't known. Ask about a later layer, or leave the way backwards out."
        )
    given: dict[Key, Tensor] = {}
    for place, source in enumerate(node.inputs):
        given[place] = layer_operand(source).tensor
    for role in node.parameters:
        given[role] = call.parameter(role).tensor
    return _run_on(node, given)


def run_on_random_numbers(node: Node, seed: int) -> Rerun | None:
    """Run an operation on random numbers between 0.1 and 0.9, and its own weights.

    Returns:
        None if it can't be run, as where an index among its inputs isn't known.
    """
    random = torch.Generator().manual_seed(seed)
    given: dict[Key, Tensor] = {}
    for place, source in enumerate(node.inputs):
        if source.dtype.is_floating_point:
            numbers = torch.rand(source.shape, generator=random, dtype=torch.float64)
            given[place] = (numbers * 0.8 + 0.1).to(source.dtype)
        elif source.value is None:
            return None
        else:
            given[place] = source.value
    try:
        return _run_on(node, given)
    except Exception:
        return None


def _run_on(node: Node, given: Mapping[Key, Tensor]) -> Rerun:
    try:
        leaves = _leaves(given, torch.float64)
        return Rerun(node, leaves, _replay(node, leaves))
    except Exception:
        leaves = _leaves(given, None)
        return Rerun(node, leaves, _replay(node, leaves))


def _leaves(given: Mapping[Key, Tensor], dtype: torch.dtype | None) -> dict[Key, Tensor]:
    leaves = {}
    with _free():
        for key, tensor in given.items():
            copy = tensor.detach().cpu().clone()
            if copy.is_floating_point():
                copy = copy.to(dtype or copy.dtype).requires_grad_()
            leaves[key] = copy
    return leaves
