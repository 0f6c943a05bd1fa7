"""What an exported file says, beside the run that it came from; with 32 bits and with 8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from convscope.data.image_set import ImageSet
from convscope.errors import ConvscopeError, UsageError
from convscope.evaluation.calibration import calibrate_probabilities
from convscope.evaluation.logits import compute_logits
from convscope.look import numbers
from convscope.look.language import pick
from convscope.look.printed import Part, Printed, TextTable
from convscope.runs.run import Run
from convscope.shipping.export.export import export

BATCH = 64


@dataclass(frozen=True)
class ExportedFile(Printed):
    """A file for other programs, beside its run.

    Attributes:
        file: The file.
        bits: 32 or 8.
        bytes: Size of the file.
        images: How many images were compared.
        same: Of how many both say the same class.
        difference: The largest difference of a probability.
        accuracy: Share of the images that the file gets right.
        run_accuracy: Share of them that the run gets right.
    """

    file: Path
    bits: int
    bytes: int
    images: int
    same: int
    difference: float
    accuracy: float
    run_accuracy: float

    @property
    def points_lost(self) -> float:
        """Percentage points by which the file is right less often."""
        return 100 * (self.run_accuracy - self.accuracy)

    def shown(self) -> Iterator[Part]:
        """One row."""
        headings = (
            pick("weights", "权重"),
            pick("file", "文件"),
            pick("same class", "类别相同"),
            pick("largest difference", "概率的最大差"),
            pick("right", "准确率"),
            pick("run", "原训练"),
        )
        row = [
            pick(f"{self.bits} bits", f"{self.bits} 位"),
            numbers.size(self.bytes),
            f"{self.same} / {self.images}",
            numbers.number(self.difference, 1),
            numbers.percent(self.accuracy),
            numbers.percent(self.run_accuracy),
        ]
        yield TextTable("", headings, [row])

    def as_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        return asdict(self) | {"file": str(self.file)}


def compare_export(
    run: Run, folder: str | Path, images: ImageSet, *, bits: int = 32
) -> ExportedFile | None:
    """Export a run to ONNX, and ask ONNX Runtime about images, one by one, beside the run.

    Args:
        run: A run on a named data set.
        folder: Where the file is written.
        images: Labelled images as the run takes them.
        bits: 32, or 8 for whole numbers.

    Returns:
        None where `export` refuses 8 bits, because they would cost more accuracy than it allows.

    Raises:
        UsageError: `bits` is something else, or packages are missing:
            pip install 'convscope[onnx]'.
        ConvscopeError: The run can't be exported.
    """
    if bits not in (8, 32):
        raise UsageError(f"bits is 8 or 32; given {bits!r}.")
    file = Path(folder) / f"exported-{bits}.onnx"
    try:
        export(run, file, int8=bits == 8, force=True, quiet=True)
    except ConvscopeError as problem:
        if bits == 8 and "8 bits" in str(problem):
            return None
        raise
    return compare_file(file, run, images, bits=bits)


def compare_file(file: Path, run: Run, images: ImageSet, *, bits: int = 32) -> ExportedFile:
    """Ask ONNX Runtime about images, one by one, beside the run that the file came from.

    Images of another size than the run's are enlarged by each in its own way: by the file as Pillow
    does, by the run batch by batch, which differs by a grey level.

    Args:
        file: An .onnx file that `export` wrote.
        run: The run.
        images: Labelled images.
        bits: 32, or 8 if its weights are whole numbers.
    """
    model = run.model()
    logits = compute_logits(model, images, batch_size=BATCH, device=torch.device("cpu"))
    expected = calibrate_probabilities(logits.values, model.card).numpy()
    given = ask_file(file, images.images)
    said, labels = given.argmax(axis=1), logits.labels.numpy()
    return ExportedFile(
        file,
        bits,
        file.stat().st_size,
        len(images),
        int((said == expected.argmax(axis=1)).sum()),
        float(np.abs(given - expected).max()),
        float((said == labels).mean()),
        logits.accuracy,
    )


def ask_file(file: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What an exported file says of images, given one by one as any program would.

    Args:
        file: An .onnx file that `export` wrote.
        images: uint8 (N, C, H, W), C being 1 or 3.

    Returns:
        (N, classes) probabilities.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = []
    for image in images:
        colour = np.repeat(image, 3 // len(image), axis=0).transpose(1, 2, 0)[None]
        found.append(session.run(["probabilities"], {"images": np.ascontiguousarray(colour)})[0])
    return np.concatenate(found)
