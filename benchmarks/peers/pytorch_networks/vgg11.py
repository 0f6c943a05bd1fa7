"""VGG-11 (Simonyan and Zisserman, 2014, column A) with a quarter of the channels, for 224×224."""

from torch import nn

BLOCKS = ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))  # convolutions, channels


def build() -> nn.Module:
    """From (N, 1, 224, 224) to (N, 10)."""
    layers: list[nn.Module] = []
    before = 1
    for convolutions, channels in BLOCKS:
        for _ in range(convolutions):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
            before = channels
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(before * 7 * 7, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5),
        nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5),
        nn.Linear(4096, 10),
    )  # fmt: skip
