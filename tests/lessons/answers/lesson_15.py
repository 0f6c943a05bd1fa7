"""Right answers to the exercises of lesson 15."""

import numpy as np
import torch


def batch_norm(x, scale, shift, mean, variance, training):
    if training:
        mean, variance = x.mean(0), x.var(0)
    return scale * (x - mean) / np.sqrt(variance + 1e-5) + shift


def evaluate(network, images, labels):
    was = network.training
    network.eval()
    with torch.no_grad():
        right = (network(images).argmax(1) == labels).float().mean().item()
    network.train(was)
    return right


ANSWERS = {"15.1": batch_norm, "15.2": [0.651, 1.0], "15.3": "b", "15.4": evaluate}
