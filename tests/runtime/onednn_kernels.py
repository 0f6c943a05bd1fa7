"""Run as a program: a training step of each network named, in a precision, before its name.

With ONEDNN_VERBOSE=1 in the environment, oneDNN writes in between which kernels it calls.
"""

import sys

import torch

from convscope.networks.catalog import build, entry
from convscope.runtime.execution import Execution
from convscope.runtime.training_step import training_loss


def batch_for(name):
    """The network, and two images and labels for it."""
    torch.manual_seed(0)
    channels, size = entry(name).image[0], entry(name).image[1]
    return build(name, channels, 10), torch.randn(2, channels, size, size), torch.arange(2)


if __name__ == "__main__":
    torch.set_num_threads(1)
    execution = Execution(torch.device("cpu"), sys.argv[1])
    for name in sys.argv[2:]:
        network, images, labels = batch_for(name)
        print("network", name, flush=True)
        trained = execution.place(network).train()
        loss, _ = training_loss(trained, execution.lay_out(images), labels, execution)
        loss.backward()
