"""Weights of somebody's own module that can't be copied, trained or kept in a model file."""

from __future__ import annotations

import torch
from torch import nn

from convscope.errors import UsageError


def check_weights(module: nn.Module, name: str) -> None:
    """Refuse weights that a model file can't hold, or that can't be copied.

    Args:
        module: The module.
        name: What the error calls it.

    Raises:
        UsageError: It has such weights.
    """
    for path, each in module.named_modules():
        if isinstance(each, torch.jit.ScriptModule):
            what = f"holds a TorchScript module, {path!r}" if path else "is a TorchScript module"
            raise UsageError(
                f"The module {name} {what}, which runs outside Python. Give the nn.Module that it "
                "was made from."
            )
    for path, tensor in (*module.named_parameters(), *module.named_buffers()):
        if tensor.is_complex():
            raise UsageError(
                f"The module {name} has complex weights, {path!r}. Model files hold real numbers: "
                "keep real and imaginary part as two parameters, joined by torch.complex."
            )
    for path, each in module.named_modules():
        if isinstance(each, nn.Embedding | nn.EmbeddingBag) and each.sparse:
            where = f" {path!r}" if path else ""
            raise UsageError(
                f"The embedding{where} of {name} makes sparse gradients, which gradient clipping, "
                "weight decay and the comparison of precisions don't take. Leave out sparse=True."
            )
        if type(each).get_extra_state is not nn.Module.get_extra_state:
            where = f" in {path!r}" if path else ""
            raise UsageError(
                f"The module {name} keeps extra state{where} (get_extra_state). A model file holds "
                "tensors alone: register it as a buffer, self.register_buffer(name, tensor)."
            )
