"""Batch normalization folded into the convolution before it, for networks that only predict.

In evaluation mode, batch normalization multiplies and shifts each channel by fixed numbers. So does
the convolution before it, and one of the two is enough: the weights are multiplied once, and the
operation is gone. The result is the same up to the rounding of float32.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch.fx
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from convscope.runtime.kept_state import generators_kept, hooks_kept
from convscope.runtime.module_copy import copy_module, hooks_of
from convscope.runtime.module_output import main_logits

TOLERANCE = 1e-3  # of the largest logit; folding rounds otherwise


class _Whole(nn.Module):
    """A module as others call it: with its hooks, and a forward method of the instance's own."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Any:
        return self.network(x)


def fold_batch_norms(network: nn.Module, images: Tensor | None = None) -> nn.Module:
    """A copy in evaluation mode, without the batch normalizations that can be folded.

    Those stay whose input is used elsewhere as well, or is no convolution, and where something
    happens between the two, as hooks do. A module that can't be traced by `torch.fx`, because its
    Python depends on the numbers, is copied as it is.

    Args:
        network: Is left as it is.
        images: (N, C, H, W), to try the folded copy with: tracing drops contexts such as autocast,
            and what comes out otherwise isn't folded. None: it isn't tried.
    """
    try:
        quicker = _fold(_copy(network))
        if images is None or _agree(quicker, _copy(network), images):
            return quicker
    except Exception:  # tracing calls code of any kind with values that aren't tensors
        return _copy(network)
    return _copy(network)


def _copy(network: nn.Module) -> nn.Module:
    return copy_module(network).eval().requires_grad_(requires_grad=False)


def _agree(quicker: nn.Module, original: nn.Module, images: Tensor) -> bool:
    def answer(network: nn.Module) -> Tensor:
        torch.manual_seed(0)
        return main_logits(network(images.clone())).double()

    with torch.no_grad(), generators_kept(), hooks_kept(original):
        one, other = answer(quicker), answer(original)
    allowed = TOLERANCE * float(other.abs().max())
    return torch.allclose(one, other, rtol=0, atol=allowed, equal_nan=True)


def _is_plain(module: nn.Module) -> bool:
    """Whether a layer computes what its class says and nothing else."""
    return "forward" not in vars(module) and next(hooks_of(module), None) is None


def _fold(original: nn.Module) -> nn.Module:
    traced = torch.fx.symbolic_trace(_Whole(original))
    modules = dict(traced.named_modules())
    calls = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    for node in list(traced.graph.nodes):
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, torch.fx.Node) or before.op != "call_module":
            continue
        convolution, normalization = modules[str(before.target)], modules[str(node.target)]
        if not isinstance(normalization, nn.BatchNorm2d) or normalization.running_mean is None:
            continue
        if not (_is_plain(convolution) and _is_plain(normalization)):
            continue
        used_once = len(before.users) == calls[before.target] == calls[node.target] == 1
        if type(convolution) is nn.Conv2d and used_once:
            traced.set_submodule(str(before.target), fuse_conv_bn_eval(convolution, normalization))
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced
