"""Right answers to the exercises of lesson 14."""

from torch import nn

SMALL = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
    nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(96, 10),
)  # fmt: skip
ANSWERS = {"14.1": [480, 36_569_088], "14.2": "c", "14.3": SMALL}
