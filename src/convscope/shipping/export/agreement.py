"""Whether an exported file predicts the same as the run it came from, image by image."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.logits import compute_logits
from convscope.evaluation.unknown import familiarity, is_unknown
from convscope.look.progress import progress
from convscope.runs.model import Model
from convscope.runs.model_file import ModelCard
from convscope.shipping.export.format import UNKNOWN
from convscope.shipping.export.originals import Original
from convscope.shipping.export.reader import read
from convscope.shipping.export.session import OnnxOutput, Session, as_colour

LARGEST_DIFFERENCE = 1e-4
"""How far a probability may be from the run's, and how near a score to the threshold of rejection
lets rounding decide whether the image is unknown."""

TIE = 1e-6
"""Classes whose probabilities are nearer to one another than this are equally probable."""

BATCHES = (2, 7, 64)


@dataclass(frozen=True)
class Agreement:
    """How the comparison went. A file that differs is never written, so this is how near it is.

    Attributes:
        images: How many were compared, each by itself from its original file, of its own size.
        batches: Sizes of batches that were compared besides.
        same_top: Images whose most probable class is the run's: all of them.
        same_unknown: Images that both call unknown, or neither.
        largest_difference: The largest difference of a probability.
    """

    images: int
    batches: tuple[int, ...]
    same_top: int
    same_unknown: int
    largest_difference: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True)
class _Expected:
    """What the run gives, by the way that `predict` goes."""

    names: list[str]
    squares: NDArray[np.uint8]  # (N, C, size, size)
    probabilities: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    is_close: NDArray[np.bool_]  # so near the threshold that rounding decides

    def __len__(self) -> int:
        return len(self.names)


def check_agreement(
    session: Session,
    model: Model,
    originals: Sequence[Original],
    *,
    quiet: bool = False,
) -> Agreement:
    """Run the file and the run's network on the same images.

    The run goes the way of `predict`: `data.decode`, then the network in float32. The file is given
    what the reader beside it makes of an image, as large as it is, one after another; then the
    first ones again in batches.

    Args:
        session: The exported file.
        model: The run's network and card.
        originals: The images.
        quiet: Show no progress.

    Returns:
        How near the two are.

    Raises:
        ConvscopeError: They differ; names the image where they differ most.
    """
    card = model.card
    with progress("Comparing", 2 * len(originals), quiet=quiet) as advance:
        squares = []
        for each in originals:
            squares.append(card.decode(each.content()))
            advance(1)
        expected = _expect(model, [each.name for each in originals], np.stack(squares))
        said = []
        for each in originals:
            said.append(session.run(read(io.BytesIO(each.content()), card.size, card.grey_range)))
            advance(1)
    alone = OnnxOutput(
        [label for each in said for label in each.labels],
        np.concatenate([each.probabilities for each in said]),
        np.concatenate([each.unknown for each in said]),
    )
    largest = _check(expected, alone, card, "by itself")
    for size in BATCHES:
        rows = np.arange(size) % len(expected)  # of fewer images, some twice
        batch = session.run(as_colour(expected.squares[rows]))
        part = _Expected(
            [expected.names[row] for row in rows],
            expected.squares[rows],
            expected.probabilities[rows],
            expected.unknown[rows],
            expected.is_close[rows],
        )
        where = f"in a batch of {size}"
        largest = max(largest, _check(part, batch, card, where))
    return Agreement(
        images=len(expected),
        batches=BATCHES,
        same_top=len(expected),
        same_unknown=int((alone.unknown == expected.unknown).sum()),
        largest_difference=largest,
    )


def _expect(model: Model, names: list[str], squares: NDArray[np.uint8]) -> _Expected:
    card = model.card
    images = ImageSet(squares, np.zeros(len(squares), np.int64), card.classes)
    logits = compute_logits(model, images, batch_size=64, device=torch.device("cpu")).values
    is_close = torch.zeros(len(squares), dtype=torch.bool)
    if card.rejection is not None:
        scores = familiarity(logits, card.rejection.score, card.rejection.gaussians)
        threshold = card.rejection.threshold
        # Scores can be in the thousands, where rounding alone is more than this.
        is_close = (scores - threshold).abs() <= LARGEST_DIFFERENCE * max(1.0, abs(threshold))
    return _Expected(
        names,
        squares,
        calibrate_probabilities(logits, card).numpy(),
        is_unknown(logits, card).numpy(),
        is_close.numpy(),
    )


def _check(expected: _Expected, said: OnnxOutput, card: ModelCard, how: str) -> float:
    """The largest difference of a probability, if nothing differs that should not."""
    probabilities, unknown = said.probabilities, said.unknown
    differences = np.nan_to_num(np.abs(probabilities - expected.probabilities), nan=np.inf)
    differences = differences.max(axis=1)  # (N,)
    rows = np.arange(len(expected))
    best = probabilities.argmax(axis=1)
    behind = expected.probabilities.max(axis=1) - expected.probabilities[rows, best]
    names = np.where(unknown, UNKNOWN, np.array(card.classes)[best])
    wrong = (
        (differences > LARGEST_DIFFERENCE)
        | (behind > TIE)
        | (names != np.array(said.labels))
        | ((unknown != expected.unknown) & ~expected.is_close)
    )
    if wrong.any():
        worst = int(np.where(wrong, differences, -1).argmax())
        here, there = (
            _said(each[worst], flags[worst], card)
            for each, flags in (
                (probabilities, unknown),
                (expected.probabilities, expected.unknown),
            )
        )
        raise ConvscopeError(
            f"The exported file predicts otherwise, so it isn't written: on {int(wrong.sum())} of "
            f"{len(expected)} images. Worst is {expected.names[worst]!r} {how}: {here} by the "
            f"file, {there} by the run. The network must treat each image by itself, and "
            "the same every time."
        )
    return float(differences.max())


def _said(probabilities: NDArray[np.float32], unknown: np.bool_, card: ModelCard) -> str:
    best = int(probabilities.argmax())
    name = f"{card.classes[best]!r} {probabilities[best]:.5f}"
    return f"unknown ({name})" if unknown else name
