"""Networks for small images that differ in nothing but their depth and their shortcuts.

Their form is that of He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015,
section 4.2: a convolution, three stages of n blocks of two convolutions each, the second and third
of which halve height and width and double the channels, averages, one dense layer: 6n + 2 layers.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from convscope.errors import UsageError, unknown_name
from convscope.look.language import pick
from convscope.networks.initialization import initialize
from convscope.networks.resnet import BasicBlock

STAGES = 3


class PlainBlock(BasicBlock):
    """The two convolutions of a residual block without the shortcut: relu(F(x)).

    From (N, in_channels, H, W) to (N, channels, H / stride, W / stride).
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.downsample = None

    def forward(self, x: Tensor) -> Tensor:
        """Both convolutions, each normalized and with a ReLU."""
        hidden = self.relu1(self.bn1(self.conv1(x)))
        output: Tensor = self.relu2(self.bn2(self.conv2(hidden)))
        return output


class ProjectedBlock(BasicBlock):
    """A residual block with a 1×1 convolution in its shortcut even where the shapes agree.

    From (N, in_channels, H, W) to (N, channels, H / stride, W / stride).
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, channels, stride)
        self.downsample = nn.Sequential(
            nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False),
            nn.BatchNorm2d(channels),
        )


BLOCKS: dict[str, type[BasicBlock]] = {
    "plain": PlainBlock,
    "residual": BasicBlock,
    "projected": ProjectedBlock,
}


def build_depth_network(
    layers: int = 20,
    kind: str = "residual",
    *,
    channels: int = 8,
    classes: int = 10,
    initialization: str = "kaiming",
    batch_norm: bool = True,
) -> nn.Sequential:
    """Build a network of 6n + 2 layers for images (N, 1, H, W).

    Its parts are called stem, block1, block2 …, pool, flatten and head.

    Args:
        layers: 8, 14, 20, 26, 32 and so on: convolutions that aren't in shortcuts, and the dense
            layer.
        kind: "residual": a 1×1 convolution in the shortcut where shapes change, nothing elsewhere
            (the paper's option B); "projected": one in every shortcut (option C); "plain": no
            shortcuts.
        channels: Of the first stage; the others have two and four times as many.
        classes: How many logits.
        initialization: Rule of `networks.initialization`.
        batch_norm: Normalize behind every convolution.

    Raises:
        UsageError: There is no such network.
    """
    if kind not in BLOCKS:
        raise unknown_name("kind of network", kind, BLOCKS)
    blocks, rest = divmod(layers - 2, 2 * STAGES)
    if rest or blocks < 1:
        raise UsageError(f"layers is 6n + 2, as 8, 20 or 32; got {layers}.")
    parts: dict[str, Any] = {
        "stem": nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
    }
    inputs = channels
    for place in range(STAGES * blocks):
        stage, first = place // blocks, place % blocks == 0
        outputs = channels * 2**stage
        stride = 2 if stage and first else 1
        parts[f"block{place + 1}"] = BLOCKS[kind](inputs, outputs, stride)
        inputs = outputs
    parts |= {"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten()}
    network = nn.Sequential(*[])
    for name, part in (*parts.items(), ("head", nn.Linear(inputs, classes))):
        network.add_module(name, part)
    if not batch_norm:
        _remove_batch_norm(network)
    initialize(network, initialization)
    return network


def kind_name(kind: str) -> str:
    """What a kind of network is called."""
    names = {
        "plain": pick("plain", "无捷径"),
        "residual": pick("residual", "残差"),
        "projected": pick("1×1 in every shortcut", "每条捷径都有 1×1"),
    }
    return names[kind]


def _remove_batch_norm(network: nn.Module) -> None:
    for module in [*network.modules()]:
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
