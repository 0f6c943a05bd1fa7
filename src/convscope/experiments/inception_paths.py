"""The four paths of an inception block: their shapes, and what each costs.

Source: Szegedy and others, "Going deeper with convolutions", 2014, section 4 and table 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from convscope.definitions.counting import convolution_macs
from convscope.errors import UsageError
from convscope.inspection.trace.trace import trace
from convscope.look.language import pick
from convscope.look.numbers import percent, quantity
from convscope.look.printed import Paragraph, Part, Printed, TextTable
from convscope.networks.googlenet import INCEPTION, Inception

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATHS = ("1×1", "1×1, 3×3", "1×1, 5×5", "max 3×3, 1×1")


@dataclass(frozen=True)
class InceptionPath:
    """One of the four paths.

    Attributes:
        name: Its windows, from the input on.
        shape: (channels, height, width) of its output.
        parameters: Weights and biases.
        macs: Multiply–adds for one image.
        unreduced: Multiply–adds without the 1×1 convolution that narrows the input of paths 2 and
            3; those of paths 1 and 4 stay.
        unpadded: Height and width of its output, if nothing were padded.
    """

    name: str
    shape: tuple[int, int, int]
    parameters: int
    macs: int
    unreduced: int
    unpadded: int


@dataclass(frozen=True)
class InceptionPaths(Printed):
    """An inception block, path by path.

    Attributes:
        in_channels: Channels of its input.
        size: Height and width of its input.
        paths: The four.
        output: (channels, height, width) of the block.
    """

    in_channels: int
    size: int
    paths: tuple[InceptionPath, ...]
    output: tuple[int, int, int]

    @property
    def macs(self) -> int:
        """Multiply–adds of all paths for one image."""
        return sum(path.macs for path in self.paths)

    @property
    def reduced(self) -> float:
        """Multiply–adds over those without the narrowing 1×1 convolutions."""
        return self.macs / sum(path.unreduced for path in self.paths)

    def shown(self) -> Iterator[Part]:
        """A row for each path."""
        yield TextTable(
            pick(
                f"An inception block on {self.in_channels} × {self.size} × {self.size}",
                f"Inception 块，输入 {self.in_channels} × {self.size} × {self.size}",
            ),
            (
                pick("path", "路径"), pick("output", "输出"), pick("parameters", "参数"), "MACs",
                pick("share", "占比"), pick("without padding", "不填充时"),
            ),
            [
                (path.name, " × ".join(map(str, path.shape)), f"{path.parameters:,}",
                 quantity(path.macs), percent(path.macs / self.macs, 0),
                 f"{path.unpadded} × {path.unpadded}")
                for path in self.paths
            ],
        )  # fmt: skip
        yield Paragraph(pick("stacked: ", "拼接后：") + " × ".join(map(str, self.output)), "dim")

    def figure(self, path: str | Path | None = None) -> Figure:
        """What each path gives and what it costs.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.look.canvas import drawing, headline
        from convscope.look.palette import SERIES

        dearest = max(self.paths, key=lambda each: each.macs)
        share = dearest.macs / self.macs
        with drawing(path, 9.4, 3.4) as figure:
            headline(
                figure,
                pick(
                    f"Equal height and width, so channels stack; {dearest.name} takes "
                    f"{100 * share:.0f} % of the work",
                    f"高和宽相同，通道就能拼接；{dearest.name} 占运算量的 {100 * share:.0f} %",
                ),
            )
            axes = figure.subplots()
            rows = (
                (pick("channels", "通道"), [each.shape[0] for each in self.paths]),
                (pick("operations", "运算量"), [each.macs for each in self.paths]),
            )
            for row, (_, values) in enumerate(rows):
                begun = 0.0
                for place, value in enumerate(values):
                    width = 100 * value / sum(values)
                    axes.barh(
                        row, width, left=begun, height=0.6, color=SERIES[place], edgecolor="white",
                        label=self.paths[place].name if row == 0 else None,
                    )  # fmt: skip
                    if width > 4:
                        text = str(value) if row == 0 else f"{width:.0f} %"
                        axes.text(
                            begun + width / 2, row, text, ha="center", va="center", color="white",
                            fontweight="bold", fontsize=10,
                        )  # fmt: skip
                    begun += width
            axes.set_yticks(range(2), [name for name, _ in rows])
            axes.invert_yaxis()
            axes.set_xlim(0, 100)
            axes.set_xlabel(pick("% of the block", "占整个块的百分比"))
            axes.grid(visible=False)
            axes.tick_params(axis="y", length=0)
            figure.legend(loc="outside right center")
        return figure

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


def follow_inception(
    in_channels: int = 192, sizes: Sequence[int] = INCEPTION["3a"], *, size: int = 12
) -> InceptionPaths:
    """Take the library's inception block apart; unless told otherwise GoogLeNet's first.

    Args:
        in_channels: Channels of the input.
        sizes: Channels of the 1×1; the 1×1 and the 3×3 behind it; the 1×1 and the 5×5 behind it;
            and the 1×1 behind the pooling.
        size: Height and width of the input.

    Raises:
        UsageError: `sizes` are not six, or the input is smaller than the largest window.
    """
    if len(sizes) != 6 or size < 5:
        raise UsageError(
            f"follow_inception needs six numbers of channels and a size from 5 on; got {sizes} "
            f"and {size}."
        )
    block = Inception(in_channels, *sizes).eval()
    image = (in_channels, size, size)
    windows = {1: (3, sizes[2]), 2: (5, sizes[4])}  # of the paths that are narrowed first
    found = []
    for place, branch in enumerate((block.branch1, block.branch2, block.branch3, block.branch4)):
        traced = trace(branch, image)
        kernel, outputs = windows.get(place, (0, 0))
        whole = convolution_macs(in_channels, outputs, (kernel, kernel), (size, size))
        found.append(
            InceptionPath(
                PATHS[place],
                tuple(traced.layers[-1].output_shape),  # type: ignore[arg-type]
                traced.parameters,
                traced.macs,
                whole if kernel else traced.macs,
                size + 1 - max(kernel, 3 if place == 3 else 1),
            )
        )
    with torch.no_grad():
        output = block(torch.zeros(1, *image)).shape[1:]
    return InceptionPaths(in_channels, size, tuple(found), tuple(output))
