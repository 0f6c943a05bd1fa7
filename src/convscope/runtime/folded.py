"""Batch normalization folded into the convolution before it, for networks that only predict.

In evaluation mode, batch normalization multiplies and shifts each channel by fixed numbers. So does
the convolution before it, and one of the two is enough: the weights are multiplied once, and the
operation is gone. The result is the same up to the rounding of float32.
"""

from __future__ import annotations

from collections import Counter

import torch.fx
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from convscope.runtime.module_copy import copy_module


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode, without the batch normalizations that can be folded.

    Those stay whose input is used elsewhere as well, or is no convolution. A module that can't be
    traced by `torch.fx`, because its Python depends on the numbers, is copied as it is.

    Args:
        network: Is left as it is.
    """
    original = copy_module(network).eval().requires_grad_(requires_grad=False)
    try:
        traced = torch.fx.symbolic_trace(original)
    except Exception:  # tracing calls code of any kind with values that aren't tensors
        return original
    modules = dict(traced.named_modules())
    calls = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    for node in list(traced.graph.nodes):
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, torch.fx.Node) or before.op != "call_module":
            continue
        convolution, normalization = modules[str(before.target)], modules[str(node.target)]
        if not isinstance(normalization, nn.BatchNorm2d) or normalization.running_mean is None:
            continue
        used_once = len(before.users) == calls[before.target] == calls[node.target] == 1
        if type(convolution) is nn.Conv2d and used_once:
            traced.set_submodule(str(before.target), fuse_conv_bn_eval(convolution, normalization))
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced
