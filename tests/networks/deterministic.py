"""Weights and images that are the same on every machine, and the digest of a network's names.

`torchvision_facts.json` was made with these functions from torchvision's own networks.
"""

import hashlib
import math
import zlib

import torch


def fill_weight(name, tensor):
    """The values of one entry of a state_dict, a function of its name and shape alone.

    Uniform numbers seeded with crc32(name): for batch norm, scales (0.5, 1.5), running variances
    (0.5, 1.5), shifts and running means (-0.5, 0.5); for kernels and dense weights, Kaiming's bound
    sqrt(6 / fan-in); for biases of theirs (-0.1, 0.1); counters are 0.
    """
    if not tensor.is_floating_point():
        return torch.zeros_like(tensor)
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    values = torch.rand(tensor.shape, generator=generator) - 0.5  # from -0.5 to 0.5
    if tensor.dim() > 1:
        return values.mul_(2 * math.sqrt(6 / tensor[0].numel()))
    if name.endswith(("weight", "running_var")):
        return values.add_(1)
    return values if name.endswith("running_mean") else values.mul_(0.2)


def fill(network):
    """Give every weight of `network` its deterministic value, in place."""
    state = network.state_dict()
    network.load_state_dict({name: fill_weight(name, tensor) for name, tensor in state.items()})
    return network


def waves(count, channels, size):
    """Images of smooth waves, from -1.5 to 1.5, different in every channel."""
    n, c = torch.arange(count)[:, None, None, None], torch.arange(channels)[:, None, None]
    y, x = torch.arange(size)[:, None] / size, torch.arange(size) / size
    return 1.5 * torch.sin((5 + 2 * n + c) * y + (9 - 3 * c) * x + n)


def digest(state):
    """SHA-256 over the lines "name shape dtype" of a state_dict, in its order."""
    lines = (f"{name} {tuple(t.shape)} {t.dtype}\n" for name, t in state.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
