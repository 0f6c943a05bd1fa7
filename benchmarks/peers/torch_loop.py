"""A plain and good PyTorch training loop: what somebody writes who knows how.

The whole set lies in memory and is enlarged a batch at a time; channels-last, bfloat16 autocast if
it was found to be faster, the fused optimizer, larger batches and no gradients in evaluation.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from timeline import Timeline
from torch import Tensor, nn


def load(settings: dict[str, Any], split: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 1, 28, 28) and labels int64."""
    with np.load(Path(settings["folder"]) / f"{split}.npz") as arrays:
        some = {name: arrays[name][: settings["images"][split]] for name in arrays}
    return torch.from_numpy(some["images"])[:, None], torch.from_numpy(some["labels"])


def prepare(images: Tensor, size: int) -> Tensor:
    """A batch as the network takes it: in [0, 1], enlarged, channels last."""
    pixels = images.float() / 255
    if size != pixels.shape[-1]:
        pixels = F.interpolate(pixels, size=(size, size), mode="bilinear")
    return pixels.contiguous(memory_format=torch.channels_last)


def initialize(layer: nn.Module) -> None:
    """Xavier's uniform initialization of dense and convolution layers."""
    if isinstance(layer, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(layer.weight)


def main() -> None:
    """Train and evaluate; print when what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", type=json.loads)
    settings = parser.parse_args().settings
    timeline = Timeline()
    torch.manual_seed(0)
    torch.set_num_threads(settings["threads"])
    images, labels = load(settings, "train")
    test_images, test_labels = load(settings, "test")
    network = importlib.import_module(f"pytorch_networks.{settings['network']}").build()
    network.apply(initialize).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr=settings["learning_rate"], fused=True)
    loss_function = nn.CrossEntropyLoss()
    size, batch = settings["size"], settings["batch_size"]
    autocast = (
        torch.autocast("cpu", torch.bfloat16)
        if settings["way"] == "bfloat16"
        else contextlib.nullcontext()
    )

    for _ in range(settings["epochs"]):
        network.train()
        for rows in torch.randperm(len(labels)).split(batch):
            pixels = prepare(images[rows], size)
            with autocast:
                loss = loss_function(network(pixels), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            timeline.end_step()
        timeline.end_training()
        network.eval()
        correct = 0
        with torch.inference_mode(), autocast:
            for start in range(0, len(test_labels), batch):
                rows = slice(start, start + batch)
                logits = network(prepare(test_images[rows], size))
                correct += int((logits.argmax(1) == test_labels[rows]).sum())
        timeline.end_evaluation()
    timeline.show(
        accuracy=correct / len(test_labels),
        weights=sum(each.numel() for each in network.parameters()),
        version=f"torch {torch.__version__}",
    )


if __name__ == "__main__":
    main()
