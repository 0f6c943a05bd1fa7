"""Class maps that are 0 everywhere: a ReLU before the softmax can silence a class."""

from __future__ import annotations

from torch import Tensor, nn

from convscope.evaluation.logits import evaluation_mode


def count_dead_classes(network: nn.Module, images: Tensor) -> int:
    """Count the logits that are 0 for every image.

    Behind a ReLU such a logit has no gradient: nothing tells the network to raise it. Where all of
    them are 0, no weight has a gradient, and the loss stays at ln K for K classes, for ever.

    Args:
        network: Left as found; it is asked in evaluation mode.
        images: (N, channels, height, width), normalized as in training.

    Returns:
        From 0 to the number of classes.
    """
    with evaluation_mode(network):
        logits: Tensor = network(images)
    return int((logits == 0).all(dim=0).sum())
