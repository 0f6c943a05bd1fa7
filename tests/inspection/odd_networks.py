"""Modules that are not ours: control flow, reused weights, branches, several in- and outputs."""

import torch
import torch.nn.functional as F
from torch import nn


class Recurrent(nn.Module):
    """One convolution used again and again, as long as the image is bright; functional calls."""

    def __init__(self, steps=3):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.dense = nn.Linear(4, 10)
        self.steps = steps
        self.seen = []
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.calls += 1
        self.last = x
        self.seen.append(x)
        x = self.relu(self.first(x))
        for _ in range(self.steps):
            x = self.relu(self.again(x))
            if x.mean() > 1e6:
                break
        x = F.max_pool2d(x, 2)
        return self.dense(x.mean(dim=(2, 3)))


class Shuffled(nn.Module):
    """Channels are split, one half is filtered, gated and shuffled back in (after ShuffleNet)."""

    def __init__(self, channels=8):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(channels // 2, channels // 2, 3, padding=2, dilation=2, groups=2)
        self.norm = nn.GroupNorm(1, channels // 2)
        self.gate = nn.Linear(channels // 2, channels // 2)
        self.head = nn.Conv2d(channels, 10, 1)

    def forward(self, x):
        left, right = self.stem(x).chunk(2, dim=1)
        right = F.silu(self.deep(right))
        gate = self.gate(right.mean((2, 3))).sigmoid()[:, :, None, None]
        x = torch.cat((left, right * gate), dim=1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.head(x).flatten(2).softmax(dim=1).mean(-1)


class Tied(nn.Module):
    """Two layers with one weight, and that weight transposed as a function's argument."""

    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(64, 16, bias=False)
        self.same = nn.Linear(64, 16, bias=False)
        self.same.weight = self.encode.weight
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        x = torch.tanh(self.encode(x.flatten(1)))
        x = F.linear(x, self.encode.weight.t())
        return 1 - self.same(x)


class Written(nn.Module):
    """Parts of feature maps are overwritten in place, through views."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect")
        self.mask = torch.ones(4, 1, 1)

    def forward(self, x):
        x = self.conv(x)
        same = x.detach()
        x[:, 0].mul_(2)
        x[:, 1] = 0
        return (x * self.mask + same).amax((2, 3))


class Tokens(nn.Module):
    """A vision transformer's beginning: patches, one token that is learned, and positions."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, stride=4)
        self.token = nn.Parameter(torch.ones(1, 1, 8))
        self.position = nn.Parameter(torch.randn(1, 10, 8))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(len(x), -1, -1), x), dim=1) + self.position
        return self.head(x.mean(1))


class TwoOutputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x):
        x = self.conv(x)
        return x.mean((2, 3)), x


class Named(TwoOutputs):
    def forward(self, x):
        return {"logits": self.conv(x).mean((2, 3)), "maps": x}


class TwoInputs(nn.Module):
    def forward(self, x, mask, scale=1.0):
        return x * mask * scale


class OutsidePyTorch(nn.Module):
    def forward(self, x):
        return torch.from_numpy(x.detach().numpy() * 2)
