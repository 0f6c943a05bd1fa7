"""One small network for each thing that an operation can do, all ending in class scores."""

import torch
import torch.nn.functional as F
from torch import nn


class Scored(nn.Module):
    """An operation between a first layer, so that gradients are uneven, and class scores."""

    def __init__(self, operation, shape=(4, 7, 6), classes=3):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(2, shape[0], 1)
        self.operation = operation
        with torch.no_grad():
            size = operation(torch.rand(1, *shape)).numel()
        self.head = nn.Linear(size, classes)
        for parameter in operation.parameters() if isinstance(operation, nn.Module) else ():
            nn.init.normal_(parameter)
        self.image = torch.randn(1, 2, *shape[1:])

    def forward(self, x):
        return self.head(self.operation(self.first(x)).flatten(1))


class Own(nn.Module):
    """An operation with a parameter that no layer of PyTorch has."""

    def __init__(self, function, *shape):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(*shape))

    def forward(self, x):
        return self.function(x, self.weight)


def moving(norm):
    """A normalization whose moving statistics are not those of a fresh one."""
    torch.manual_seed(1)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.2, 3)
    return norm.eval()


def one_line(maps):
    """(1, C, H, W) → (1, C, H · W), for operations along one axis."""
    return maps.flatten(2)


def in_place(x):
    y = x * 2
    y.add_(x.tanh())
    y.relu_()
    return y * x


def assigned(x):
    y = x.clone()
    y[:, 1:, 2] = x[:, :3, 0]
    return y * 1


def assigned_a_number(x):
    y = x * 1
    y[:, 1] = 0.25
    return y * 2


OPERATIONS = {
    "convolution": nn.Conv2d(4, 6, 3, padding=1),
    "strided": nn.Conv2d(4, 6, (3, 2), stride=(2, 3), padding=(2, 1)),
    "dilated": nn.Conv2d(4, 6, 3, dilation=(3, 2), padding=4, bias=False),
    "grouped": nn.Conv2d(4, 6, 3, groups=2),
    "depthwise": nn.Conv2d(4, 8, 3, groups=4, padding="same"),
    "even kernel, same": nn.Conv2d(4, 3, (2, 4), padding="same"),
    "reflected": nn.Conv2d(4, 3, 3, padding=2, padding_mode="reflect"),
    "circular": nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular"),
    "one dimension": nn.Sequential(nn.Flatten(2), nn.Conv1d(4, 5, 3, stride=2, padding=1)),
    "three dimensions": nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Conv3d(2, 3, 2, padding=1)),
    "transposed": nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1),
    "transposed, grouped": nn.ConvTranspose2d(4, 6, (3, 2), groups=2, dilation=(2, 1)),
    "dense over the last axis": nn.Linear(6, 5),
    "own dense layer": Own(lambda x, w: x @ w, 6, 5),
    "matrix product of maps": lambda x: x @ x.transpose(2, 3),
    "matrix times vector": lambda x: x @ x[0, 0, 0],
    "largest of windows": nn.MaxPool2d(3, stride=2, padding=1),
    "largest, dilated": nn.MaxPool2d(2, stride=1, dilation=2),
    "largest, rounded up": nn.MaxPool2d(2, ceil_mode=True),
    "mean of windows": nn.AvgPool2d(3, stride=2, padding=1),
    "mean without padding": nn.AvgPool2d(3, padding=1, count_include_pad=False),
    "mean, rounded up": nn.AvgPool2d(2, stride=2, padding=1, ceil_mode=True),
    "mean with a divisor": nn.AvgPool2d(2, divisor_override=3),
    "global mean": nn.AdaptiveAvgPool2d(1),
    "uneven parts": nn.AdaptiveAvgPool2d((3, 4)),
    "largest of uneven parts": nn.AdaptiveMaxPool2d((3, 4)),
    "mean along axes": lambda x: x.mean((2, 3)),
    "mean that keeps the axis": lambda x: x - x.mean(1, keepdim=True),
    "mean of all": lambda x: x.mean().reshape(1, 1),
    "assigned": assigned,
    "assigned a number": assigned_a_number,
    "total": lambda x: x.sum(dim=-1),
    "largest along an axis": lambda x: x.amax(dim=2),
    "largest with its place": lambda x: x.max(dim=1).values,
    "smallest": lambda x: x.amin(dim=(1, 3)),
    "batch norm": moving(nn.BatchNorm2d(4)),
    "batch norm without parameters": moving(nn.BatchNorm2d(4, affine=False)),
    "batch norm of the image": nn.BatchNorm2d(4, track_running_stats=False).eval(),
    "instance norm": nn.InstanceNorm2d(4, affine=True),
    "group norm": nn.GroupNorm(2, 4),
    "layer norm": nn.LayerNorm((7, 6)),
    "layer norm of the last axis": nn.LayerNorm(6, elementwise_affine=False),
    "local response norm": nn.LocalResponseNorm(3, alpha=0.5),
    "softmax": lambda x: x.softmax(dim=1),
    "log softmax": lambda x: x.log_softmax(dim=-1),
    "sum": lambda x: x + torch.tanh(x),
    "sum with a factor": lambda x: torch.add(x, x.relu(), alpha=-0.5),
    "sum with itself": lambda x: x + x,
    "difference": lambda x: x - 2 * x.relu(),
    "difference from one": lambda x: 1 - x,
    "product with itself": lambda x: x * x,
    "gate": lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(),
    "layer scale": Own(lambda x, w: x * w, 4, 1, 1),
    "position embedding": Own(lambda x, w: x + w, 1, 1, 7, 6),
    "weight that is shrunk": Own(lambda x, w: x - w, 6),
    "quotient": lambda x: x / (1 + x.abs()),
    "quotient of a number": lambda x: 2 / (3 + x.abs()),
    "power": lambda x: (x.abs() + 1) ** 1.5,
    "larger of two": lambda x: torch.maximum(x, x.flip(3)),
    "smaller of two": lambda x: torch.min(x, -x),
    "clamp": lambda x: x.clamp(-0.3, 0.5),
    "clamp above": lambda x: x.clamp(max=0.1),
    "choice": lambda x: torch.where(x > 0, x, 0.1 * x),
    "concatenation": lambda x: torch.cat((x.relu(), x, -x), dim=1),
    "concatenation with a parameter": Own(lambda x, w: torch.cat((w, x), dim=1), 1, 1, 7, 6),
    "concatenation from behind": lambda x: torch.cat((x, x.tanh()), dim=-1),
    "stack": lambda x: torch.stack((x, x.relu()), dim=2),
    "shuffled": lambda x: x.view(1, 2, 2, 7, 6).transpose(1, 2).reshape(1, 4, 7, 6),
    "slices": lambda x: x[:, ::2, 1:, [0, 0, 2]],
    "index": lambda x: x[:, torch.tensor([2, 0, 1])].index_select(3, torch.tensor([5, 1])),
    "split": lambda x: x.chunk(2, dim=1)[1],
    "repetition": lambda x: x.expand(1, 4, 7, 6).repeat(1, 1, 2, 1),
    "mirrored": lambda x: x.flip(2).roll(1, dims=3),
    "padded with a number": lambda x: F.pad(x, (1, 2, 0, 1), value=0.5),
    "padded with the border": lambda x: F.pad(x, (1, 2, 0, 1), mode="replicate"),
    "padded with minus infinity": lambda x: F.max_pool2d(F.pad(x, (1, 1), value=-1e30), 2),
    "nearest": nn.Upsample(scale_factor=2),
    "bilinear": nn.Upsample(size=(9, 11), mode="bilinear"),
    "dropout": nn.Dropout(0.5).eval(),
    "in place": in_place,
    "PReLU": nn.PReLU(4),
    "PReLU with one weight": nn.PReLU(),
    **{
        type(layer).__name__: layer
        for layer in (
            nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.SELU(), nn.CELU(0.6),
            nn.SiLU(), nn.Mish(), nn.Softplus(2.0, 1.0), nn.Sigmoid(), nn.Tanh(),
            nn.Hardsigmoid(), nn.Hardswish(), nn.Hardtanh(-0.4, 0.6), nn.GELU(), nn.LogSigmoid(),
        )
    },
    "GELU by tanh": nn.GELU("tanh"),
    "square": lambda x: x.square(),
    "square root": lambda x: (x.square() + 1).sqrt(),
    "reciprocal square root": lambda x: (x.square() + 1).rsqrt(),
    "reciprocal": lambda x: (x.abs() + 1).reciprocal(),
    "exponential": lambda x: x.exp(),
    "logarithm": lambda x: (x.abs() + 1).log(),
    "negation": lambda x: -x.abs(),
}  # fmt: skip
