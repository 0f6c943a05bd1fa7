"""Networks that tools for looking into networks stumble over. All take (N, 1, 12, 12)."""

import torch
import torch.nn.functional as F
from torch import nn

SIZE = 12
CLASSES = 3


class ReusedActivation(nn.Module):
    """One in-place ReLU everywhere, also behind the flattening."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 5, 3)
        self.relu = nn.ReLU(inplace=True)
        self.dense1 = nn.Linear(5 * 64, 16)
        self.dense2 = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.relu(self.conv2(self.relu(self.conv1(x))))
        return self.dense2(self.relu(self.dense1(x.flatten(1))))


class EndsInFunctions(nn.Module):
    """The last maps are made by a sum and a functional in-place ReLU, and by no module."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.dense = nn.Linear(4, CLASSES)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(x + self.conv2(x), inplace=True)
        return self.dense(x.mean((2, 3)))


class BeginsInPlace(nn.Module):
    """Changes its input, unless it's given a copy."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(1, 4, 3)
        self.dense = nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.dense(self.conv(self.relu(x)).amax((2, 3)))


class SingleChannel(nn.Module):
    """One channel from beginning to end, and one class score for each of three shifts."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        self.dense = nn.Linear(1, CLASSES)

    def forward(self, x):
        return self.dense(self.conv(x).relu_().mean((2, 3)))


class Attention(nn.Module):
    """Tokens after the first convolution; attention weights have four axes and are no maps."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, stride=4)
        self.qkv = nn.Linear(8, 24)
        self.dense = nn.Linear(8, CLASSES)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)  # (N, 9, 8)
        q, k, v = self.qkv(tokens).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2)).softmax(dim=-1)  # (N, 2, 9, 9)
        mixed = (weights @ v).transpose(1, 2).flatten(2)
        return self.dense(mixed.mean(1))


class Busy(nn.Module):
    """Has everything that an inspection could leave changed."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(4 * 100, CLASSES)
        self.calls = 0
        self.register_buffer("total", torch.zeros(1))
        self.seen = []

    def forward(self, x):
        self.calls += 1
        self.seen.append(len(x))
        self.total += 1
        noise = torch.rand(1) * 0
        x = self.relu(self.norm(self.conv(x)))
        return self.dense(self.dropout(x.flatten(1))) + noise


LAST_MAPS = {
    ReusedActivation: "relu:2",
    EndsInFunctions: "ReLU:2",
    BeginsInPlace: "conv",
    SingleChannel: "ReLU",
    Attention: "patches",
    Busy: "relu",
}


def made(kind, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind().eval()


def images(count=1, seed=0):
    return torch.randn(count, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))
