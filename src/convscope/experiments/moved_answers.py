"""What a network answers as the image moves: is it right, is it the same answer, how sure is it?

network = build_downsampling_network("max")
train_briefly(network, *canvas_digits("train"))
print(measure_moved_answers(network, *canvas_digits("test")))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from convscope.experiments.brief_training import on_one_thread
from convscope.experiments.digits_on_canvas import move_images
from convscope.look.language import pick
from convscope.look.numbers import number, percent
from convscope.look.printed import Part, Printed, TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHIFTS = tuple(range(9))


@dataclass(frozen=True)
class MovedAnswers(Printed):
    """Answers to images that were moved, each a mean over both directions, one for each shift.

    Attributes:
        shifts: Pixels.
        accuracy: Share of right answers.
        kept: Share of answers that are those to the image that wasn't moved (consistency).
        probability: Mean probability of the right class.
        change: How far the logits have moved: root mean square of their difference, over their own.
    """

    shifts: tuple[int, ...]
    accuracy: tuple[float, ...]
    kept: tuple[float, ...]
    probability: tuple[float, ...]
    change: tuple[float, ...]

    def shown(self) -> Iterator[Part]:
        """What is shown, from top to bottom."""
        headings = (pick("pixels", "像素"), *map(str, self.shifts))
        rows = [
            (pick("right", "正确"), *(percent(x, 0) for x in self.accuracy)),
            (pick("same answer", "答案不变"), *(percent(x, 0) for x in self.kept)),
            (pick("probability of the right class", "正确类别的概率"),
             *(percent(x, 0) for x in self.probability)),
            (pick("change of the logits", "logits 的变化"), *(number(x, 2) for x in self.change)),
        ]  # fmt: skip
        yield TextTable(pick("As the image moves", "图像平移时"), headings, rows)

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw all but the change of the logits over the shift.

        Args:
            path: The PNG to write; None only gives the figure.
        """
        from convscope.experiments.moved_answers_figure import moved_answers_figure

        return moved_answers_figure(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return {name: list(values) for name, values in asdict(self).items()}


def measure_moved_answers(
    network: nn.Module, images: Tensor, labels: Tensor, shifts: Sequence[int] = SHIFTS
) -> MovedAnswers:
    """Move every image to the right and to the left, and look what becomes of the answers.

    After Zhang, "Making convolutional networks shift-invariant again", 2019, section 4.

    Args:
        network: From (N, channels, height, width) to logits; put into evaluation mode.
        images: float32, with room to move: black around what is on them.
        labels: int64 (N,).
        shifts: Pixels, from 0 on.

    Raises:
        UsageError: Images are moved out of themselves.
    """
    network.eval()
    with torch.no_grad(), on_one_thread():
        unmoved = network(images)
        pairs = [[network(move_images(images, by)) for by in (shift, -shift)] for shift in shifts]
    moved = [torch.stack(pair) for pair in pairs]  # (2, N, classes) each
    size = unmoved.square().mean().sqrt()
    each = torch.arange(len(labels))
    return MovedAnswers(
        shifts=tuple(shifts),
        accuracy=tuple(_share(logits.argmax(2) == labels) for logits in moved),
        kept=tuple(_share(logits.argmax(2) == unmoved.argmax(1)) for logits in moved),
        probability=tuple(float(p.softmax(2)[:, each, labels].mean()) for p in moved),
        change=tuple(float((p - unmoved).square().mean().sqrt() / size) for p in moved),
    )


def _share(true: Tensor) -> float:
    return float(true.float().mean())
