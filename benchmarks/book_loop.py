"""The training loop that courses teach, to compare with: clear, and slow.

Fashion-MNIST through a DataLoader with worker processes, every image enlarged by itself with
Pillow, float32, plain SGD, Xavier initialization, accuracy on the test images after every epoch.
It is written for reading; nothing in it is slow on purpose. Prints one JSON object.

    python benchmarks/book_loop.py lenet --images 60000 --test-images 10000
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

import convscope as cs
from convscope.runs import recipe as recipes

WORKERS = 4


class FashionMnist(Dataset):
    """Images one at a time, as courses hand them out."""

    def __init__(self, split: str, count: int, size: int | None) -> None:
        images = cs.load("fashion-mnist", split)
        self.images = images.images[:count, 0]
        self.labels = images.labels[:count]
        self.size = size

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.images[index])
        if self.size is not None:
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = np.asarray(image, dtype=np.float32) / 255
        return torch.from_numpy(pixels)[None], int(self.labels[index])


def initialize(layer: nn.Module) -> None:
    """Xavier's uniform initialization of dense and convolution layers."""
    if isinstance(layer, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(layer.weight)


def accuracy(network: nn.Module, loader: DataLoader, device: str) -> float:
    """Share of images classified correctly."""
    network.eval()
    correct = total = 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            correct += (network(images).argmax(1) == labels).sum().item()
            total += len(labels)
    return correct / total


def main() -> None:
    """Train one epoch at a time and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--test-images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()

    recipe = recipes.named("book", options.network, "fashion-mnist")
    train = FashionMnist("train", options.images, recipe.size)
    test = FashionMnist("test", options.test_images, recipe.size)
    torch.manual_seed(options.seed)
    network = cs.build(options.network, 1, 10, **recipe.network_arguments)
    network.apply(initialize)
    network.to(options.device)
    optimizer = torch.optim.SGD(network.parameters(), lr=recipe.learning_rate)
    loss_function = nn.CrossEntropyLoss()
    loader = DataLoader(train, recipe.batch_size, shuffle=True, num_workers=WORKERS)
    test_loader = DataLoader(test, recipe.batch_size, num_workers=WORKERS)

    started = time.perf_counter()
    for _ in range(options.epochs):
        network.train()
        for images, labels in loader:
            images, labels = images.to(options.device), labels.to(options.device)
            optimizer.zero_grad()
            loss = loss_function(network(images), labels)
            loss.backward()
            optimizer.step()
        test_accuracy = accuracy(network, test_loader, options.device)
    seconds = time.perf_counter() - started
    result = {
        "network": options.network,
        "seconds": seconds,
        "images_per_second": options.epochs * options.images / seconds,
        "accuracy": test_accuracy,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
